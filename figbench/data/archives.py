"""Members of zip and tar archives, read without extraction to disk."""

from __future__ import annotations

import lzma
import os
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from figbench.errors import UserError
from figbench.images.limits import DecodeError, Limits

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_MEMBERS = 2_000_000
MAX_UNPACKED_BYTES = 4 * 2**30
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
_SPECIAL = ("special-member", "a link, device or sparse member of the archive")
_unpacking = threading.Lock()
_Stamp = tuple[str, int, int]
"""Path, modification time in ns and size in bytes: a replaced archive has another stamp."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive.

    Attributes:
        name: Name as stored in the archive.
        problem: (code, reason) when the member must not be used; None otherwise.
    """

    name: str
    problem: tuple[str, str] | None = None


def is_archive(path: Path) -> bool:
    """Returns whether a file is a zip or tar archive by its name."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def archive_members(path: Path) -> Iterator[Member]:
    """Yields the files of an archive in order, without its folders.

    Raises:
        UserError: If the archive is damaged or has more than ``MAX_MEMBERS`` members.
    """
    count = 0
    try:
        for member in _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path):
            count += 1
            if count > MAX_MEMBERS:
                raise UserError(f"{path}: more than {MAX_MEMBERS:,} members.")
            yield member
    except _DAMAGED as error:
        with path.open("rb") as handle:
            is_lfs = handle.read(40).startswith(b"version https://git-lfs")
        hint = "It is a Git LFS pointer; run: git lfs pull" if is_lfs else ""
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: not a readable archive ({reason}).", remedy=hint) from None


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            special = bool(stat.S_IFMT(mode)) and not stat.S_ISREG(mode)
            if not info.is_dir():
                yield Member(info.filename, _problem(info.filename, special))


def _tar_members(path: Path) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            if not info.isdir():
                yield Member(info.name, _problem(info.name, not _is_plain(info)))


def _is_plain(info: tarfile.TarInfo) -> bool:
    return info.isreg() and not info.issparse()


def _problem(name: str, special: bool) -> tuple[str, str] | None:
    components = PurePosixPath(name).parts
    if not components or ".." in components or name.startswith(("/", "\\")):
        return "path-traversal", "the member's name leaves the archive's folder"
    return _SPECIAL if special else None


def read_member(path: Path, member: str) -> bytes:
    """Returns the bytes of a member.

    Raises:
        DecodeError: If the bytes cannot be read; its code is the code of the reject.
    """
    limits = Limits.from_environment()
    try:
        stamp = _stamp(path)
        archive = _zip(stamp)
        if archive is None:
            return _read_tar(stamp, member, limits)
        limits.check_bytes(archive.getinfo(member).file_size)
        return archive.read(member)
    except KeyError:
        raise DecodeError("missing-file", f"no usable member of this name in {path.name}") from None
    except _DAMAGED as error:
        raise DecodeError("truncated", f"the archive member is damaged ({error})") from None
    except RuntimeError as error:
        # zipfile raises it for encrypted members and for unknown compression methods.
        raise DecodeError("unsupported", f"the archive member cannot be read: {error}") from None


def _stamp(path: Path) -> _Stamp:
    state = path.stat()
    return str(path), state.st_mtime_ns, state.st_size


@lru_cache(maxsize=4)
def _zip(stamp: _Stamp) -> zipfile.ZipFile | None:
    return zipfile.ZipFile(stamp[0]) if zipfile.is_zipfile(stamp[0]) else None


if hasattr(os, "register_at_fork"):
    # A forked process shares the file position of an open archive.
    os.register_at_fork(after_in_child=_zip.cache_clear)


def _read_tar(stamp: _Stamp, member: str, limits: Limits) -> bytes:
    """Reads a plain tar at the member's offset; a compressed tar has no random access."""
    offsets = _tar_offsets(stamp)
    if offsets is None:
        with _unpacking:
            data = _unpacked(stamp)[member]
        if data is None:
            raise DecodeError("bomb", f"over the limit of {limits.max_bytes:,} bytes when unpacked")
        return data
    offset, size = offsets[member]
    limits.check_bytes(size)
    with Path(stamp[0]).open("rb") as handle:
        handle.seek(offset)
        return handle.read(size)


@lru_cache(maxsize=2)
def _tar_offsets(stamp: _Stamp) -> dict[str, tuple[int, int]] | None:
    """Returns (offset, size) in bytes by member; None for a compressed tar."""
    try:
        with tarfile.open(stamp[0], "r:") as archive:
            return {info.name: (info.offset_data, info.size) for info in archive if _is_plain(info)}
    except tarfile.ReadError:
        return None


@lru_cache(maxsize=1)
def _unpacked(stamp: _Stamp) -> dict[str, bytes | None]:
    """Returns the members of a compressed tar in memory; None for a member over the limit."""
    contents: dict[str, bytes | None] = {}
    limit, total = Limits.from_environment().max_bytes, 0
    with tarfile.open(stamp[0]) as archive:
        for info in archive:
            if not _is_plain(info):
                continue
            if info.size > limit:
                contents[info.name] = None
                continue
            total += info.size
            if total > MAX_UNPACKED_BYTES:
                raise UserError(
                    f"{stamp[0]}: more than {MAX_UNPACKED_BYTES / 2**30:.0f} GiB unpacked.",
                    remedy="Unpack it and give the folder.",
                )
            handle = archive.extractfile(info)
            contents[info.name] = handle.read() if handle else b""
    return contents
