"""Accuracy of graphs: the metric ``structure`` on graphs in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from figbench.errors import UserError
from figbench.functional.score import LEVEL, SEED, Score, compute_scores, make_inputs

if TYPE_CHECKING:
    from figbench.graphs.model import FigureGraph
    from figbench.graphs.read import GraphResult

Graph = Any
"""A :class:`figbench.graphs.model.FigureGraph`, its JSON document, or None for a missing figure."""


def structure(
    generated: Sequence[Graph],
    reference: Sequence[Graph],
    *,
    max_ned: float = 0.2,
    clusters: Sequence[str] | None = None,
    figure_ids: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, Score]:
    """Compares the boxes and arrows of generated figures with those of their references.

    Args:
        generated: Graph of each figure: a ``FigureGraph`` or a dict ``{"nodes": [{"id", "text"}],
            "edges": [{"source", "target"}]}``; None for a missing figure, which scores 0.
        reference: The same for the references, as many.
        max_ned: Largest normalised edit distance of two texts that match, in [0, 1].
        clusters: Paper of each figure, None for independent figures.
        figure_ids: Per figure; repeated ids are samples of one prompt.
        level: Coverage of the intervals.
        seed: Seed of the bootstrap.

    Returns:
        Scores under ``node_f1``, ``edge_f1`` and the other outputs of ``structure``, each in
        [0, 1], higher is better.

    Raises:
        UserError: If numbers differ, an item is not a graph, or no reference shows a node.

    >>> drawn = {"nodes": [{"id": "a", "text": "Encoder"}, {"id": "b", "text": "Loss"}],
    ...          "edges": [{"source": "a", "target": "b"}]}
    >>> structure([drawn], [drawn])["edge_f1"].value
    1.0
    """
    if not 0.0 <= max_ned <= 1.0:
        raise UserError(f"max_ned: {max_ned}, expected a number between 0 and 1.")
    first, second = _graph_results(generated, "generated"), _graph_results(reference, "reference")
    if len(first) != len(second):
        raise UserError(f"generated and reference: {len(first)} and {len(second)} graphs.")
    for i, graph in enumerate(second):
        if graph is None:
            raise UserError(f"reference[{i}]: None, expected a graph.")
    inputs = make_inputs(
        "structure",
        len(first),
        seed=seed,
        clusters=clusters,
        figure_ids=figure_ids,
        generated_graphs=first,
        reference_graphs=second,
    )
    settings = {"max_ned": float(max_ned)}
    return compute_scores("structure", inputs, settings, level=level, n=len(first))


def _graph_results(graphs: Any, name: str) -> list[GraphResult | None]:
    from figbench.graphs.read import GraphResult

    if isinstance(graphs, str | Mapping) or not isinstance(graphs, Sequence):
        raise UserError(f"{name}: {type(graphs).__name__}, expected a list of graphs.")
    if not graphs:
        raise UserError(f"{name}: empty, expected at least one graph.")
    return [
        None if graph is None else GraphResult(_graph(graph, f"{name}[{i}]"), "given", 1.0, 1.0)
        for i, graph in enumerate(graphs)
    ]


def _graph(graph: Any, name: str) -> FigureGraph:
    from figbench.graphs.model import FigureGraph

    if isinstance(graph, FigureGraph):
        return graph
    if not isinstance(graph, Mapping):
        raise UserError(f"{name}: {type(graph).__name__}, expected a FigureGraph or a dict.")
    try:
        return FigureGraph.from_json(graph)
    except UserError as error:
        raise UserError(f"{name}: {error.message}", remedy=error.remedy) from None
