"""Layouts 5 and 6: JSON maps and records, JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from figbench.data.manifest import Candidate, Listing
from figbench.data.types import Reject
from figbench.errors import UserError
from figbench.results.io import read_json

MAX_INDEX_BYTES = 8 * 2**30
IMAGE_FIELDS = ("image", "file_name", "image_path", "path", "file", "filename", "img_path")
ID_FIELDS = ("figure_id", "id", "prompt_id", "uid", "key", "sample_id")
PROMPT_FIELDS = ("prompt", "caption", "text")


def read_document(path: Path) -> Any:
    """Returns the parsed JSON of an index."""
    return read_json(path, limit=MAX_INDEX_BYTES)


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yields the records of a JSON-lines file.

    Raises:
        UserError: With the line number, if a line is not a JSON object.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(path, number, line)
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None


def _record(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}, line {number}: not valid JSON ({error}).") from None
    if not isinstance(record, dict):
        raise UserError(f"{path}, line {number}: expected a JSON object.")
    return record


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
        inside = _inside(path, image)
        if inside is None:
            rejects.append(_outside(image, figure_id))
        else:
            candidates.append(Candidate(figure_id, 0, inside))
    return Listing("map", path.parent, candidates, rejects, ["figure id = key of the map"])


def from_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Listing:
    """Layout 6: records with an image path and, when there, id, sample, prompt and seed.

    Raises:
        UserError: If a record names no image.
    """
    candidates, rejects = [], []
    named = False
    for number, row in enumerate(rows, start=1):
        image = _first(row, IMAGE_FIELDS)
        if not isinstance(image, str):
            raise UserError(
                f"{path}, record {number}: no image path; found fields {', '.join(map(str, row))}.",
                remedy=f"Name the image in one of: {', '.join(IMAGE_FIELDS)}.",
            )
        found = _first(row, ID_FIELDS)
        named = named or found is not None
        figure_id = str(found) if found is not None else Path(image).stem
        inside = _inside(path, image)
        if inside is None:
            rejects.append(_outside(image, figure_id))
            continue
        candidates.append(
            Candidate(
                figure_id,
                _integer(row.get("sample")) or 0,
                inside,
                _text(_first(row, PROMPT_FIELDS)),
                _integer(row.get("seed")),
                _number(row.get("guidance_scale")),
            )
        )
    how = f"field of the record ({', '.join(ID_FIELDS)})" if named else "image name without suffix"
    return Listing("records", path.parent, candidates, rejects, [f"figure id = {how}"])


def _inside(index: Path, image: str) -> str | None:
    """Returns the path for the manifest; None when it leaves the index's folder upwards.

    Absolute paths are the user's own choice and are kept.
    """
    if "\0" in image or ".." in Path(image).parts:
        return None
    return image


def _outside(image: str, figure_id: str) -> Reject:
    reason = "the path climbs out of the index's folder"
    return Reject(image.replace("\0", "\\0"), "path-traversal", reason, figure_id)


def _first(row: Mapping[str, Any], fields: Iterable[str]) -> Any:
    return next((row[name] for name in fields if row.get(name) is not None), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
