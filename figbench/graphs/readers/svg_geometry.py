"""Geometry of SVG elements: lengths, outlines as polylines, transforms of points."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import hypot
from typing import Any

from figbench.graphs.drawing import Point
from figbench.graphs.limits import GraphError
from figbench.io.optional import require


def svgelements() -> Any:
    """Returns the library that parses paths and transforms."""
    return require("svgelements", purpose="Reading SVG documents")


def length(text: str | None, default: float) -> float:
    """Returns a length in pixels, ``default`` where it cannot be read."""
    match = re.match(r"\s*(-?[\d.]+(?:e-?\d+)?)\s*(pt|px|em|%|mm|cm|in)?", text or "")
    if not match:
        return default
    try:
        value = float(match[1])
    except ValueError:
        return default
    return value * {"pt": 4 / 3, "mm": 3.7795, "cm": 37.795, "in": 96.0, "em": 16.0}.get(
        match[2] or "", 1.0
    )


def subpaths(tag: str, element: Any) -> Iterator[tuple[list[Point], bool, bool]]:
    """Yields (points, closed, curved) of every outline of an element."""

    def value(key: str) -> float:
        return length(element.get(key), 0.0)

    if tag == "rect":
        x, y, wide, high = (value(k) for k in ("x", "y", "width", "height"))
        yield [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)], True, False
    elif tag in ("circle", "ellipse"):
        rx, ry = (value("r"), value("r")) if tag == "circle" else (value("rx"), value("ry"))
        yield _ring(value("cx"), value("cy"), rx, ry), True, True
    elif tag == "line":
        yield [(value("x1"), value("y1")), (value("x2"), value("y2"))], False, False
    elif tag in ("polyline", "polygon"):
        numbers = [
            float(v) for v in re.findall(r"-?[\d.]+(?:e-?\d+)?", element.get("points") or "")
        ]
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        yield points, tag == "polygon", False
    else:
        yield from _path(element.get("d") or "")


def _ring(cx: float, cy: float, rx: float, ry: float) -> list[Point]:
    from math import cos, pi, sin

    return [(cx + rx * cos(i * pi / 16), cy + ry * sin(i * pi / 16)) for i in range(32)]


def _path(data: str) -> Iterator[tuple[list[Point], bool, bool]]:
    library = svgelements()
    try:
        path = library.Path(data)
    except (ValueError, TypeError, IndexError, ZeroDivisionError, KeyError):
        raise GraphError(f"svg: cannot read the path {data[:60]!r}.") from None
    points: list[Point] = []
    closed = curved = False
    for segment in path:
        if isinstance(segment, library.Move):
            if points:
                yield points, closed, curved
            points, closed, curved = [(segment.end.x, segment.end.y)], False, False
        elif isinstance(segment, library.Close):
            closed = True
        elif isinstance(segment, library.Line):
            points.append((segment.end.x, segment.end.y))
        else:
            curved = True
            points += [(p.x, p.y) for p in (segment.point(i / 8) for i in range(1, 9))]
    if points:
        yield points, closed, curved


def transformed(matrix: Any, point: Point) -> Point:
    """Returns a point under a matrix."""
    moved = matrix.point_in_matrix_space(point)
    return float(moved.x), float(moved.y)


def near(a: Point, b: Point) -> bool:
    """Returns whether two points are the same."""
    return hypot(a[0] - b[0], a[1] - b[1]) < 1e-3


def bounds(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """Returns the box of points: left, top, right, bottom."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def is_upright(points: Sequence[Point]) -> bool:
    """Returns whether a polygon is an upright rectangle: a small box, not an arrow head."""
    sides = list(pairwise([*points, points[0]]))
    return all(abs(a[0] - b[0]) < 1e-3 or abs(a[1] - b[1]) < 1e-3 for a, b in sides)


def is_ellipse(points: Sequence[Point], box: tuple[float, float, float, float]) -> bool:
    """Returns whether points lie on the ellipse within a box."""
    cx, cy = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    rx, ry = max((box[2] - box[0]) / 2, 1e-9), max((box[3] - box[1]) / 2, 1e-9)
    return all(abs(hypot((x - cx) / rx, (y - cy) / ry) - 1) < 0.08 for x, y in points)
