"""Bytes of manifest paths: files, archive members, parquet cells, images in records of an index.

A path of a manifest is relative to its root. ``a.zip!/b.png`` is a member of an archive,
``t.parquet!/image/7`` is row 7 of the column ``image``, and ``i.json!/image/7`` is the image in the
field ``image`` of record 7. Nothing is extracted to disk.
"""

from __future__ import annotations

import errno
import stat
import threading
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from figbench.data.archives import read_member
from figbench.data.embedded import embedded_bytes, is_embedded
from figbench.data.index_files import (
    COMPRESSED,
    index_suffix,
    open_index,
    read_records,
    record_list,
    with_plain_names,
)
from figbench.errors import UserError
from figbench.images.grids import GRID_CELLS, grid_cell
from figbench.images.limits import DecodeError, Limits

SEPARATOR = "!/"
GRID_MARK = f"{SEPARATOR}grid-2x2/"
CODE_COLUMNS = ("code", "tikz", "tikz_code", "svg_code")
"""Columns of tables with the code that the image of a row is rendered from (DaTikZ: ``code``)."""
_GRID_ENDS = tuple(f"{GRID_MARK}{cell}" for cell in range(GRID_CELLS))


def grid_member(cell: int) -> str:
    """Returns the end of the manifest path of a cell of a 2 x 2 grid, numbered row by row."""
    return f"{GRID_MARK}{cell}"


def read_source(root: Path, path: str) -> bytes:
    """Returns the bytes of a manifest path.

    Args:
        root: Root of the manifest.
        path: Path relative to the root, see the module.

    Raises:
        DecodeError: If the bytes cannot be read; its code is the code of the reject.
    """
    if path.endswith(_GRID_ENDS):
        whole, _, cell = path.rpartition(GRID_MARK)
        return grid_cell(read_source(root, whole), int(cell))
    container, separator, member = path.partition(SEPARATOR)
    if separator and not _is_folder(root / container):
        file = root / container
        if container.endswith(".parquet"):
            return _read_parquet(root, file, member)
        if index_suffix(container):
            return _read_record(file, member)
        return read_member(file, member)
    return _read_file(root / path)


def _is_folder(path: Path) -> bool:
    """Returns whether ``path!`` is a folder: the name of a folder may end in ``!``."""
    try:
        return (path.parent / f"{path.name}!").is_dir()
    except (OSError, ValueError):
        return False


def _read_file(path: Path) -> bytes:
    try:
        state = path.stat()
    except OSError as error:
        raise _unreadable(error) from None
    except ValueError as error:
        raise DecodeError("bad-name", str(error)) from None
    if not stat.S_ISREG(state.st_mode):
        raise DecodeError("not-a-file", "not a regular file (FIFO, device, socket or folder)")
    Limits.from_environment().check_bytes(state.st_size)
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> DecodeError:
    if isinstance(error, FileNotFoundError):
        return DecodeError("missing-file", "there is no file of this name (a dangling link?)")
    if error.errno == errno.ELOOP:
        return DecodeError("symlink-loop", "a symbolic link to itself")
    return DecodeError("unreadable", f"cannot be read ({error.strerror})")


def _read_parquet(root: Path, path: Path, member: str) -> bytes:
    import pyarrow as pa

    column, _, row = member.rpartition("/")
    try:
        value = _cell(path, column, int(row))
    except (ValueError, LookupError, OSError, pa.ArrowException) as error:
        raise DecodeError(
            "unreadable", f"row {row} of '{column}' cannot be read ({error})"
        ) from None
    if column in CODE_COLUMNS and isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    data = value.get("bytes") if isinstance(value, dict) else value
    if isinstance(data, bytes):
        return data
    if isinstance(data, str) and is_embedded(data):
        return _decoded(data)
    inner = value.get("path") if isinstance(value, dict) else value
    if not isinstance(inner, str) or not inner:
        raise DecodeError("missing-file", f"row {row} of column '{column}' has no image")
    if ".." in Path(inner).parts:
        raise DecodeError("path-traversal", "the path leaves the table's folder")
    return _read_file(beside_table(root, path, inner))


def beside_table(root: Path, table: Path, name: str) -> Path:
    """Returns the file that a cell of a table names.

    The name is relative to the folder of the table. If that file does not exist, the name is
    relative to the root of the set, as in a data set with ``data/test.parquet`` and ``images/``.

    Args:
        root: Root of the set.
        table: Path of the table.
        name: Relative name in the cell.
    """
    sibling = table.parent / name
    return sibling if sibling.exists() or not (root / name).is_file() else root / name


def _read_record(path: Path, member: str) -> bytes:
    field, number, *position = member.rsplit("/", 2) if member.count("/") > 1 else member.split("/")
    try:
        state = path.stat()
        with _record_lock:
            records = _records((str(path), state.st_mtime_ns, state.st_size))
        value = with_plain_names(records[int(number)])[field]
        if position:
            value = value[int(position[0])]
    except (OSError, UserError, LookupError, TypeError, ValueError) as error:
        raise DecodeError("unreadable", f"record {number} cannot be read ({error})") from None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("bytes")
    return _decoded(value) if isinstance(value, str) else b""


def _decoded(text: str) -> bytes:
    Limits.from_environment().check_bytes(len(text) * 3 // 4)
    try:
        return embedded_bytes(text)
    except ValueError as error:
        raise DecodeError("truncated", f"the base64 of the image is damaged ({error})") from None


_record_lock = threading.Lock()
"""Threads that need the same index wait for a single parse of it."""


@lru_cache(maxsize=1)
def _records(stamp: tuple[str, int, int]) -> list[Any]:
    path = Path(stamp[0])
    with open_index(path) as handle:
        return list(
            record_list(path.name, read_records(path.name.removesuffix(COMPRESSED), handle))
        )


def _cell(path: Path, column: str, row: int) -> object:
    state = path.stat()
    stamp = (str(path), state.st_mtime_ns, state.st_size)
    starts = _group_starts(stamp)
    if not 0 <= row < starts[-1]:
        raise IndexError(f"the table has {starts[-1]} rows")
    group = bisect_right(starts, row) - 1
    return _group(stamp, column, group)[row - starts[group]]


@lru_cache(maxsize=8)
def _group_starts(stamp: tuple[str, int, int]) -> list[int]:
    import pyarrow.parquet as pq

    groups = pq.read_metadata(stamp[0])
    sizes = (groups.row_group(number).num_rows for number in range(groups.num_row_groups))
    return list(accumulate(sizes, initial=0))


@lru_cache(maxsize=4)
def _group(stamp: tuple[str, int, int], column: str, group: int) -> list[object]:
    """Returns a column of a row group: a whole table of images can be larger than memory."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(stamp[0]) as table:
        values: list[object] = table.read_row_group(group, columns=[column]).column(0).to_pylist()
    return values
