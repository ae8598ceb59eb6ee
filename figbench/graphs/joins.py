"""Steps from marks to edges: ends of lines, paragraphs of text, directions."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

from figbench.graphs.drawing import (
    Point,
    Stroke,
    Words,
    area,
    border_distance,
    centre,
    distance,
    union,
)
from figbench.graphs.model import Box, Direction, Edge, Kind

NodeCandidate = tuple[Box, str, Kind, set[str]]
"""Box, text, kind and keys of a possible node."""


def joined_nodes(
    stroke: Stroke,
    candidates: list[NodeCandidate],
    first_frame: int,
    *,
    reach: float,
    line: float,
) -> tuple[int, int] | None:
    """Returns the indices of the nodes that a line joins, or None.

    Args:
        stroke: The line.
        candidates: Possible nodes, frames last.
        first_frame: Index of the first frame; frames are joined at their border.
        reach: Farthest end of a line from its node, pixels.
        line: Height of a line of text, pixels. A loop reaches farther out of its node; lines
            within a node are part of its drawing.
    """
    ends = []
    for key, point in ((stroke.source, stroke.path[0]), (stroke.target, stroke.path[-1])):
        named = [i for i, (_, _, _, keys) in enumerate(candidates) if key and key in keys]
        if named:
            ends.append(named[0])
            continue
        gaps = [
            (distance(box, point), area(box), i)
            for i, (box, *_) in enumerate(candidates[:first_frame])
        ]
        gaps += [
            (border_distance(box, point), area(box), first_frame + i)
            for i, (box, *_) in enumerate(candidates[first_frame:])
        ]
        best = min(gaps, default=None)
        if best is None or best[0] > reach:
            return None
        ends.append(best[2])
    if ends[0] == ends[1]:
        box = candidates[ends[0]][0]
        if not any(distance(box, point) > line for point in stroke.path):
            return None
    return ends[0], ends[1]


def middle(path: tuple[Point, ...]) -> Point:
    """Returns the middle of the longest straight piece."""
    (ax, ay), (bx, by) = max(
        pairwise(path), key=lambda ab: hypot(ab[0][0] - ab[1][0], ab[0][1] - ab[1][1])
    )
    return (ax + bx) / 2, (ay + by) / 2


def paragraphs(words: list[Words], line: float) -> list[Words]:
    """Joins lines of text that are right below each other, centred or flush left.

    Args:
        words: Lines of text.
        line: Height of a line, pixels.
    """
    out: list[Words] = []
    for entry in sorted(words, key=lambda w: (w.box[1], w.box[0])):
        for i, above in enumerate(out):
            gap = entry.box[1] - above.box[3]
            flush = abs(entry.box[0] - above.box[0]) < 1.0
            centred = abs(centre(entry.box)[0] - centre(above.box)[0]) < 0.25 * line
            if -0.3 * line <= gap <= 0.4 * line and (flush or centred):
                out[i] = Words(f"{above.text} {entry.text}", union(above.box, entry.box), above.key)
                break
        else:
            out.append(entry)
    return out


def edge_of(source: str, target: str, stroke: Stroke, label: str) -> Edge:
    """Returns the edge of a line, turned round where only its start has an arrow head.

    Args:
        source: Id of the node at the start.
        target: Id of the node at the end.
        stroke: The line.
        label: Its text.
    """
    if stroke.tail and not stroke.head:
        return Edge(target, source, label)
    direction: Direction = "both" if stroke.tail else "forward" if stroke.head else "none"
    return Edge(source, target, label, direction)
