"""Arrows that a figure misses, invents or reverses, drawn for the contact sheet of a report."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from figbench.graphs.model import Edge, FigureGraph
from figbench.graphs.overlay import differences_svg
from figbench.graphs.read import GraphResult
from figbench.metrics.numerics.graph_matching import compare_graphs, edge_differences


@dataclass(frozen=True, slots=True)
class ArrowDifferences:
    """Arrows of one figure that disagree with its reference.

    Attributes:
        image: Data URI of an SVG overlay; empty where no node has a position.
        missed: Arrows of the reference that the figure lacks, as ``source to target``.
        invented: Arrows of the figure that the reference lacks.
        reversed: Arrows of the reference whose direction is another in the figure.
        problem: Why there is no comparison; else empty.
    """

    image: str = ""
    missed: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    reversed: tuple[str, ...] = ()
    problem: str = ""


def arrow_differences(
    generated: GraphResult, reference: GraphResult, image: str = ""
) -> ArrowDifferences:
    """Returns how the arrows of a figure differ from those of its reference.

    Args:
        generated: Graph of the figure.
        reference: Graph of its reference.
        image: Data URI of the figure; used as the background where the graph was read from it.
    """
    for side, graph_result in (("generated", generated), ("reference", reference)):
        if graph_result.failure:
            return ArrowDifferences(problem=f"{side} graph: {graph_result.failure}")
    scores = compare_graphs(generated.graph, reference.graph)
    wrong = edge_differences(generated.graph, reference.graph, scores.matched)
    background = image if generated.reader == "raster" else ""
    svg = differences_svg(generated.graph, reference.graph, scores.matched, wrong, background)
    data = base64.b64encode(svg.encode()).decode("ascii")
    return ArrowDifferences(
        image=f"data:image/svg+xml;base64,{data}" if svg else "",
        missed=_listed(wrong["missed"], reference.graph),
        invented=_listed(wrong["invented"], generated.graph),
        reversed=_listed(wrong["reversed"], reference.graph),
    )


def _listed(edges: Sequence[Edge], graph: FigureGraph) -> tuple[str, ...]:
    texts = graph.texts
    return tuple(
        f"{texts[edge.source] or edge.source} to {texts[edge.target] or edge.target}"
        for edge in edges
    )
