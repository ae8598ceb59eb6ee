"""Download of Paper2Fig100k from Zenodo.

Size and digest come from the API of the Zenodo record. The archive is verified and unpacked.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import httpx

from figbench.data.remote.urls import offline
from figbench.errors import IntegrityError, UserError
from figbench.io.download import Advance, download_file, require_https

RECORD = "7299423"
ARCHIVE = "Paper2Fig100k.tar.gz"
ZENODO = "https://zenodo.org"
FOLDER = "Paper2Fig100k"
MAX_RECORD_BYTES = 4 * 2**20
MAX_UNPACKED_BYTES = 200 * 2**30
MAX_MEMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a Zenodo record.

    Attributes:
        name: File name.
        url: URL of the content.
        size_bytes: Size in bytes according to the record.
        digest: Digest according to the record, ``md5:<hex>``.
    """

    name: str
    url: str
    size_bytes: int
    digest: str


def zenodo_url() -> str:
    """Returns the URL of the server: ``$FIGBENCH_ZENODO_URL`` (a mirror) or zenodo.org."""
    return os.environ.get("FIGBENCH_ZENODO_URL", ZENODO).rstrip("/")


def describe(server: str | None = None) -> RemoteFile:
    """Returns URL, size and digest of the archive from the Zenodo record.

    Raises:
        UserError: If downloads are forbidden, the server cannot be reached, or its answer is not a
            record with the archive.
    """
    url = f"{server or zenodo_url()}/api/records/{RECORD}"
    require_https(url)
    if offline():
        raise UserError(f"{url}: FIGBENCH_OFFLINE forbids downloads.", remedy="Unset it.")
    try:
        record = _record(url)
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(
            f"{url}: {error}.",
            remedy="Check the network. Behind a mirror, set FIGBENCH_ZENODO_URL. An archive that "
            f"you already have works as it is: unpack {ARCHIVE} and give its folder.",
        ) from None
    files = record.get("files") if isinstance(record, dict) else None
    for entry in files if isinstance(files, list) else []:
        if isinstance(entry, dict) and entry.get("key") == ARCHIVE:
            return _remote(entry, url)
    raise UserError(f"{url}: the record lists no {ARCHIVE}.")


def _record(url: str) -> Any:
    body = bytearray()
    with httpx.stream("GET", url, timeout=30, follow_redirects=True) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_RECORD_BYTES:
                raise ValueError(f"the answer is longer than {MAX_RECORD_BYTES:,} bytes")
    return json.loads(body)


def _remote(entry: dict[str, Any], url: str) -> RemoteFile:
    try:
        links = entry["links"]
        content_url = links.get("self") or links["download"]
        size = int(entry["size"])
        if size <= 0:
            raise ValueError(f"size {size}")
        return RemoteFile(ARCHIVE, str(content_url), size, str(entry["checksum"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{url}: the record has an unexpected form ({error}).") from None


def is_present(out: Path) -> bool:
    """Returns whether the data set is already unpacked below a folder."""
    return (out / FOLDER / "figures").is_dir()


def download_paper2fig(
    out: Path,
    *,
    server: str | None = None,
    remote: RemoteFile | None = None,
    advance: Advance | None = None,
    on_unpack: Callable[[], None] | None = None,
    retain_archive: bool = False,
) -> Path:
    """Downloads, verifies and unpacks the data set; returns its root.

    Args:
        out: Folder in which ``Paper2Fig100k/`` is created.
        server: URL of Zenodo or of a mirror; None takes :func:`zenodo_url`.
        remote: Result of :func:`describe`; None calls it.
        advance: Called with the progress of the download.
        on_unpack: Called when the download is complete.
        retain_archive: Leave the archive in place after it is unpacked.

    Raises:
        UserError: If the server cannot be reached or the disk has too little free space.
        IntegrityError: If the archive differs from the record or is unsafe.
        OSError: If the download was interrupted. The partial file stays, and the next run
            continues it.
    """
    root = out / FOLDER
    if is_present(out):
        return root
    if root.exists():
        raise UserError(f"{root}: exists, but has no figures.", remedy="Move it away first.")
    remote = remote or describe(server)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / ARCHIVE
    partial = archive.with_name(archive.name + ".part")
    present = partial.stat().st_size if partial.exists() else 0
    free = shutil.disk_usage(out).free
    if not archive.exists() and free < remote.size_bytes - present:
        raise UserError(
            f"{out}: {free / 2**30:.1f} GiB free, the archive needs "
            f"{remote.size_bytes / 2**30:.1f} GiB and about as much again unpacked."
        )
    download_file(
        remote.url, archive, size_bytes=remote.size_bytes, digest=remote.digest, advance=advance
    )
    if on_unpack:
        on_unpack()
    unpack(archive, root)
    if not retain_archive:
        archive.unlink()
    return root


DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
CLASHES = (FileExistsError, IsADirectoryError, NotADirectoryError)
"""Errors for an archive in which the name of a file is also the name of a folder."""


def unpack(archive: Path, root: Path) -> None:
    """Unpacks the archive's top folder as ``root``, which is created when all files are unpacked.

    Raises:
        IntegrityError: If a path leaves the folder, a member is a link or device, the archive is
            damaged or too large, or it has no figures.
    """
    staging = root.with_name(f".{archive.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        _extract(archive, staging)
        tops = [staging, *(item for item in staging.iterdir() if item.is_dir())]
        top = next((item for item in tops if (item / "figures").is_dir()), None)
        if top is None:
            raise IntegrityError(f"{archive}: has no folder 'figures'.")
        top.replace(root)
    except (*DAMAGED, *CLASHES) as error:
        raise IntegrityError(f"{archive}: refused to unpack ({error}).") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _extract(archive: Path, folder: Path) -> None:
    total = 0
    with tarfile.open(archive) as tar:
        for count, member in enumerate(tar, start=1):
            if not member.isfile() and not member.isdir():
                raise IntegrityError(
                    f"{archive}: refused to unpack (link or device {member.name})."
                )
            total += member.size
            if total > MAX_UNPACKED_BYTES or count > MAX_MEMBERS:
                raise IntegrityError(f"{archive}: refused to unpack (too large).")
            target = _inside(archive, folder, member.name)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            if content is not None:
                with content, target.open("wb") as out:
                    shutil.copyfileobj(content, out)


def _inside(archive: Path, folder: Path, name: str) -> Path:
    """Returns the path for a member. Modes, owners and times of the archive are not restored.

    ``tarfile`` has a filter for unsafe paths since Python 3.11.4; Debian 12 has 3.11.2.
    """
    components = PurePosixPath(name).parts
    if ".." in components or components[:1] == ("/",):
        raise IntegrityError(f"{archive}: refused to unpack (path {name!r} leaves the folder).")
    return folder.joinpath(*components)
