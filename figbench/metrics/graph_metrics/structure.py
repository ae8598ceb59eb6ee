"""``structure``: nodes, arrows, groups and layout of each figure against its reference."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from figbench.graphs.read import GraphResult
from figbench.metrics.base import (
    Array,
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    OutputSpec,
    Settings,
)
from figbench.metrics.graph_metrics.columns import require_max_ned

if TYPE_CHECKING:
    from figbench.graphs.model import FigureGraph
    from figbench.metrics.numerics.graph_matching import GraphScores

Details = dict[str, float | int | str]

_WEAK = 0.95
"""A reader whose measured edge F1 is below this adds a warning to the scores."""


@dataclass(frozen=True, slots=True)
class _Score:
    """One output.

    Attributes:
        title: For tables.
        value: Score of a comparison; None where the comparison does not define it.
        defined: Whether the reference defines the score.
        optional: Whether a set may lack the score.
    """

    title: str
    value: Callable[[GraphScores], float | None]
    defined: Callable[[FigureGraph], bool] = lambda graph: True
    optional: bool = False


def _has_edges(graph: FigureGraph) -> bool:
    return bool(graph.edges)


def _has_edge_labels(graph: FigureGraph) -> bool:
    return any(edge.label.strip() for edge in graph.edges)


def _has_groups(graph: FigureGraph) -> bool:
    return bool(graph.groups)


def _has_layout(graph: FigureGraph) -> bool:
    return sum(node.box is not None for node in graph.nodes) >= 2


SCORES: Mapping[str, _Score] = {
    "edge_f1": _Score("Edge F1", lambda s: s.edge.f1),
    "edge_precision": _Score("Edge precision", lambda s: s.edge.precision),
    "edge_recall": _Score("Edge recall", lambda s: s.edge.recall),
    "edge_f1_undirected": _Score("Edge F1, direction ignored", lambda s: s.edge_undirected.f1),
    "direction_accuracy": _Score(
        "Direction accuracy", lambda s: s.direction_accuracy, _has_edges, optional=True
    ),
    "node_f1": _Score("Node F1", lambda s: s.node.f1),
    "node_precision": _Score("Node precision", lambda s: s.node.precision),
    "node_recall": _Score("Node recall", lambda s: s.node.recall),
    "path_f1": _Score("Path F1", lambda s: s.path.f1),
    "edge_label_f1": _Score(
        "Edge label F1", lambda s: s.edge_label_f1, _has_edge_labels, optional=True
    ),
    "group_f1": _Score("Group F1", lambda s: s.group_f1, _has_groups, optional=True),
    "layout_agreement": _Score("Layout agreement", lambda s: s.layout, _has_layout, optional=True),
}
CEILINGS = ("edge_f1", "node_f1")


def _outputs() -> tuple[OutputSpec, ...]:
    def output(identity: str, title: str, optional: bool) -> OutputSpec:
        return OutputSpec(identity, title, True, 0.0, 1.0, optional=optional, group="structure")

    plain = [output(key, score.title, score.optional) for key, score in SCORES.items()]
    ceilings = [
        output(f"{key}_ceiling", f"{SCORES[key].title}, reader's ceiling", True) for key in CEILINGS
    ]
    return tuple(plain + ceilings)


class Structure:
    """Graph of each generated figure against the graph of its reference.

    Formula: nodes are assigned one to one (Hungarian) on 1 - NED of their texts under NFKC and
        case folding; a pair counts from NED <= 0.2, and equal texts are distinguished by their
        neighbours, then by position. Edges are multisets over matched nodes: directed, a reversed
        arrow is wrong, a double arrow counts twice; an edge with an unmatched end is wrong. Path F1
        compares the ordered pairs joined by at most 6 arrows. Direction accuracy is the share of
        right directions among edges that match undirected; edge label F1 is over matched edges;
        group F1 is B-cubed over matched nodes; layout agreement is the share of equal relative
        positions over pairs of matched nodes. Each is the mean over figures. The graph is read
        from the document next to a figure (SVG, draw.io, dot, Mermaid, PPTX, TikZ), else from its
        pixels. ``_ceiling`` is the mean score of reading the pixels of the reference itself, where
        the reference has a document and the generated figure has none.
    Reference: Bagga and Baldwin 1998 for B-cubed; DiagramEval (arXiv 2510.25761) for node and path
        alignment, restated so that every score lies in [0, 1].
    Direction: higher is better, 0 to 1.
    Minimum n: 1 figure whose reference shows a node.
    Known biases: measures through a reader whose node and edge F1 on exact graphs are in the
        details; the reader of pixels is weak, and a difference below its error is not meaningful. A
        missing figure, and one whose document cannot be read, scores 0 wherever its reference
        defines the score. A figure whose reference shows no node does not enter. Direction, label,
        group and layout scores are conditional on matched nodes or edges: report them with node F1
        and edge F1. A generated format without positions has no layout agreement.
    """

    def __init__(self) -> None:
        self.spec = MetricSpec(
            name="structure",
            outputs=_outputs(),
            needs=Needs(graphs=True),
            documentation=inspect.getdoc(type(self)) or "",
            settings={"max_ned": 0.2},
            sees=(
                "text-characters",
                "text-garbled",
                "text-shuffled",
                "text-removed",
                "structure",
                "layout-mirrored",
                "captions-shuffled",
                "modes-dropped",
                "missing",
                "failed",
            ),
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the measurements that the inputs provide for.

        Raises:
            MetricError: If no reference shows a node, or ``max_ned`` is outside [0, 1].
        """
        max_ned = self.spec.resolve(settings)["max_ned"]
        require_max_ned(max_ned)
        columns = _columns(inputs.generated_graphs, inputs.reference_graphs, max_ned)
        if np.isnan(columns["node_f1"]).all():
            raise MetricError(
                "found 0 reference figures with a node that the reader can see, needs at least 1"
                + _first_failure(inputs.reference_graphs)
            )
        ceilings = _ceilings(inputs, max_ned)
        details = _details(columns["node_f1"], inputs)
        warnings = _warnings(inputs)
        outputs = {output.id: output for output in self.spec.outputs}
        measurements = []
        for key, values in (columns | ceilings).items():
            if np.isnan(values).all():
                continue
            own = dict(details, figures=int(np.isfinite(values).sum()))
            if f"{key}_ceiling" in ceilings:
                own["ceiling"] = float(np.nanmean(ceilings[f"{key}_ceiling"]))
            measurements.append(
                Measurement(
                    outputs[key],
                    float(np.nanmean(values)),
                    per_figure=values,
                    details=own,
                    warnings=warnings if key == "edge_f1" else (),
                )
            )
        return measurements


