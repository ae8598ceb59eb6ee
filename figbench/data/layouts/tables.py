"""The layout ``parquet``: tables with an image column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex
from figbench.data.embedded import is_embedded
from figbench.data.layouts.records import (
    ID_FIELDS,
    IMAGE_FIELDS,
    PROMPT_FIELDS,
    finite,
    identity_of,
    integer,
    text_of,
)
from figbench.data.naming import bare, ids_of_paths
from figbench.data.origin import SECONDS_FIELDS, TOKENS_FIELDS, USD_FIELDS, origin_of
from figbench.data.sources import CODE_COLUMNS, SEPARATOR, beside_table
from figbench.data.types import Reject
from figbench.errors import UserError

_EXTRA = (
    "sample",
    "seed",
    "guidance_scale",
    "role",
    "status",
    "success",
    *SECONDS_FIELDS,
    *TOKENS_FIELDS,
    *USD_FIELDS,
)


def has_image(path: Path) -> bool:
    """Tells whether a file is a parquet table with an image column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return any(name in IMAGE_FIELDS for name in pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return False


def named_files(listing: DatasetIndex, root: Path) -> list[str]:
    """Returns the files that the tables of a listing name, relative to the root."""
    columns = set()
    for one in listing.candidates:
        container, _, cell = one.path.partition(SEPARATOR)
        columns.add((container, cell.rpartition("/")[0]))
    found = []
    for container, column in sorted(columns):
        table = root / container
        files = (beside_table(root, table, one) for one in inner_paths(table, column))
        found += [one.relative_to(root).as_posix() for one in files if one.is_relative_to(root)]
    return found


def from_parquet(paths: Sequence[Path], root: Path | None = None) -> DatasetIndex:
    """Returns a candidate per row of Hugging Face style tables (``image`` holds bytes or path).

    Args:
        paths: Shards of one table.
        root: Folder that they lie in or below; None for the first one's own.

    Raises:
        UserError: If a file is no parquet or has no image column.
    """
    root = paths[0].parent if root is None else root
    candidates: list[Candidate] = []
    rejects: list[Reject] = []
    notes = []
    for path in paths:
        found, unnamed, how = _shard(path, root, len(candidates) + len(rejects))
        candidates += found
        rejects += unnamed
        notes.append(f"figure id = {how}")
    return DatasetIndex("parquet", root, candidates, rejects, list(dict.fromkeys(notes)))


def inner_paths(path: Path, column: str) -> list[str]:
    """Returns the files that an image column names, with its bytes or in their place.

    Raises:
        UserError: If the table cannot be read.
    """
    return [one for one in _cell_paths(path, column) if one is not None]


def _cell_paths(path: Path, column: str) -> list[str | None]:
    """Returns the file that each cell of an image column names; [] where cells name none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            kind = table.schema_arrow.field(column).type
            nested = pa.types.is_struct(kind)
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or nested):
                return []
            batches = table.iter_batches(columns=[f"{column}.path" if nested else column])
            values = [one for batch in batches for one in batch.column(0).to_pylist()]
    except (pa.ArrowException, OSError, LookupError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).") from None
    found = (one.get("path") if isinstance(one, dict) else one for one in values)
    return [one if isinstance(one, str) and one else None for one in found]


def _shard(path: Path, root: Path, before: int) -> tuple[list[Candidate], list[Reject], str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
        image, identity, prompt = (
            next((name for name in fields if name in names), None)
            for fields in (IMAGE_FIELDS, ID_FIELDS, PROMPT_FIELDS)
        )
        if image is None:
            raise UserError(
                f"{path}: no image column; found {', '.join(names)}.",
                remedy=f"Name it one of: {', '.join(IMAGE_FIELDS)}.",
            )
        columns = [name for name in (identity, prompt, *_EXTRA) if name and name in names]
        rows = pq.read_table(path, columns=columns).to_pylist() if columns else None
        count = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).{_pointer(path)}") from None
    ids = [identity_of(row.get(identity)) for row in rows or ()] if identity else []
    if identity and not any(ids):
        identity, ids = None, []
    named = None if identity else _file_ids(path, image, count)
    own: Sequence[str | None] | None = named[0] if named else None
    if None in ids:
        own = [one and bare(one) for one in _cell_paths(path, image)] or None
    place = f"{path.relative_to(root).as_posix()}{SEPARATOR}{image}"
    code = next((name for name in CODE_COLUMNS if name in names), None)
    found, unnamed = [], []
    for number in range(count):
        row = rows[number] if rows else {}
        figure_id = (ids[number] if ids else None) or (own[number] if own else None)
        cell = f"{place}/{number}"
        if figure_id is None and identity:
            reason = f"the record has no id in column '{identity}'"
            unnamed.append(Reject(cell, "bad-record", reason))
            continue
        if figure_id is None:
            figure_id = f"row-{before + number:06d}"
        candidate = _candidate(row, figure_id, prompt, cell)
        if code is not None:
            document = f"{path.relative_to(root).as_posix()}{SEPARATOR}{code}/{number}"
            candidate = replace(candidate, origin=replace(candidate.origin, source=document))
        found.append(candidate)
    if identity:
        return found, unnamed, f"column '{identity}'"
    return found, unnamed, f"{named[1]} in column '{image}'" if named else "row number"


def _pointer(path: Path) -> str:
    with path.open("rb") as handle:
        is_lfs = handle.read(40).startswith(b"version https://git-lfs")
    return " It is a Git LFS pointer; run: git lfs pull" if is_lfs else ""


def _file_ids(path: Path, column: str, count: int) -> tuple[list[str], str] | None:
    """Returns ids from the files that the images were made from, and how; None without them."""
    named = inner_paths(path, column)
    if len(named) != count or any(is_embedded(one) for one in named):
        return None
    ids, how = ids_of_paths(named)
    return (ids, how) if len(set(ids)) == len(ids) else None


def _candidate(row: Mapping[str, Any], figure_id: str, prompt: str | None, path: str) -> Candidate:
    return Candidate(
        figure_id,
        integer(row.get("sample")) or 0,
        path,
        text_of(row.get(prompt)) if prompt else None,
        integer(row.get("seed")),
        finite(row.get("guidance_scale")),
        origin_of(row, lambda _name: None),
    )
