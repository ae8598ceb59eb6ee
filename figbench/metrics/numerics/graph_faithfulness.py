"""Agreement of a figure's graph with a spec: required, forbidden and invented content."""

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
        missing_labels: Required labels that are absent.
        missing_edges: Required edges that are absent.
        reversed_edges: Those of ``missing_edges`` that are present in another direction.
        forbidden_labels: Forbidden labels that are present.
        forbidden_edges: Forbidden edges that are present.
        invented_labels: Labels of the figure that are neither in the spec nor in its text.
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
        """Number of forbidden labels and edges that are present."""
        return len(self.forbidden_labels) + len(self.forbidden_edges)

    @property
    def invented_share(self) -> float | None:
        """Share of the figure's labels that are invented, 0 to 1; None without labels."""
        return len(self.invented_labels) / self.labels if self.labels else None


def check_spec(graph: FigureGraph, spec: FigureSpec, *, max_ned: float = MAX_NED) -> Faithfulness:
    """Compares a figure's graph with its spec.

    Labels are those of nodes, edges and groups. Required labels are assigned one to one on 1 - NED;
    an end of an edge is any node of a matching text. A label is invented when it matches nothing of
    the spec and not all of its words are in the spec's text; without required labels, edges and
    text no label is invented.

    Args:
        graph: Of the figure.
        spec: Required and forbidden content.
        max_ned: Largest normalised edit distance of matching texts, 0 to 1.
    """
    labels = [node.text for node in graph.nodes] + [edge.label for edge in graph.edges]
    labels += [group.title for group in graph.groups]
    labels = [text for text in labels if normalise(text)]
    present = _assigned([label.text for label in spec.labels], labels, max_ned)
    hits, plain = _edge_hits(graph, spec.edges, max_ned)
    bad, _ = _edge_hits(graph, spec.forbidden_edges, max_ned)
    bad_labels = [
        label.text
        for label in spec.forbidden_labels
        if any(_same(label.text, text, max_ned) for text in labels)
    ]
    missing = [edge for edge, hit in zip(spec.edges, hits, strict=True) if not hit]
    turned = [e for e, hit, any_ in zip(spec.edges, hits, plain, strict=True) if any_ and not hit]
    return Faithfulness(
        label_recall=sum(present) / len(present) if present else None,
        edge_recall=sum(hits) / len(hits) if hits else None,
        edge_recall_undirected=sum(plain) / len(plain) if plain else None,
        missing_labels=tuple(
            label.text for label, hit in zip(spec.labels, present, strict=True) if not hit
        ),
        missing_edges=tuple(missing),
        reversed_edges=tuple(turned),
        forbidden_labels=tuple(bad_labels),
        forbidden_edges=tuple(e for e, hit in zip(spec.forbidden_edges, bad, strict=True) if hit),
        invented_labels=tuple(_invented(labels, spec, max_ned)),
        labels=len(labels),
    )


def _same(first: str, second: str, max_ned: float) -> bool:
    return text_similarity(normalise(first), normalise(second)) >= 1.0 - max_ned - 1e-9


def _assigned(required: Sequence[str], labels: Sequence[str], max_ned: float) -> list[bool]:
    """Returns whether each required label is matched, one to one, by a label of the figure."""
    if not required or not labels:
        return [False] * len(required)
    texts = [normalise(text) for text in labels]
    similar = np.array([[text_similarity(normalise(r), text) for text in texts] for r in required])
    hits = similar >= 1.0 - max_ned - 1e-9
    first, second = linear_sum_assignment(hits * (1.0 + similar), maximize=True)
    out = [False] * len(required)
    for i, j in zip(first, second, strict=True):
        out[i] = bool(hits[i, j])
    return out


def _edge_hits(
    graph: FigureGraph, required: Sequence[SpecEdge], max_ned: float
) -> tuple[list[bool], list[bool]]:
    """Returns whether each required edge is present in its direction, and in any direction."""
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
        required_ways = {"forward": {"forward"}, "both": {"forward", "back"}, "none": {"none"}}
        exact.append(required_ways[edge.direction] <= ways)
        loose.append(bool(ways))
    return exact, loose


def _invented(labels: Sequence[str], spec: FigureSpec, max_ned: float) -> list[str]:
    allowed = [label.text for label in spec.labels]
    for edge in spec.edges:
        allowed += [edge.source, edge.target, *([edge.label] if edge.label else [])]
    words = set(re.findall(r"\w+", normalise(spec.text)))
    if not allowed and not words:
        return []
    return [
        text
        for text in labels
        if not any(_same(text, other, max_ned) for other in allowed)
        and not (set(re.findall(r"\w+", normalise(text))) or {text}) <= words
    ]