def _columns(
    generated: Sequence[GraphResult | None],
    reference: Sequence[GraphResult | None],
    max_ned: float,
) -> dict[str, Array]:
    """Returns one column per score, NaN where the reference does not define it."""
    columns = {key: np.full(len(generated), np.nan) for key in SCORES}
    for i, (result, expected) in enumerate(zip(generated, reference, strict=True)):
        if expected is None or not expected.graph.nodes:
            continue
        for key, value in _figure_scores(result, expected.graph, max_ned).items():
            columns[key][i] = value
    return columns


def _figure_scores(
    result: GraphResult | None, expected: FigureGraph, max_ned: float
) -> dict[str, float]:
    """Returns the scores that the reference's graph defines."""
    from figbench.metrics.numerics.graph_matching import compare_graphs

    if result is None or result.failure:
        return {key: 0.0 for key, score in SCORES.items() if score.defined(expected)}
    scores = compare_graphs(result.graph, expected, max_ned=max_ned)
    values = {}
    for key, score in SCORES.items():
        value = score.value(scores)
        if value is None and score.defined(expected):
            if key == "layout_agreement" and _states_no_position(result.graph):
                continue
            value = 0.0
        if value is not None:
            values[key] = value
    return values


def _states_no_position(graph: FigureGraph) -> bool:
    return bool(graph.nodes) and all(node.box is None for node in graph.nodes)


