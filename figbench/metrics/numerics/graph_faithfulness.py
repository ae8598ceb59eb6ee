"""How far a figure's graph says what its spec asks for, and nothing that it forbids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from figbench.data.label_text import normalise
from figbench.graphs.model import FigureGraph
from figbench.graphs.spec import FigureSpec, SpecEdge
from figbench.metrics.numerics.graph_nodes import MAX_NED
from figbench.metrics.numerics.label_matching import text_similarity


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """A figure against its spec.

    Attributes:
        label_recall: Share of the required labels that the figure shows; None without any.
        edge_recall: Share of the required edges, direction included; None without any.
        edge_recall_undirected: Likewise, direction ignored.
        missing_labels: Required labels that are not there.
        missing_edges: Required edges that are not there.
        reversed_edges: Those of ``missing_edges`` that are there in another direction.
        forbidden_labels: Forbidden labels that are there.
        forbidden_edges: Forbidden edges that are there.
        invented_labels: Labels of the figure that neither spec nor text has.
        labels: Number of labels of the figure.
    """

    label_recall: float | None
    edge_recall: float | None
    edge_recall_undirected: float | None
    missing_labels: tuple[str, ...]
    missing_edges: tuple[SpecEdge, ...]
    reversed_edges: tuple[SpecEdge, ...]
    forbidden_labels: tuple[str, ...]
    forbidden_edges: tuple[SpecEdge, ...]
    invented_labels: tuple[str, ...]
    labels: int

    @property
    def forbidden(self) -> int:
        """Number of forbidden labels and edges that are there."""
        return len(self.forbidden_labels) + len(self.forbidden_edges)

    @property
    def invented_share(self) -> float | None:
        """Share of the figure's labels that are invented, 0 to 1; None without labels."""
        return len(self.invented_labels) / self.labels if self.labels else None


def check_spec(graph: FigureGraph, spec: FigureSpec, *, max_ned: float = MAX_NED) -> Faithfulness:
    """Compares a figure's graph with its spec.

    Labels are those of nodes, edges and groups. Required labels are assigned one to one on 1 - NED;
    an end of an edge is any node of a matching text. A label is invented when it matches nothing of
    the spec and not all of its words stand in the spec's text; without required labels, edges and
    text nothing can be called invented.

    Args:
        graph: Of the figure.
        spec: What it should say.
        max_ned: Largest normalised edit distance of matching texts, 0 to 1.
    """
    shown = [node.text for node in graph.nodes] + [edge.label for edge in graph.edges]
    shown += [group.title for group in graph.groups]
    shown = [text for text in shown if normalise(text)]
    found = _assigned([label.text for label in spec.labels], shown, max_ned)
    hits, plain = _edge_hits(graph, spec.edges, max_ned)
    bad, _ = _edge_hits(graph, spec.forbidden_edges, max_ned)
    bad_labels = [
        label.text
        for label in spec.forbidden_labels
        if any(_same(label.text, text, max_ned) for text in shown)
    ]
    missing = [edge for edge, hit in zip(spec.edges, hits, strict=True) if not hit]
    turned = [e for e, hit, any_ in zip(spec.edges, hits, plain, strict=True) if any_ and not hit]
    return Faithfulness(
        label_recall=sum(found) / len(found) if found else None,
        edge_recall=sum(hits) / len(hits) if hits else None,
        edge_recall_undirected=sum(plain) / len(plain) if plain else None,
        missing_labels=tuple(
            label.text for label, hit in zip(spec.labels, found, strict=True) if not hit
        ),
        missing_edges=tuple(missing),
        reversed_edges=tuple(turned),
        forbidden_labels=tuple(bad_labels),
        forbidden_edges=tuple(e for e, hit in zip(spec.forbidden_edges, bad, strict=True) if hit),
        invented_labels=tuple(_invented(shown, spec, max_ned)),
        labels=len(shown),
    )


def _same(first: str, second: str, max_ned: float) -> bool:
    return text_similarity(normalise(first), normalise(second)) >= 1.0 - max_ned - 1e-9


def _assigned(required: Sequence[str], shown: Sequence[str], max_ned: float) -> list[bool]:
    """Whether each required label is shown; one shown label serves one requirement."""
    if not required or not shown:
        return [False] * len(required)
    texts = [normalise(text) for text in shown]
    similar = np.array([[text_similarity(normalise(r), text) for text in texts] for r in required])
    hits = similar >= 1.0 - max_ned - 1e-9
    rows, columns = linear_sum_assignment(hits * (1.0 + similar), maximize=True)
    out = [False] * len(required)
    for row, column in zip(rows, columns, strict=True):
        out[row] = bool(hits[row, column])
    return out


def _edge_hits(
    graph: FigureGraph, required: Sequence[SpecEdge], max_ned: float
) -> tuple[list[bool], list[bool]]:
    """Whether each required edge is there with its direction, and whether in any direction."""
    texts = graph.texts
    pairs = [(texts[e.source], texts[e.target], e.direction) for e in graph.edges]
    exact, loose = [], []
    for edge in required:
        ways: set[str] = set()
        for source, target, direction in pairs:
            if _same(edge.source, source, max_ned) and _same(edge.target, target, max_ned):
                ways |= {"forward", "back"} if direction == "both" else {direction}
            elif _same(edge.source, target, max_ned) and _same(edge.target, source, max_ned):
                ways |= {"forward", "back"} if direction == "both" else {
                    "back" if direction == "forward" else direction
                }  # fmt: skip
        needed = {"forward": {"forward"}, "both": {"forward", "back"}, "none": {"none"}}
        exact.append(needed[edge.direction] <= ways)
        loose.append(bool(ways))
    return exact, loose


def _invented(shown: Sequence[str], spec: FigureSpec, max_ned: float) -> list[str]:
    allowed = [label.text for label in spec.labels]
    for edge in spec.edges:
        allowed += [edge.source, edge.target, *([edge.label] if edge.label else [])]
    words = set(re.findall(r"\w+", normalise(spec.text)))
    if not allowed and not words:
        return []
    return [
        text
        for text in shown
        if not any(_same(text, other, max_ned) for other in allowed)
        and not (set(re.findall(r"\w+", normalise(text))) or {text}) <= words
    ]
