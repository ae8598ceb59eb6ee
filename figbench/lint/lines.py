"""Lines of a drawing: crossings, and distances to a point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import hypot

from figbench.graphs.drawing import Point
from figbench.lint.page import Page


def crossing_points(page: Page) -> list[Point]:
    """Returns the crossings of the lines of a drawing, in pixels; shared ends do not count."""
    strokes = page.drawing.strokes if page.drawing else ()
    points = []
    for first, second in combinations(strokes, 2):
        ends = {*_ends(first.path), *_ends(second.path)}
        for a, b in pairwise(first.path):
            for c, d in pairwise(second.path):
                point = _intersection(a, b, c, d)
                near = 0.004 * page.diagonal
                if point and all(abs(point[0] - x) + abs(point[1] - y) > near for x, y in ends):
                    points.append(point)
    return points


def path_gap(point: Point, path: Sequence[Point]) -> float:
    """Returns the distance from a point to a line of straight pieces."""
    best = float("inf")
    for (ax, ay), (bx, by) in pairwise(path):
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        t = ((point[0] - ax) * dx + (point[1] - ay) * dy) / length if length else 0.0
        t = max(0.0, min(1.0, t))
        best = min(best, hypot(ax + t * dx - point[0], ay + t * dy - point[1]))
    return best


def _ends(path: Sequence[Point]) -> tuple[Point, Point]:
    return path[0], path[-1]


def _intersection(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Returns the crossing of two pieces of lines, or None."""
    across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
    if abs(across) < 1e-9:
        return None
    t = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across
    u = ((c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])) / across
    if not (0.0 <= t <= 1.0 and 0.0 <= u <= 1.0):
        return None
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])
