"""Layout 7: parquet with an image column; and CSV records."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, Listing
from figbench.data.layouts.records import (
    ID_FIELDS,
    IMAGE_FIELDS,
    PROMPT_FIELDS,
    finite,
    integer,
    text_of,
)
from figbench.data.sources import SEPARATOR
from figbench.errors import UserError

_EXTRA = ("sample", "seed", "guidance_scale")


def read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of a CSV file with a header; an empty cell is None."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: value or None for name, value in row.items() if name}
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise UserError(f"{path}: not a readable CSV file ({error}).") from None


def from_parquet(paths: Sequence[Path]) -> Listing:
    """Returns a candidate per row of Hugging Face style tables (``image`` holds bytes or path).

    Args:
        paths: Shards of one table, in one folder or below it; the first lies in the root.

    Raises:
        UserError: If a file is no parquet or has no image column.
    """
    root = paths[0].parent
    candidates: list[Candidate] = []
    notes = []
    for path in paths:
        found, how = _shard(path, root, len(candidates))
        candidates += found
        notes.append(f"figure id = {how}")
    return Listing("parquet", root, candidates, (), list(dict.fromkeys(notes)))


def inner_paths(path: Path, column: str) -> list[str]:
    """Returns the files that an image column names, with its bytes or in their place.

    Raises:
        UserError: If the table cannot be read.
    """
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
    return [one for one in found if isinstance(one, str) and one]


def _shard(path: Path, root: Path, before: int) -> tuple[list[Candidate], str]:
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
        wanted = [name for name in (identity, prompt, *_EXTRA) if name and name in names]
        rows = pq.read_table(path, columns=wanted).to_pylist() if wanted else None
        count = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).") from None
    place = f"{path.relative_to(root).as_posix()}{SEPARATOR}{image}"
    found = [
        _candidate(
            rows[number] if rows else {}, identity, prompt, before + number, f"{place}/{number}"
        )
        for number in range(count)
    ]
    return found, f"column '{identity}'" if identity else "row number"


def _candidate(
    row: Mapping[str, Any], identity: str | None, prompt: str | None, number: int, path: str
) -> Candidate:
    own = row.get(identity) if identity else None
    return Candidate(
        f"row-{number:06d}" if own is None else str(own),
        integer(row.get("sample")) or 0,
        path,
        text_of(row.get(prompt)) if prompt else None,
        integer(row.get("seed")),
        finite(row.get("guidance_scale")),
    )
