"""Editability of a document: shares of 0 to 1, with the objects behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from figbench.editability.document_object import DocumentObject
from figbench.editability.edits import EditResult, raster_share, scripted_edits
from figbench.editability.objects import list_objects
from figbench.errors import FigbenchError, UserError
from figbench.graphs.drawing import area
from figbench.graphs.editable import DocumentContent
from figbench.graphs.limits import parse_xml
from figbench.graphs.read import format_of

FORMATS = ("svg", "drawio", "pptx")
"""Formats that are measured."""


@dataclass(frozen=True, slots=True)
class Editability:
    """What can be edited in a document.

    Attributes:
        path: Of the document.
        format: ``svg``, ``drawio`` or ``pptx``.
        scores: Name to a share of 0 to 1; None where the document does not define it.
        counts: Objects by kind.
        hidden: Invisible and off-page objects.
        duplicates: Objects that repeat another exactly.
        missing_text: Labels of the picture that are no native text.
        edits: Of SVG documents.
    """

    path: Path
    format: str
    scores: dict[str, float | None]
    counts: dict[str, int]
    hidden: tuple[str, ...]
    duplicates: tuple[str, ...]
    missing_text: tuple[str, ...]
    edits: tuple[EditResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON document."""
        return {
            "file": str(self.path),
            "format": self.format,
            **self.scores,
            "objects": self.counts,
            "hidden": list(self.hidden),
            "duplicates": list(self.duplicates),
            "missing_text": list(self.missing_text),
            "edits": [
                {
                    "edit": edit.edit,
                    "target": edit.target,
                    "changed": edit.changed,
                    "locality": round(edit.locality, 4),
                }
                for edit in self.edits
            ],
        }


def measure_editability(
    path: str | Path, *, labels: Sequence[str] | None = None, edits: bool = True
) -> Editability:
    """Measures a SVG, draw.io or PPTX document.

    Scores: ``native_text`` is the share of the picture's labels that stand as text in the document,
    ``raster_area`` the share of the ink that embedded images draw (SVG) or of the area of all
    objects (draw.io, PPTX), ``bound_connectors`` the share of connectors with both ends attached by
    id, ``edges_follow`` connector ends that move with their node, ``grouped`` the share
    of objects in a named group, ``junk`` the share of hidden, off-page and duplicate objects,
    ``edit_locality`` the mean locality of scripted edits.

    Args:
        path: Of the document.
        labels: Labels of the picture, as OCR reads them; None leaves ``native_text`` out.
        edits: Whether to make the scripted edits of an SVG, which draw it some 50 times.

    Raises:
        UserError: When the file cannot be read or is of another kind.
    """
    from figbench.metrics.graph_metrics.native_text import missing_text

    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}.", remedy="Check the path.") from None
    kind = format_of(data, file.suffix)
    try:
        objects = list_objects(data, kind)
        root = parse_xml(data) if kind == "svg" else None
        made = tuple(scripted_edits(root)) if root is not None and edits else ()
        raster = raster_share(root) if root is not None else _image_area(objects)
    except FigbenchError as error:
        raise UserError(f"{file}: {error.message}", remedy=error.remedy) from None
    connectors = [entry for entry in objects if entry.kind == "connector"]
    counted = Counter(entry.print for entry in objects)
    repeated = {print_ for print_, count in counted.items() if count > 1}
    hidden = [entry for entry in objects if not entry.visible]
    spare = sum(count - 1 for count in counted.values())
    missing = missing_text(
        labels or (), [entry.text for entry in objects if entry.text and entry.visible]
    )
    scores = {
        "native_text": 1 - len(missing) / len(labels) if labels else None,
        "raster_area": raster,
        "bound_connectors": _share(sum(c.attached == 2 for c in connectors), len(connectors)),
        "edges_follow": _share(sum(c.attached for c in connectors), 2 * len(connectors)),
        "grouped": _share(sum(entry.group for entry in objects), len(objects)),
        "junk": _share(min(len(hidden) + spare, len(objects)), len(objects)),
        "edit_locality": float(np.mean([entry.locality for entry in made])) if made else None,
    }
    return Editability(
        file,
        kind,
        {key: None if value is None else round(value, 4) for key, value in scores.items()},
        dict(Counter(entry.kind for entry in objects)),
        tuple(_name(entry) for entry in hidden),
        tuple(sorted({_name(entry) for entry in objects if entry.print in repeated})),
        missing,
        made,
    )


def measure_content(data: bytes, kind: str) -> DocumentContent:
    """Returns the texts, raster area and connectors of a document.

    A picture under the name of a document has no object.

    Args:
        data: Of the document.
        kind: Its format, as ``format_of`` gives it.

    Raises:
        FigbenchError: When the document is refused, broken or cannot be drawn.
    """
    if kind not in FORMATS:
        return DocumentContent(kind, other=kind != "raster")
    objects = list_objects(data, kind)
    visible = [entry for entry in objects if entry.visible]
    raster = raster_share(parse_xml(data)) if kind == "svg" else _image_area(objects)
    connectors = [entry for entry in visible if entry.kind == "connector"]
    return DocumentContent(
        kind,
        tuple(entry.text for entry in visible if entry.text),
        raster,
        len(visible),
        len(connectors),
        sum(entry.attached == 2 for entry in connectors),
    )


def _share(count: int, whole: int) -> float | None:
    return count / whole if whole else None


def _name(entry: DocumentObject) -> str:
    return entry.key or entry.text or entry.kind


def _image_area(objects: Sequence[DocumentObject]) -> float | None:
    """Area of pictures among that of all objects, overlaps not taken off: an estimate."""
    boxes = [(area(entry.box), entry.kind) for entry in objects if entry.box and entry.visible]
    total = sum(size for size, _ in boxes)
    return sum(size for size, kind in boxes if kind == "image") / total if total else None
