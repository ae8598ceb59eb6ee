"""Paper2Fig100k from Zenodo: size and digest from the record's API, then download and unpack."""

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
    """One file of a Zenodo record.

    Attributes:
        name: File name.
        url: Where its bytes are.
        size_bytes: As the record says.
        digest: ``md5:<hex>`` as the record says.
    """

    name: str
    url: str
    size_bytes: int
    digest: str


def zenodo_url() -> str:
    """Returns the server: ``$FIGBENCH_ZENODO_URL`` (a mirror) or zenodo.org."""
    return os.environ.get("FIGBENCH_ZENODO_URL", ZENODO).rstrip("/")


def describe(server: str | None = None) -> RemoteFile:
    """Asks the record for the archive's size and digest.

    Raises:
        UserError: If the server cannot be reached or answers something else.
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
                raise ValueError("the answer is longer than any record")
    return json.loads(body)


def _remote(entry: dict[str, Any], url: str) -> RemoteFile:
    try:
        links = entry["links"]
        place = links.get("self") or links["download"]
        size = int(entry["size"])
        if size <= 0:
            raise ValueError(f"size {size}")
        return RemoteFile(ARCHIVE, str(place), size, str(entry["checksum"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{url}: the record has another form than expected ({error}).") from None


def is_present(out: Path) -> bool:
    """Tells whether the data set is already unpacked below a folder."""
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
        out: Folder that gets ``Paper2Fig100k/``.
        server: Zenodo or a mirror.
        remote: What :func:`describe` said; None asks now.
        advance: Download progress.
        on_unpack: Called when the download is complete.
        retain_archive: Leave the archive in place after it is unpacked.

    Raises:
        UserError: If the server cannot be reached or ``out`` has no room.
        IntegrityError: If the archive is not what the record says, or unsafe.
        OSError: If the download broke off; the part is kept for the next run.
    """
    root = out / FOLDER
    if is_present(out):
        return root
    if root.exists():
        raise UserError(f"{root}: exists, but has no figures.", remedy="Move it away first.")
    remote = remote or describe(server)
    out.mkdir(parents=True, exist_ok=True)
    archive = out / ARCHIVE
    part = archive.with_name(archive.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    free = shutil.disk_usage(out).free
    if not archive.exists() and free < remote.size_bytes - have:
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
"""What an archive meets whose members are each other's folders."""


def unpack(archive: Path, root: Path) -> None:
    """Unpacks the archive's top folder as ``root``, which appears only when it is whole.

    Raises:
        IntegrityError: For paths that leave the folder, links, devices, a bomb, a damaged
            archive, or one without figures.
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
                raise IntegrityError(f"{archive}: unpacks to more than any release does.")
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
    """Returns where a member goes. Modes, owners and times of the archive are left behind.

    ``tarfile`` has its own filter for this from Python 3.11.4 on; Debian 12 has 3.11.2.
    """
    parts = PurePosixPath(name).parts
    if ".." in parts or parts[:1] == ("/",):
        raise IntegrityError(f"{archive}: refused to unpack (path {name!r} leaves the folder).")
    return folder.joinpath(*parts)
