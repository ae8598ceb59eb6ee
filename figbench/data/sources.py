"""Where bytes come from: a folder, a member of an archive, a row of a parquet file.

A path inside a manifest is relative to its root; ``a.zip!/b.png`` is a member of an archive and
``t.parquet!/image/7`` row 7 of a column. Nothing is extracted to disk.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from figbench.data.decode import DEFAULT_LIMITS, DecodeError
from figbench.errors import UserError

SEPARATOR = "!/"
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_MEMBERS = 2_000_000


def is_archive(path: Path) -> bool:
    """Tells by name whether a file is a zip or tar archive."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def read_source(root: Path, path: str) -> bytes:
    """Returns the bytes that a manifest path names.

    Raises:
        DecodeError: With the code that the reject list carries, when they cannot be read.
    """
    container, separator, member = path.partition(SEPARATOR)
    if separator:
        place = root / container
        if container.endswith(".parquet"):
            return _read_parquet(place, member)
        return _read_member(place, member)
    return _read_file(root / path)


def _read_file(path: Path) -> bytes:
    try:
        state = path.stat()
    except OSError as error:
        raise _unreadable(error) from None
    except ValueError as error:
        raise DecodeError("bad-name", str(error)) from None
    if not stat.S_ISREG(state.st_mode):
        raise DecodeError("not-a-file", "not a regular file (FIFO, device, socket or folder)")
    if state.st_size > DEFAULT_LIMITS.max_bytes:
        raise DecodeError("bomb", f"{state.st_size:,} bytes, over the limit")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> DecodeError:
    if isinstance(error, FileNotFoundError):
        return DecodeError("missing-file", "there is no file of this name (a dangling link?)")
    if error.errno == 40 or "symbolic" in str(error).lower():
        return DecodeError("symlink-loop", "a symbolic link that leads back to itself")
    return DecodeError("unreadable", f"cannot be read ({error.strerror})")


def archive_members(path: Path) -> Iterator[str]:
    """Yields the names of the files in an archive, in order; folders, links and devices not.

    Raises:
        UserError: If the archive is broken or has more members than any submission needs.
    """
    count = 0
    try:
        for name in _zip_names(path) if zipfile.is_zipfile(path) else _tar_names(path):
            count += 1
            if count > MAX_MEMBERS:
                raise UserError(f"{path}: more than {MAX_MEMBERS:,} members.")
            yield name
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{path}: not a readable archive ({error}).") from None


def _zip_names(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            linked = stat.S_ISLNK(info.external_attr >> 16)
            if not info.is_dir() and not linked and _safe(info.filename):
                yield info.filename


def _tar_names(path: Path) -> Iterator[str]:
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isfile() and _safe(info.name):
                yield info.name


def _safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not name.startswith(("/", "\\"))


@lru_cache(maxsize=4)
def _zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


@lru_cache(maxsize=2)
def _tar_bytes(path: Path) -> dict[str, tuple[int, int]]:
    with tarfile.open(path) as archive:
        return {info.name: (info.offset_data, info.size) for info in archive if info.isfile()}


def _read_member(path: Path, member: str) -> bytes:
    try:
        if zipfile.is_zipfile(path):
            info = _zip(path).getinfo(member)
            if info.file_size > DEFAULT_LIMITS.max_bytes:
                raise DecodeError("bomb", f"{info.file_size:,} bytes when unpacked")
            return _zip(path).read(member)
        return _read_tar(path, member)
    except KeyError:
        raise DecodeError("missing-file", f"no member of this name in {path.name}") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError) as error:
        raise DecodeError("truncated", f"the archive member is damaged ({error})") from None


def _read_tar(path: Path, member: str) -> bytes:
    """A plain tar is read at the member's offset; a compressed one is streamed."""
    if path.name.lower().endswith(".tar"):
        offset, size = _tar_bytes(path)[member]
        if size > DEFAULT_LIMITS.max_bytes:
            raise DecodeError("bomb", f"{size:,} bytes when unpacked")
        with path.open("rb") as handle:
            handle.seek(offset)
            return handle.read(size)
    return _compressed_tar(path)[member]


@lru_cache(maxsize=1)
def _compressed_tar(path: Path) -> dict[str, bytes]:
    """A compressed tar has no random access: its images are kept while it is in use."""
    kept: dict[str, bytes] = {}
    total = 0
    with tarfile.open(path) as archive:
        for info in archive:
            if not info.isfile() or info.size > DEFAULT_LIMITS.max_bytes:
                continue
            total += info.size
            if total > 8 * 2**30:
                raise UserError(
                    f"{path}: more than 8 GiB unpacked.", remedy="Unpack it and give the folder."
                )
            handle = archive.extractfile(info)
            kept[info.name] = handle.read() if handle else b""
    return kept


def _read_parquet(path: Path, member: str) -> bytes:
    column, _, row = member.rpartition("/")
    values = _parquet_column(path, column)
    value = values[int(row)]
    data = value.get("bytes") if isinstance(value, dict) else value
    if isinstance(data, bytes):
        return data
    inner = value.get("path") if isinstance(value, dict) else value
    if isinstance(inner, str):
        return _read_file(path.parent / inner)
    raise DecodeError("missing-file", f"row {row} of column '{column}' has no image")


@lru_cache(maxsize=2)
def _parquet_column(path: Path, column: str) -> list[object]:
    import pyarrow.parquet as pq

    values: list[object] = pq.read_table(path, columns=[column]).column(column).to_pylist()
    return values
