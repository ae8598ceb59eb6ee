"""Arrow heads drawn as small polygons, and lines drawn in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot

from figbench.graphs.drawing import Point, Stroke


def attach_heads(
    strokes: Sequence[Stroke], heads: Sequence[Sequence[Point]], diagonal: float
) -> list[Stroke]:
    """Returns the strokes with the small polygons at their ends as arrow heads.

    A head belongs to the nearest end of a stroke within its own size; the stroke then ends at the
    head's tip, the corner farthest from the stroke's other points.

    Args:
        strokes: Open lines.
        heads: Corners of small filled triangles, darts and open V shapes.
        diagonal: Of the page; a head farther than 1% of it from any end is decoration.
    """
    out = [replace(stroke) for stroke in strokes]
    for corners in heads:
        size = max(hypot(a[0] - b[0], a[1] - b[1]) for a in corners for b in corners)
        best: tuple[float, int, bool] | None = None
        # Of two lines that end at one point, each takes one of the heads there.
        for i, stroke in enumerate(out):
            for last in (True, False):
                end = stroke.path[-1 if last else 0]
                gap = min(hypot(end[0] - c[0], end[1] - c[1]) for c in [*corners, _middle(corners)])
                near = gap <= 0.6 * size + 0.002 * diagonal
                gap += diagonal * (stroke.head if last else stroke.tail)
                if near and (best is None or gap < best[0]):
                    best = (gap, i, last)
        if best is None:
            continue
        _, i, last = best
        stroke = out[i]
        behind = stroke.path[-2 if last else 1]
        tip = max(corners, key=lambda c: hypot(c[0] - behind[0], c[1] - behind[1]))
        path = (*stroke.path[:-1], tip) if last else (tip, *stroke.path[1:])
        out[i] = replace(stroke, path=path, head=stroke.head or last, tail=stroke.tail or not last)
    return out


def _middle(points: Sequence[Point]) -> Point:
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def join_strokes(strokes: Sequence[Stroke], diagonal: float) -> list[Stroke]:
    """Joins lines drawn in pieces: exactly two plain ends at one point become one line.

    An end with an arrow head is an end; so is a point where three lines meet.
    """
    slack = 0.0015 * diagonal
    out = list(strokes)
    if len(out) > 2000:
        return out
    joined = True
    while joined:
        joined = False
        ends = [
            (stroke.path[-1 if last else 0], i, last)
            for i, stroke in enumerate(out)
            for last in (False, True)
            if not (stroke.head if last else stroke.tail)
        ]
        for point, i, last in ends:
            near = [
                (j, other)
                for p, j, other in ends
                if j != i and hypot(p[0] - point[0], p[1] - point[1]) <= slack
            ]
            if (
                len(near) == 1
                and near[0][0] > i
                and not _fork(out[i], last, out[near[0][0]], near[0][1])
            ):
                out[i] = _join(out[i], last, out[near[0][0]], near[0][1])
                del out[near[0][0]]
                joined = True
                break
    return out


def _fork(first: Stroke, first_last: bool, second: Stroke, second_last: bool) -> bool:
    """Whether two lines leave their common point the same way: two arrows of one node."""
    a, b = _leaving(first, first_last), _leaving(second, second_last)
    return a[0] * b[0] + a[1] * b[1] > 0.7


def _leaving(stroke: Stroke, last: bool) -> Point:
    (ax, ay), (bx, by) = (stroke.path[-1], stroke.path[-2]) if last else stroke.path[:2]
    length = hypot(bx - ax, by - ay) or 1.0
    return (bx - ax) / length, (by - ay) / length


def _join(first: Stroke, first_last: bool, second: Stroke, second_last: bool) -> Stroke:
    a = first.path if first_last else first.path[::-1]
    b = second.path[::-1] if second_last else second.path
    return Stroke(
        (*a, *b[1:]),
        head=second.tail if second_last else second.head,
        tail=first.tail if first_last else first.head,
    )
