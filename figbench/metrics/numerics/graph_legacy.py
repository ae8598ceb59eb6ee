"""Published graph scores with known faults, to reproduce published numbers; never ranked.

``sciflow_edge_f1`` and ``sciforma_axis_score`` restate two released evaluators by their formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from figbench.graphs.model import FigureGraph

Encoder = Callable[[Sequence[str]], npt.NDArray[np.float64]]
"""Texts to one vector each, (n, d)."""

RANKED = False
"""Boards and rankings leave these scores out."""

SCIFORMA_WEIGHTS = {"critical": 1.0, "moderate": 0.5}


def sciflow_edge_f1(
    generated: FigureGraph, reference: FigureGraph, encode: Encoder, threshold: float = 0.5
) -> float:
    """Returns SciFlow-Bench's edge F1, which has no upper bound and does not see direction.

    Every (generated, reference) pair of edges counts as a hit when the cosine similarity of the
    embeddings of both pairs of ends, in either order, is at least ``threshold``; one reference edge
    may be hit many times, so that recall, and F1, exceed 1.

    Args:
        generated: The graph under test.
        reference: The graph that it should equal.
        encode: Sentence encoder; the published numbers use all-mpnet-base-v2.
        threshold: Least cosine similarity.

    Source:
        SciFlow-Bench (arXiv 2602.09809), released evaluator.
    """
    if not generated.edges or not reference.edges:
        return 0.0
    generated_vectors, reference_vectors = _unit(encode, generated), _unit(encode, reference)
    hits = 0
    for edge in generated.edges:
        a, b = generated_vectors[edge.source], generated_vectors[edge.target]
        hits += any(
            min(a @ reference_vectors[x], b @ reference_vectors[y]) >= threshold
            for other in reference.edges
            for x, y in ((other.source, other.target), (other.target, other.source))
        )
    precision, recall = hits / len(generated.edges), hits / len(reference.edges)
    return 2 * precision * recall / (precision + recall) if hits else 0.0


def _unit(encode: Encoder, graph: FigureGraph) -> dict[str, npt.NDArray[np.float64]]:
    vectors = np.asarray(encode([node.text for node in graph.nodes]), np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(lengths == 0, 1.0, lengths)
    return {node.id: vector for node, vector in zip(graph.nodes, vectors, strict=True)}


def sciforma_axis_score(errors: Sequence[str], inventory: int) -> float:
    """Returns SciForma's score of one axis: 1 - sum of weights / min(max(n, 1), 30).

    Args:
        errors: Severity of each error, ``critical`` or ``moderate``; others weigh 0, as released.
        inventory: Number n of the axis' inventory entries.

    Returns:
        Not below 0.

    Source:
        SciForma (arXiv 2607.18091), released evaluator.
    """
    weight = sum(SCIFORMA_WEIGHTS.get(severity, 0.0) for severity in errors)
    return max(0.0, 1.0 - weight / min(max(inventory, 1), 30))