def _ceilings(inputs: MetricInputs, max_ned: float) -> dict[str, Array]:
    """Returns the scores of the pixels of each reference against its own document."""
    results: list[GraphResult | None] = [None] * len(inputs.figure_ids)
    seen: set[str] = set()
    for i, result in enumerate(inputs.ceiling_graphs):
        if result is not None and inputs.figure_ids[i] not in seen:
            seen.add(inputs.figure_ids[i])
            results[i] = result
    if not seen:
        return {}
    columns = _columns(results, inputs.reference_graphs, max_ned)
    read = np.array([result is not None for result in results])
    return {f"{key}_ceiling": np.where(read, columns[key], np.nan) for key in CEILINGS}


def _details(entered: Array, inputs: MetricInputs) -> Details:
    counted = np.isfinite(entered)
    failed = np.array([bool(g and g.failure) for g in inputs.generated_graphs], np.bool_)
    details: Details = {
        "missing_scored_0": int((counted & ~inputs.present).sum()),
        "unreadable_scored_0": int((counted & failed).sum()),
        "references_without_nodes": int((~counted).sum()),
    }
    for side, graphs in (
        ("generated", inputs.generated_graphs),
        ("reference", inputs.reference_graphs),
    ):
        names = Counter(graph.reader or "unknown" for graph in graphs if graph is not None)
        if names:
            listed = sorted(names.items(), key=lambda item: (-item[1], item[0]))
            details[f"{side}_readers"] = ", ".join(f"{name} {count}" for name, count in listed)
    weakest = _weakest(inputs)
    if weakest is not None and weakest.node_ceiling is not None:
        details["reader_node_f1"] = weakest.node_ceiling
        details["reader_edge_f1"] = weakest.edge_ceiling or 0.0
    return details


def _weakest(inputs: MetricInputs) -> GraphResult | None:
    """Returns a result of the reader with the lowest measured edge F1 among those used."""
    results = [
        graph
        for graph in (*inputs.generated_graphs, *inputs.reference_graphs)
        if graph is not None and graph.edge_ceiling is not None
    ]
    return min(results, key=lambda result: result.edge_ceiling or 0.0, default=None)


def _warnings(inputs: MetricInputs) -> tuple[str, ...]:
    texts = []
    weakest = _weakest(inputs)
    if weakest is not None and weakest.edge_ceiling is not None and weakest.edge_ceiling < _WEAK:
        count = sum(
            graph is not None and graph.reader == weakest.reader
            for graph in (*inputs.generated_graphs, *inputs.reference_graphs)
        )
        texts.append(
            f"edge_f1: {count} graphs were read by the {weakest.reader} reader, whose edge F1 is "
            f"{weakest.edge_ceiling:.2f} and node F1 {weakest.node_ceiling or 0.0:.2f} on figures "
            "of exact graph; smaller differences are not meaningful."
        )
    for side, graphs, effect in (
        ("generated", inputs.generated_graphs, "score 0"),
        ("reference", inputs.reference_graphs, "do not enter"),
    ):
        failed = sum(bool(graph and graph.failure) for graph in graphs)
        if failed:
            texts.append(
                f"edge_f1: the graphs of {failed} {side} figures cannot be read and {effect}"
                f"{_first_failure(graphs)}."
            )
    empty = sum(bool(g and not g.failure and not g.graph.nodes) for g in inputs.reference_graphs)
    if empty:
        texts.append(
            f"edge_f1: {empty} of {len(inputs.reference_graphs)} references show no node and do "
            "not enter."
        )
    return tuple(texts)


def _first_failure(graphs: Sequence[GraphResult | None]) -> str:
    first = next((graph for graph in graphs if graph is not None and graph.failure), None)
    return f" (first: {first.reader or 'no reader'}: {first.failure.rstrip('.')})" if first else ""


STRUCTURE = Structure()
