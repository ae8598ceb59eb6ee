"""``editability``: how much of each generated figure can be edited in its vector document."""

from __future__ import annotations

import inspect
from collections import Counter

import numpy as np

from figbench.graphs.editable import DocumentContent
from figbench.metrics.base import (
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    Settings,
)
from figbench.metrics.graph_metrics.columns import (
    bounded_output,
    column_measurements,
    empty_columns,
)

Details = dict[str, float | int | str]


OUTPUTS = (
    bounded_output("editable_text", "Labels that are text", True),
    bounded_output("raster_area", "Raster area", False),
    bounded_output("bound_connectors", "Bound connectors", True),
)
_PIXELS = {"editable_text": 0.0, "raster_area": 1.0, "bound_connectors": 0.0}
"""Scores of a figure that is missing, or of which there are only pixels."""


class Editability:
    """Native text, raster area and bound connectors of the documents of generated figures.

    Formula: ``editable_text`` is the share of a figure's labels, as OCR reads its image, that its
        document has as visible text (NED <= 0.2, or within a longer text); ``raster_area`` the
        share of the ink that embedded images draw (SVG), or of the area of all objects (draw.io,
        PPTX); ``bound_connectors`` the share of connectors with both ends attached by id. Each is
        the mean over figures. The document is the SVG, draw.io or PPTX file next to a figure, or
        the figure itself.
    Reference: the measures of ``figbench graph editability``, over a set.
    Direction: higher is better for text and connectors, lower for the raster area, 0 to 1.
    Minimum n: 1 figure.
    Known biases: a missing figure, a figure of pixels only, and a document that cannot be read or
        shows no object count as pixels: text 0, raster area 1, connectors 0. Where OCR reads no
        label, the text scores 0 if the reference shows labels; else the figure does not enter. A
        document without connectors has no score of connectors: compare it with the scores of
        ``structure``. Connectors of an SVG are bound by the attachments of Inkscape or
        ``data-source`` and ``data-target`` only. A figure whose only source is Mermaid, dot, TikZ
        or JSON does not enter, which a warning counts. Errors of OCR count as text that is absent.
    """

    def __init__(self) -> None:
        # No flaw of the synthetic sets is claimed: their figures have no documents.
        self.spec = MetricSpec(
            name="editability",
            outputs=OUTPUTS,
            needs=Needs(ocr=True, documents=True),
            documentation=inspect.getdoc(type(self)) or "",
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the measurements that some figure enters.

        Raises:
            MetricError: If no figure enters any score.
        """
        self.spec.resolve(settings)
        columns = empty_columns(OUTPUTS, len(inputs.figure_ids))
        for i in range(len(inputs.figure_ids)):
            for key, value in _figure_scores(inputs, i).items():
                columns[key][i] = value
        if all(np.isnan(values).all() for values in columns.values()):
            raise MetricError("found 0 figures whose source is pixels, SVG, draw.io or PPTX")
        return column_measurements(OUTPUTS, columns, _details(inputs), _warnings(inputs))


def _figure_scores(inputs: MetricInputs, index: int) -> dict[str, float]:
    """Returns the scores that a figure enters."""
    from figbench.metrics.graph_metrics.native_text import missing_text

    document = inputs.documents[index] if inputs.present[index] else None
    if document is not None and document.other:
        return {}
    labels = [line.text for line in inputs.generated_lines[index] if line.text.strip()]
    has_text = bool(labels) or any(line.text.strip() for line in inputs.reference_lines[index])
    if document is None or document.failure or not document.objects:
        return {k: v for k, v in _PIXELS.items() if has_text or k != "editable_text"}
    scores: dict[str, float] = {}
    if labels:
        missing = missing_text(labels, document.texts)
        scores["editable_text"] = 1.0 - len(missing) / len(labels)
    elif has_text:
        scores["editable_text"] = 0.0
    if document.raster_area is not None:
        scores["raster_area"] = document.raster_area
    if document.connectors:
        scores["bound_connectors"] = document.bound / document.connectors
    return scores


def _details(inputs: MetricInputs) -> Details:
    formats = Counter(_source(inputs, i) for i in range(len(inputs.figure_ids)))
    listed = sorted(formats.items(), key=lambda item: (-item[1], item[0]))
    return {
        "sources": ", ".join(f"{name} {count}" for name, count in listed),
        "missing_scored_as_pixels": int((~inputs.present).sum()),
        "unreadable_scored_as_pixels": len(_failed(inputs)),
    }


def _source(inputs: MetricInputs, index: int) -> str:
    if not inputs.present[index]:
        return "missing"
    document = inputs.documents[index]
    return "pixels" if document is None else document.format


def _failed(inputs: MetricInputs) -> list[DocumentContent]:
    return [entry for entry in inputs.documents if entry is not None and entry.failure]


def _warnings(inputs: MetricInputs) -> tuple[str, ...]:
    texts = []
    failed = _failed(inputs)
    if failed:
        reason = failed[0].failure.rstrip(".")
        texts.append(
            f"editable_text: {len(failed)} documents cannot be read and count as pixels "
            f"(first: {failed[0].format}: {reason})."
        )
    others = Counter(e.format for e in inputs.documents if e is not None and e.other)
    if others:
        texts.append(
            f"editable_text: the only source of {others.total()} figures is "
            f"{' or '.join(sorted(others))}, which is not measured; they do not enter."
        )
    return tuple(texts)


EDITABILITY = Editability()
