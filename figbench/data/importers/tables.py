"""Layout 7: parquet with an image column; and CSV records."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from figbench.data.importers.records import ID_FIELDS, IMAGE_FIELDS, PROMPT_FIELDS
from figbench.data.manifest import Candidate, Listing
from figbench.data.sources import SEPARATOR
from figbench.errors import UserError


def read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of a CSV file with a header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a readable CSV file ({error}).") from None


def from_parquet(path: Path) -> Listing:
    """Returns a candidate per row of a Hugging Face style table (``image`` holds bytes or path).

    Raises:
        UserError: If the file is no parquet or has no image column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}).") from None
    image = next((name for name in IMAGE_FIELDS if name in names), None)
    if image is None:
        raise UserError(
            f"{path}: no image column; found {', '.join(names)}.",
            remedy=f"Name it one of: {', '.join(IMAGE_FIELDS)}.",
        )
    identity = next((name for name in ID_FIELDS if name in names), None)
    prompt = next((name for name in PROMPT_FIELDS if name in names), None)
    wanted = [name for name in (identity, prompt, "sample") if name and name in names]
    rows = pq.read_table(path, columns=wanted).to_pylist() if wanted else None
    count = pq.read_metadata(path).num_rows
    candidates = []
    for number in range(count):
        row = rows[number] if rows else {}
        figure_id = str(row[identity]) if identity else f"{path.stem}-{number:06d}"
        caption = row.get(prompt) if prompt else None
        candidates.append(
            Candidate(
                figure_id,
                int(row.get("sample") or 0),
                f"{path.name}{SEPARATOR}{image}/{number}",
                caption if isinstance(caption, str) else None,
            )
        )
    how = f"column '{identity}'" if identity else "row number"
    return Listing("parquet", path.parent, candidates, (), [f"figure id = {how}"])
