"""Layouts 5 and 6: JSON maps and records, JSON lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, Listing, shown
from figbench.data.types import Reject
from figbench.errors import UserError

MAX_INDEX_BYTES = 8 * 2**30
IMAGE_FIELDS = (
    "image",
    "file_name",
    "image_path",
    "path",
    "file",
    "filename",
    "img_path",
    "figure",
)
ID_FIELDS = ("figure_id", "id", "prompt_id", "uid", "key", "sample_id")
PROMPT_FIELDS = ("prompt", "caption", "text")


def read_document(path: Path) -> Any:
    """Returns the parsed JSON of an index; ``NaN`` and ``Infinity`` in it become null.

    Raises:
        UserError: If it cannot be read, or is larger than 8 GiB.
    """
    try:
        size = path.stat().st_size
        if size > MAX_INDEX_BYTES:
            raise UserError(f"{path}: {size:,} bytes is more than any index has.")
        return _parse(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({error}).") from None


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON-lines file.

    Raises:
        UserError: With the line number, if a line is not a JSON object.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(path, number, line)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None


def _record(path: Path, number: int, line: bytes) -> Mapping[str, Any]:
    try:
        record = _parse(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}, line {number}: not valid JSON ({error}).") from None
    if not isinstance(record, dict):
        raise UserError(f"{path}, line {number}: expected a JSON object.")
    return record


def _parse(data: bytes) -> Any:
    """Python's writers put NaN into JSON where a value is not known."""
    return json.loads(data.decode("utf-8-sig"), parse_constant=lambda _: None)


def rows_of(path: Path, document: Any) -> list[Mapping[str, Any]]:
    """Returns the records of a JSON document: a list, or a map of id to record."""
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return document
    if isinstance(document, dict) and all(isinstance(row, dict) for row in document.values()):
        return [{"figure_id": name, **row} for name, row in document.items()]
    raise UserError(
        f"{path}: expected a list of records, a map of id to record, or a map of id to path."
    )


def from_map(path: Path, document: Mapping[str, str]) -> Listing:
    """Layout 5: ``{"<figure id>": "<image path>"}``."""
    candidates, rejects = [], []
    for figure_id, image in document.items():
        inside = _inside(image)
        if inside is None:
            rejects.append(_outside(image, figure_id))
        else:
            candidates.append(Candidate(figure_id, 0, inside))
    return Listing("map", path.parent, candidates, rejects, ["figure id = key of the map"])


def from_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Listing:
    """Layout 6: records with an image path and, when there, id, sample, prompt and seed.

    A record whose image is null or empty is a figure that was not made: a reject.

    Raises:
        UserError: If a record has no field for an image.
    """
    candidates: list[Candidate] = []
    rejects = []
    named = False
    for number, row in enumerate(rows, start=1):
        found = _from_row(path, number, row)
        named = named or first(row, ID_FIELDS) is not None
        if isinstance(found, Candidate):
            candidates.append(found)
        else:
            rejects.append(found)
    how = f"field of the record ({', '.join(ID_FIELDS)})" if named else "image name without suffix"
    return Listing("records", path.parent, candidates, rejects, [f"figure id = {how}"])


def _from_row(path: Path, number: int, row: Mapping[str, Any]) -> Candidate | Reject:
    if not any(name in row for name in IMAGE_FIELDS):
        raise UserError(
            f"{path}, record {number}: no image path; found fields {', '.join(map(str, row))}.",
            remedy=f"Name the image in one of: {', '.join(IMAGE_FIELDS)}.",
        )
    image, identity = first(row, IMAGE_FIELDS), first(row, ID_FIELDS)
    sample = integer(row.get("sample")) or 0
    if not isinstance(image, str) or not image:
        figure_id = None if identity is None else shown(str(identity))
        place = f"{path.name}#record {number}"
        return Reject(place, "missing-file", "the record names no image", figure_id, sample)
    figure_id = str(identity) if identity is not None else Path(image).stem
    inside = _inside(image)
    if inside is None:
        return _outside(image, figure_id)
    return Candidate(
        figure_id,
        sample,
        inside,
        text_of(first(row, PROMPT_FIELDS)),
        integer(row.get("seed")),
        finite(row.get("guidance_scale")),
    )


def _inside(image: str) -> str | None:
    """Returns the path for the manifest; None when it leaves the index's folder upwards.

    Absolute paths are the user's own choice and are kept.
    """
    return None if "\0" in image or ".." in Path(image).parts else image


def _outside(image: str, figure_id: str) -> Reject:
    reason = "the path climbs out of the index's folder"
    return Reject(shown(image), "path-traversal", reason, shown(figure_id))


def first(row: Mapping[str, Any], fields: Iterable[str]) -> Any:
    """Returns the first field that has a value, or None."""
    return next((row[name] for name in fields if row.get(name) is not None), None)


def text_of(value: Any) -> str | None:
    """Returns the value if it is text."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """Returns the value as a 64-bit integer, or None."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -(2**63) <= number < 2**63 else None


def finite(value: Any) -> float | None:
    """Returns the value as a finite float, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
