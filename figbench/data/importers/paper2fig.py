"""Paper2Fig100k: both generations of its JSON, and every quirk met in copies of it.

Format: Rodriguez et al., OCR-VQGAN (WACV 2023), Zenodo record 7299423.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from figbench.data.importers.records import read_document
from figbench.data.manifest import Candidate, Listing
from figbench.data.types import TextLine
from figbench.errors import UserError

SPLITS = ("train", "test")
CAPTION_FIELDS = ("captions", "captions_norm", "captions_galai", "captions_scipdf")
_NUMBER = re.compile(r"(?:np\.\w+\()?\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\)?")
MAX_TEXT_LINES = 5_000


def split_file(split: str) -> str:
    """Returns the name of a split's JSON."""
    return f"paper2fig_{split}.json"


def is_root(path: Path) -> bool:
    """Tells whether a folder is a Paper2Fig100k root."""
    return any((path / split_file(split)).is_file() for split in SPLITS)


def is_document(document: Any) -> bool:
    """Tells whether parsed JSON is Paper2Fig100k's."""
    first = next(iter(_records(document)), None)
    return (
        isinstance(first, dict)
        and "figure_id" in first
        and ("ocr_result" in first or any(name in first for name in CAPTION_FIELDS))
    )


def from_root(root: Path, split: str | None, caption: str) -> Listing:
    """Returns the figures of a split (``test`` where none is named), or of whichever is there.

    Raises:
        UserError: If the split's JSON is not there.
    """
    wanted = split or ("test" if (root / split_file("test")).is_file() else "train")
    path = root / split_file(wanted)
    if not path.is_file():
        raise UserError(
            f"{path}: not found.", remedy=f"This root has: {', '.join(_present(root)) or 'none'}."
        )
    return from_document(path, read_document(path), caption)


def _present(root: Path) -> list[str]:
    return [split_file(split) for split in SPLITS if (root / split_file(split)).is_file()]


def from_document(path: Path, document: Any, caption: str) -> Listing:
    """Returns the figures of a parsed JSON.

    Raises:
        UserError: If the caption field is not in the data, or a record has no figure id.
    """
    candidates, labels, unread = [], {}, 0
    for number, record in enumerate(_records(document), start=1):
        figure_id = record.get("figure_id") if isinstance(record, dict) else None
        if not isinstance(figure_id, str) or "/" in figure_id or "\0" in figure_id:
            raise UserError(f"{path}, record {number}: no usable figure_id.")
        prompt = _caption(record, caption, path, number)
        candidates.append(Candidate(figure_id, 0, f"figures/{figure_id}.png", prompt))
        lines = parse_ocr(record.get("ocr_result"))
        if lines is None:
            unread += 1
        else:
            labels[figure_id] = lines
    notes = [f"{path.name}; figure id = figure_id; prompt = {caption}[0]"]
    if unread:
        notes.append(f"{unread} figures have no stored labels (missing or 'error')")
    return Listing("paper2fig100k", path.parent, candidates, (), notes, labels)


def _records(document: Any) -> Iterator[Any]:
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict):
        for name, record in document.items():
            yield {"figure_id": name, **record} if isinstance(record, dict) else record


def _caption(record: Mapping[str, Any], field: str, path: Path, number: int) -> str | None:
    if field not in record:
        present = [name for name in CAPTION_FIELDS if name in record]
        raise UserError(
            f"{path}, record {number}: no field '{field}'.",
            remedy=f"Caption fields here: {', '.join(present) or 'none'}.",
        )
    texts = record[field]
    if isinstance(texts, str):
        return texts
    if isinstance(texts, Sequence) and texts and isinstance(texts[0], str):
        return texts[0]
    return None


def parse_ocr(stored: Any) -> tuple[TextLine, ...] | None:
    """Returns the stored text lines: nested or flat, or None where reading had failed.

    Lines whose text is not a string are left out; a box that cannot be read is empty.
    """
    if isinstance(stored, dict):
        stored = stored.get("ocr_result")
    if not isinstance(stored, list):
        return None
    lines = []
    for item in stored[:MAX_TEXT_LINES]:
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            box = parse_box(item.get("bbox"))
            lines.append(TextLine(item["text"], box, _confidence(item.get("confidence"))))
    return tuple(lines)


def parse_box(stored: Any) -> tuple[tuple[float, float], ...]:
    """Returns four (x, y) corners from a list or its printed form, without evaluating it.

    Accepts floats, negatives and ``np.int32(71)``; returns ``()`` for anything else.
    """
    if isinstance(stored, str):
        values = [float(number) for number in _NUMBER.findall(stored[:2000])]
    elif isinstance(stored, Sequence):
        values = [number for point in stored[:4] for number in _point(point)]
    else:
        return ()
    if len(values) != 8 or not all(map(math.isfinite, values)):
        return ()
    return tuple((values[i], values[i + 1]) for i in range(0, 8, 2))


def _point(point: Any) -> list[float]:
    if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
        return []
    return [float(value) for value in point if isinstance(value, int | float)]


def _confidence(stored: Any) -> float:
    try:
        value = float(stored)
    except (TypeError, ValueError):
        return 0.0
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
