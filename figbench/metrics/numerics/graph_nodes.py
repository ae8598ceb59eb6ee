"""Assignment of the nodes of two graphs, by text, then neighbours, then position."""

from __future__ import annotations

from collections import defaultdict
from math import hypot

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from figbench.data.label_text import normalise
from figbench.graphs.model import Box, FigureGraph, Node
from figbench.metrics.numerics.label_matching import box_overlap, text_similarity

Array = npt.NDArray[np.float64]

MAX_NED = 0.2
PASSES = 2
_NEIGHBOURS, _POSITION = 1e-3, 1e-6
"""Weights of the tie breaks: neighbours for equal texts, then position."""


def match_nodes(
    generated: FigureGraph, reference: FigureGraph, *, max_ned: float = MAX_NED
) -> dict[str, str]:
    """Assigns nodes one to one.

    Two nodes with a text are as similar as 1 - NED of their normalised texts. Two nodes without
    text are as similar as the IoU of their boxes, as shares of the page or of the extent of all
    nodes (of 3 or more), whichever is larger; where a format states no box, nodes without text of
    one kind may match, and their neighbours decide. Other nodes have similarity 0. A pair counts
    when the similarity is at least 1 - ``max_ned``. As many pairs count as can; among these
    assignments the most similar texts win, then the largest share of matched neighbours (two
    passes), then the nearest boxes.

    Args:
        generated: The graph under test.
        reference: The graph that it should equal.
        max_ned: Largest normalised edit distance of a match, 0 to 1.

    Returns:
        Id of the generated node to id of the reference node, of the pairs that count.
    """
    if not generated.nodes or not reference.nodes:
        return {}
    frames = _extent(generated), _extent(reference)
    similar = np.array(
        [[_similarity(a, b, frames) for b in reference.nodes] for a in generated.nodes]
    )
    hits = similar >= 1.0 - max_ned - 1e-9
    near = np.array([[_nearness(a, b) for b in reference.nodes] for a in generated.nodes])
    rank = hits * (2.0 * (min(similar.shape) + 1.0)) + hits * similar
    matched: dict[str, str] = {}
    # Nodes whose text is unique on both sides are matched first: they are neighbours of others.
    matched = _assign(generated, reference, rank, hits & _unambiguous(hits))
    around = (_neighbours(generated), _neighbours(reference))
    for _ in range(PASSES):
        shared = _shared(generated, reference, matched, around)
        matched = _assign(
            generated, reference, rank + hits * (_NEIGHBOURS * shared + _POSITION * near), hits
        )
    return matched


def _assign(
    generated: FigureGraph, reference: FigureGraph, rank: Array, hits: npt.NDArray[np.bool_]
) -> dict[str, str]:
    first, second = linear_sum_assignment(rank, maximize=True)
    return {
        generated.nodes[i].id: reference.nodes[j].id
        for i, j in zip(first, second, strict=True)
        if hits[i, j]
    }


def _unambiguous(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray((hits.sum(axis=1, keepdims=True) == 1) & (hits.sum(axis=0) == 1))


def _similarity(first: Node, second: Node, frames: tuple[Box, Box]) -> float:
    first_text, second_text = normalise(first.text), normalise(second.text)
    if first_text and second_text:
        return text_similarity(first_text, second_text)
    if first_text or second_text:
        return 0.0
    if first.box is None or second.box is None:
        return 1.0 - MAX_NED if first.kind == second.kind else 0.0
    inner = box_overlap(_within(first.box, frames[0]), _within(second.box, frames[1]))
    return max(box_overlap(first.box, second.box), inner)


def _extent(graph: FigureGraph) -> Box:
    boxes = [node.box for node in graph.nodes if node.box]
    if len(boxes) < 3:
        return 0.0, 0.0, 1.0, 1.0
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def _within(box: Box, frame: Box) -> Box:
    """A box as shares of the extent of all nodes: page margins do not count."""
    wide, high = max(frame[2] - frame[0], 1e-9), max(frame[3] - frame[1], 1e-9)
    x, y = frame[:2]
    return (box[0] - x) / wide, (box[1] - y) / high, (box[2] - x) / wide, (box[3] - y) / high


def _nearness(first: Node, second: Node) -> float:
    """1 for boxes with one centre, 0 for opposite corners; 0 when either box is unknown."""
    if first.box is None or second.box is None:
        return 0.0
    across = (first.box[0] + first.box[2] - second.box[0] - second.box[2]) / 2
    down = (first.box[1] + first.box[3] - second.box[1] - second.box[3]) / 2
    return max(0.0, 1.0 - hypot(across, down) / 2**0.5)


Neighbours = dict[str, set[tuple[str, str]]]


def _neighbours(graph: FigureGraph) -> Neighbours:
    """Returns the neighbours of each node: direction of the edge and id of the neighbour."""
    around: Neighbours = defaultdict(set)
    for edge in graph.edges:
        ways = {"forward": ("out", "in"), "both": ("both", "both"), "none": ("by", "by")}
        forward, back = ways[edge.direction]
        around[edge.source].add((forward, edge.target))
        around[edge.target].add((back, edge.source))
    return around


def _shared(
    generated: FigureGraph,
    reference: FigureGraph,
    matched: dict[str, str],
    around: tuple[Neighbours, Neighbours],
) -> Array:
    """Returns the share of common matched neighbours of each pair, shape (n, m), 0 to 1.

    Direction counts for half.
    """
    shares = np.zeros((len(generated.nodes), len(reference.nodes)))
    for i, node in enumerate(generated.nodes):
        near = around[0].get(node.id, set())
        mapped = {(way, matched[other]) for way, other in near if other in matched}
        loose = {name for _, name in mapped}
        for j, candidate in enumerate(reference.nodes):
            expected = around[1].get(candidate.id, set())
            largest = max(len(near), len(expected))
            if largest:
                common = len(mapped & expected) + len(loose & {name for _, name in expected})
                shares[i, j] = min(1.0, common / (2 * largest))
    return shares
