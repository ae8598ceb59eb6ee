"""A reference set in one file: figures, labels, features and OCR results.

A ``.figref`` file is an uncompressed zip of ``pack.json``, ``manifest.jsonl``, the figures under
``images/<sha256>`` and store segments under ``store/<namespace>/``. Segments and figures are named
by their digests, which are checked when the pack is opened. A pack from an unknown source can
therefore list the wrong figures, but it cannot change a figure or a stored result under its digest.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import atomic_path
from figbench.io.json_files import dump_json
from figbench.store import Namespace, Store

PACK, MANIFEST = "pack.json", "manifest.jsonl"
PACK_VERSION = 1
MAX_MEMBER_BYTES = 256 * 2**20
_IMAGE = re.compile(r"images/([0-9a-f]{64})")
_DOCUMENT = re.compile(r"images/[0-9a-f]{64}\.[a-z.]{2,12}")
_SEGMENT = re.compile(r"store/([0-9a-f]{32})/(space\.json|[0-9a-f]{64}\.safetensors)")


def is_pack(path: Path) -> bool:
    """Tells whether a path is a file that :func:`write_pack` made."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return PACK in archive.namelist()


def write_pack(
    target: Path,
    reference: Manifest,
    namespaces: Iterable[Namespace],
    protocol: dict[str, Any],
    documents: Mapping[str, Figure] = MappingProxyType({}),
) -> None:
    """Writes a pack atomically.

    Args:
        target: The ``.figref`` file.
        reference: The reference set.
        namespaces: Namespaces that hold the records of the references and nothing else.
        protocol: Id and hash of the protocol that the features were computed for.
        documents: Document of each figure that has one, by the path of the figure; they are packed
            beside the figures, so that graphs are read from them again.
    """
    members = _document_members(reference, documents)
    packed = replace(
        reference,
        figures=tuple(
            replace(figure, path=f"images/{figure.sha256}") for figure in reference.figures
        ),
        root=".",
    )
    header: dict[str, Any] = {"version": PACK_VERSION, "protocol": protocol}
    if members:
        header["documents"] = {name: document.sha256 for name, document in members.items()}
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(PACK, dump_json(header))
        for figure in {item.sha256: item for item in reference.figures}.values():
            archive.writestr(f"images/{figure.sha256}", reference.read(figure))
        for name, document in members.items():
            archive.writestr(name, reference.read(document))
        for namespace in namespaces:
            for path in sorted(namespace.folder.glob("*")):
                if path.suffix in (".json", ".safetensors") and not path.name.startswith("."):
                    archive.write(path, f"store/{namespace.id}/{path.name}")
        with TemporaryDirectory() as folder:
            save_manifest(packed, Path(folder) / MANIFEST)
            archive.write(Path(folder) / MANIFEST, MANIFEST)


def open_pack(path: Path, store: Store) -> Manifest:
    """Unpacks a reference pack into the store and returns its manifest.

    Args:
        path: The pack.
        store: Receives the records; the images are unpacked beside them.

    Raises:
        UserError: If the file is not a complete pack of a supported version.
        IntegrityError: If a figure or segment does not match the digest in its name.
    """
    with zipfile.ZipFile(path) as archive:
        try:
            header = json.loads(_read(archive, PACK, path))
        except ValueError as error:
            raise UserError(f"{path}: pack.json is not JSON ({error}).") from None
        if not isinstance(header, dict) or header.get("version") != PACK_VERSION:
            raise UserError(f"{path}: not a reference pack of version {PACK_VERSION}.")
        documents = header.get("documents", {})
        name = hashlib.sha256(_read(archive, MANIFEST, path)).hexdigest()[:32]
        folder = store.root / "packs" / name
        for member in archive.namelist():
            if image := _IMAGE.fullmatch(member):
                _unpack(archive, member, folder / member, image[1], path)
            elif segment := _SEGMENT.fullmatch(member):
                digest = None if segment[2] == "space.json" else segment[2].split(".")[0]
                _unpack(archive, member, store.root / segment[1] / segment[2], digest, path)
            elif _DOCUMENT.fullmatch(member) and member in documents:
                _unpack(archive, member, folder / member, str(documents[member]), path)
        with atomic_path(folder / MANIFEST) as temporary:
            temporary.write_bytes(_read(archive, MANIFEST, path))
    return replace(load_manifest(folder / MANIFEST), root=str(folder), source=str(path))


def _document_members(reference: Manifest, documents: Mapping[str, Figure]) -> dict[str, Figure]:
    """Returns the documents by their member names: the figure's, with the document's suffix."""
    members = {}
    for figure in reference.figures:
        document = documents.get(figure.path)
        if document is not None:
            suffix = document.path[document.path.rindex(".") :].lower()
            suffix = ".graph.json" if suffix == ".json" else suffix
            members[f"images/{figure.sha256}{suffix}"] = document
    return members


def _unpack(
    archive: zipfile.ZipFile, member: str, target: Path, digest: str | None, pack: Path
) -> None:
    if target.exists():
        return
    payload = _read(archive, member, pack)
    if digest is not None and hashlib.sha256(payload).hexdigest() != digest:
        raise IntegrityError(
            f"{pack}: '{member}' is damaged (its bytes do not match its name).",
            remedy="Copy the pack again, or rebuild it with: figbench reference build",
        )
    with atomic_path(target) as temporary:
        temporary.write_bytes(payload)


def _read(archive: zipfile.ZipFile, member: str, pack: Path) -> bytes:
    try:
        info = archive.getinfo(member)
        if info.file_size > MAX_MEMBER_BYTES:
            raise UserError(f"{pack}: '{member}' is {info.file_size:,} bytes, over the limit.")
        return archive.read(member)
    except KeyError:
        raise UserError(f"{pack}: has no '{member}'; the pack is incomplete.") from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise IntegrityError(f"{pack}: '{member}' is damaged ({error}).") from None
