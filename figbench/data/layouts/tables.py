"""The layout ``parquet``: tables with an image column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex
from figbench.data.embedded import is_embedded
from figbench.data.layouts.records import ID_FIELDS, IMAGE_FIELDS, PROMPT_FIELDS
from figbench.data.layouts.values import finite, identity_of, integer, text_of
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


def named_files(dataset_index: DatasetIndex, root: Path) -> list[str]:
    """Returns the files that the tables of an index name, relative to the root."""
    columns = set()
    for candidate in dataset_index.candidates:
        container, _, cell = candidate.path.partition(SEPARATOR)
        columns.add((container, cell.rpartition("/")[0]))
    paths = []
    for container, column in sorted(columns):
        table = root / container
        files = (beside_table(root, table, name) for name in inner_paths(table, column))
        paths += [file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)]
    return paths


def from_parquet(paths: Sequence[Path], root: Path | None = None) -> DatasetIndex:
    """Returns a candidate for each record of tables in the style of Hugging Face.

    The image column holds bytes or paths.

    Args:
        paths: Shards of one table.
        root: Folder with the shards; None for the folder of the first shard.

    Raises:
        UserError: If a file is no parquet file or has no image column.
    """
    root = paths[0].parent if root is None else root
    candidates: list[Candidate] = []
    rejects: list[Reject] = []
    notes = []
    for path in paths:
        shard_candidates, shard_rejects, how = _shard(path, root, len(candidates) + len(rejects))
        candidates += shard_candidates
        rejects += shard_rejects
        notes.append(f"figure id = {how}")
    return DatasetIndex("parquet", root, candidates, rejects, list(dict.fromkeys(notes)))


def inner_paths(path: Path, column: str) -> list[str]:
    """Returns the file names in an image column, with or without bytes.

    Raises:
        UserError: If the table cannot be read.
    """
    return [name for name in _cell_paths(path, column) if name is not None]


def _cell_paths(path: Path, column: str) -> list[str | None]:
    """Returns the file name in each cell of an image column, or an empty list for bytes alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            kind = table.schema_arrow.field(column).type
            nested = pa.types.is_struct(kind)
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or nested):
                return []
            batches = table.iter_batches(columns=[f"{column}.path" if nested else column])
            values = [value for batch in batches for value in batch.column(0).to_pylist()]
    except (pa.ArrowException, OSError, LookupError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).") from None
    paths = (value.get("path") if isinstance(value, dict) else value for value in values)
    return [value if isinstance(value, str) and value else None for value in paths]


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
        records = pq.read_table(path, columns=columns).to_pylist() if columns else None
        count = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).{_pointer(path)}") from None
    ids = [identity_of(record.get(identity)) for record in records or ()] if identity else []
    if identity and not any(ids):
        identity, ids = None, []
    file_ids = None if identity else _file_ids(path, image, count)
    fallback_ids: Sequence[str | None] | None = file_ids[0] if file_ids else None
    if None in ids:
        fallback_ids = [name and bare(name) for name in _cell_paths(path, image)] or None
    column_path = f"{path.relative_to(root).as_posix()}{SEPARATOR}{image}"
    code = next((name for name in CODE_COLUMNS if name in names), None)
    candidates, rejects = [], []
    for number in range(count):
        record = records[number] if records else {}
        figure_id = (ids[number] if ids else None) or (
            fallback_ids[number] if fallback_ids else None
        )
        cell = f"{column_path}/{number}"
        if figure_id is None and identity:
            reason = f"the record has no id in column '{identity}'"
            rejects.append(Reject(cell, "bad-record", reason))
            continue
        if figure_id is None:
            figure_id = f"row-{before + number:06d}"
        candidate = _candidate(record, figure_id, prompt, cell)
        if code is not None:
            document = f"{path.relative_to(root).as_posix()}{SEPARATOR}{code}/{number}"
            candidate = replace(candidate, origin=replace(candidate.origin, source=document))
        candidates.append(candidate)
    if identity:
        return candidates, rejects, f"column '{identity}'"
    return candidates, rejects, f"{file_ids[1]} in column '{image}'" if file_ids else "row number"


def _pointer(path: Path) -> str:
    with path.open("rb") as handle:
        is_lfs = handle.read(40).startswith(b"version https://git-lfs")
    return " It is a Git LFS pointer; run: git lfs pull" if is_lfs else ""


def _file_ids(path: Path, column: str, count: int) -> tuple[list[str], str] | None:
    """Returns ids from the file names of the images, and how they were derived.

    Returns None where an image has no file name, or ids would repeat.
    """
    names = inner_paths(path, column)
    if len(names) != count or any(is_embedded(name) for name in names):
        return None
    ids, how = ids_of_paths(names)
    return (ids, how) if len(set(ids)) == len(ids) else None


def _candidate(
    record: Mapping[str, Any], figure_id: str, prompt: str | None, path: str
) -> Candidate:
    return Candidate(
        figure_id,
        integer(record.get("sample")) or 0,
        path,
        text_of(record.get(prompt)) if prompt else None,
        integer(record.get("seed")),
        finite(record.get("guidance_scale")),
        origin_of(record, lambda _name: None),
    )
