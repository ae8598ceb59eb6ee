"""The layout ``paper2fig100k``: both versions of the JSON of Paper2Fig100k, and damaged copies.

Format: Rodriguez et al., OCR-VQGAN (WACV 2023), Zenodo record 7299423.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from figbench.data.dataset_index import Candidate, DatasetIndex, clean_text, escaped
from figbench.data.layouts.records import read_document
from figbench.data.layouts.values import finite
from figbench.data.types import Reject, SourceRecord, TextLine
from figbench.errors import UserError

SPLITS = ("train", "test")
CAPTION_FIELDS = ("captions", "captions_norm", "captions_galai", "captions_scipdf")
_NUMBER = re.compile(r"(?:np\.\w+\()?\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\)?")
MAX_TEXT_LINES = 5_000
"""Stored text lines of a figure that are read."""


def split_file(split: str) -> str:
    """Returns the name of a split's JSON."""
    return f"paper2fig_{split}.json"


def is_root(path: Path) -> bool:
    """Tells whether a folder is a root of Paper2Fig100k."""
    return any((path / split_file(split)).is_file() for split in SPLITS)


def is_document(document: Any) -> bool:
    """Tells whether a parsed JSON document is from Paper2Fig100k."""
    first = next(iter(_records(document)), None)
    return (
        isinstance(first, dict)
        and "figure_id" in first
        and ("ocr_result" in first or any(name in first for name in CAPTION_FIELDS))
    )


def from_root(root: Path, split: str | None, caption: str) -> DatasetIndex:
    """Returns the figures of a split.

    Args:
        root: Folder with the JSON files of the splits.
        split: Requested split, or None for ``test``, or ``train`` where there is no ``test``.
        caption: Field of the captions, of ``CAPTION_FIELDS``.

    Raises:
        UserError: If the JSON file of the split is missing.
    """
    selected = split or ("test" if (root / split_file("test")).is_file() else "train")
    path = root / split_file(selected)
    if not path.is_file():
        raise UserError(
            f"{path}: not found.", remedy=f"This root has: {', '.join(_present(root)) or 'none'}."
        )
    return from_document(path, read_document(path), caption)


def _present(root: Path) -> list[str]:
    return [split_file(split) for split in SPLITS if (root / split_file(split)).is_file()]


def from_document(path: Path, document: Any, caption: str) -> DatasetIndex:
    """Returns the figures of a parsed JSON document; unusable records become rejects.

    Args:
        path: Path of the JSON file.
        document: The parsed JSON.
        caption: Field of the captions, of ``CAPTION_FIELDS``.

    Raises:
        UserError: If no record has the caption field.
    """
    candidates, rejects, labels, unread, uncaptioned = [], [], {}, 0, 0
    records = list(_records(document))
    _check_caption(records, caption, path)
    for number, record in enumerate(records, start=1):
        figure_id = record.get("figure_id") if isinstance(record, dict) else None
        if not isinstance(figure_id, str) or "/" in figure_id:
            rejects.append(_bad_record(path, number, figure_id))
            continue
        prompt = _caption(record.get(caption))
        uncaptioned += prompt is None
        candidates.append(Candidate(figure_id, 0, f"figures/{figure_id}.png", prompt))
        lines = parse_ocr(record.get("ocr_result"))
        if lines is None:
            unread += 1
        else:
            labels[figure_id] = lines
    notes = [f"{path.name}; figure id = figure_id; prompt = {caption}[0]"]
    if unread:
        notes.append(f"{unread} figures have no stored labels (missing or 'error')")
    if uncaptioned:
        notes.append(f"{uncaptioned} figures have no caption in '{caption}'")
    whole = [record for record in records if isinstance(record, dict)]
    source_records = [_source_record(record) for record in whole if record.get("figure_id")]
    return DatasetIndex(
        "paper2fig100k", path.parent, candidates, rejects, notes, labels, records=source_records
    )


def _source_record(record: dict[str, Any]) -> SourceRecord:
    captions = (_caption(record.get(name)) for name in CAPTION_FIELDS)
    texts = tuple(dict.fromkeys(clean_text(text) for text in captions if text))
    return SourceRecord(clean_text(str(record["figure_id"])), texts, finite(record.get("aspect")))


def _bad_record(path: Path, number: int, figure_id: Any) -> Reject:
    named = escaped(figure_id) if isinstance(figure_id, str) else None
    reason = "the record has no usable figure_id"
    return Reject(f"{path.name}#record {number}", "bad-record", reason, named)


def _check_caption(records: Sequence[Any], caption: str, path: Path) -> None:
    whole = [record for record in records if isinstance(record, dict)]
    if whole and not any(caption in record for record in whole):
        present = [name for name in CAPTION_FIELDS if any(name in record for record in whole)]
        raise UserError(
            f"{path}: no field '{caption}'.",
            remedy=f"Caption fields of the file: {', '.join(present) or 'none'}.",
        )


def _records(document: Any) -> Iterator[Any]:
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict):
        for name, record in document.items():
            yield {"figure_id": name, **record} if isinstance(record, dict) else record


def _caption(texts: Any) -> str | None:
    if isinstance(texts, list) and texts:
        texts = texts[0]
    return texts if isinstance(texts, str) else None


def parse_ocr(stored: Any) -> tuple[TextLine, ...] | None:
    """Returns the stored text lines, nested or flat; None where the data set's OCR failed.

    Lines without text are left out. A box that cannot be parsed is empty.
    """
    if isinstance(stored, dict):
        stored = stored.get("ocr_result")
    if not isinstance(stored, list):
        return None
    lines = []
    for item in stored[:MAX_TEXT_LINES]:
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            box = parse_box(item.get("bbox"))
            confidence = _confidence(item.get("confidence"))
            lines.append(TextLine(clean_text(item["text"]), box, confidence))
    return tuple(lines)


def parse_box(stored: Any) -> tuple[tuple[float, float], ...]:
    """Returns four (x, y) corners in pixels from a list or its printed form.

    Numbers are floats, negative numbers or ``np.int32(71)``; a printed form is not evaluated.
    Returns ``()`` for other values.
    """
    if isinstance(stored, str):
        values = [finite(number) for number in _NUMBER.findall(stored[:2000])]
    elif isinstance(stored, list):
        values = [number for point in stored[:5] for number in _point(point)]
    else:
        return ()
    numbers = [number for number in values if number is not None]
    if len(values) != 8 or len(numbers) != 8:
        return ()
    return tuple((numbers[i], numbers[i + 1]) for i in range(0, 8, 2))


def _point(point: Any) -> list[float | None]:
    if not isinstance(point, list) or len(point) != 2:
        return [None]
    return [finite(value) if isinstance(value, int | float) else None for value in point]


def _confidence(stored: Any) -> float:
    value = finite(stored)
    return 0.0 if value is None else min(1.0, max(0.0, value))
