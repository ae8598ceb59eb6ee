"""Objects of the vector documents of generated figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from figbench.data.manifest import Manifest
from figbench.data.sources import read_source
from figbench.data.types import Figure
from figbench.errors import FigbenchError
from figbench.evaluation.planning.documents import documents_of
from figbench.evaluation.planning.inputs import Inputs
from figbench.evaluation.planning.plan import Plan
from figbench.graphs.editable import DocumentContent
from figbench.graphs.read import format_of, is_raster_name
from figbench.images.limits import DecodeError

SUFFIXES = (".drawio", ".pptx", ".svg")
"""Suffixes of documents whose objects are read, the preferred first."""


def with_contents(inputs: Inputs, plan: Plan) -> Inputs:
    """Returns the inputs with the objects of generated documents, where a metric needs them."""
    if not any(item.metric.spec.needs.documents for item in plan.metrics):
        return inputs
    contents = contents_of(inputs.generated, inputs.sides.present)
    return replace(inputs, sides=replace(inputs.sides, contents=contents))


def contents_of(manifest: Manifest, figures: Iterable[Figure]) -> dict[str, DocumentContent]:
    """Returns the objects of the document of each figure that has one, by the figure's path.

    The document is the source that a row of the manifest names, the file beside its figure
    (``a.drawio`` beside ``a.png``), or the figure itself.

    Args:
        manifest: The set.
        figures: Figures of the set.
    """
    unique = {figure.path: figure for figure in figures}
    documents = {path: document for path in unique if (document := _stated(unique[path]))}
    beside = [figure for figure in unique.values() if figure.path not in documents]
    for path, document in documents_of(manifest, beside, SUFFIXES).items():
        documents[path] = document.path
    left = [figure for figure in beside if figure.path not in documents]
    others = {path: document.path for path, document in documents_of(manifest, left).items()}
    others |= {figure.path: figure.source for figure in left if figure.source}
    return {
        path: _content(manifest, figure, file)
        for path, figure in unique.items()
        if (file := documents.get(path) or others.get(path))
    }


def _stated(figure: Figure) -> str | None:
    """Returns the path of the document that a row of the manifest names, or of the figure."""
    if figure.source and figure.source.lower().endswith(SUFFIXES):
        return figure.source
    return None if is_raster_name(figure.path) else figure.path


def _content(manifest: Manifest, figure: Figure, path: str) -> DocumentContent:
    from figbench.editability import measure_content

    suffix = "." + path.rpartition(".")[2].lower()
    name = suffix.lstrip(".")
    try:
        own = path == figure.path
        data = manifest.read(figure) if own else read_source(Path(manifest.root), path)
    except DecodeError as error:
        return DocumentContent(name, failure=error.reason)
    try:
        return measure_content(data, format_of(data, suffix) or name)
    except FigbenchError as error:
        return DocumentContent(name, failure=error.message)
    except RecursionError:
        return DocumentContent(name, failure="the document nests too deeply")
