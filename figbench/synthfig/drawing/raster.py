"""Anti-aliased coverage of outlines, from correctly rounded arithmetic only.

All drawing uses this module. A seed gives the same pixels under every Pillow, FreeType and
libm, because only ``+ - * /``, ``sqrt``, ``floor`` and integer sums are used.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]
Segments = npt.NDArray[np.float64]
"""(n, 4) directed edges x0, y0, x1, y1; closed contours, y downwards."""
Mask = npt.NDArray[np.uint8]
"""(height, width) coverage, 0..255."""

_SUBROWS = 5
_CIRCLE = 0.5522847498307936


def coverage(edges: Segments, width: int, height: int) -> Mask:
    """Fills closed contours by the non-zero winding rule.

    Args:
        edges: The directed edges in pixels of the window.
        width: Window width.
        height: Window height.

    Returns:
        Coverage of each pixel: exact along x, sampled on 5 lines per row along y.
    """
    if not len(edges) or width < 1 or height < 1:
        return np.zeros((max(height, 0), max(width, 0)), np.uint8)
    rows = height * _SUBROWS
    x0, y0, x1, y1 = (edges[:, i : i + 1] for i in range(4))
    y = (np.arange(rows) + 0.5) / _SUBROWS
    edge, row = np.nonzero((y0 <= y) != (y1 <= y))
    slope = (x1 - x0) / np.where(y1 == y0, 1.0, y1 - y0)
    x = x0[edge, 0] + (y[row] - y0[edge, 0]) * slope[edge, 0]
    sign = np.where(y1[edge, 0] > y0[edge, 0], 1.0, -1.0)
    x = np.minimum(np.maximum(x, 0.0), float(width))
    cell = np.floor(x).astype(np.int64)
    part = x - cell
    at = row * (width + 2) + cell
    steps = np.bincount(at, sign * (1.0 - part), rows * (width + 2))
    steps += np.bincount(at + 1, sign * part, rows * (width + 2))
    winding = np.cumsum(steps.reshape(rows, width + 2), axis=1)[:, :width]
    levels = np.rint(np.minimum(np.abs(winding), 1.0) * 255.0).astype(np.int64)
    summed = levels.reshape(height, _SUBROWS, width).sum(axis=1)
    return np.asarray((summed + _SUBROWS // 2) // _SUBROWS, np.uint8)


def closed(points: Sequence[Point]) -> Segments:
    """Returns the edges of the polygon through the points, shape (n, 4)."""
    ring = np.asarray(points, np.float64)
    return np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1)


def quadratic(a: Point, b: Point, c: Point, steps: int = 6) -> list[Point]:
    """Returns points of a quadratic Bezier curve, without its start.

    Args:
        a: Start.
        b: Control point.
        c: End.
        steps: Number of points.
    """
    out = []
    for i in range(1, steps + 1):
        t = i / steps
        u = 1.0 - t
        out.append(
            (
                u * u * a[0] + 2 * u * t * b[0] + t * t * c[0],
                u * u * a[1] + 2 * u * t * b[1] + t * t * c[1],
            )
        )
    return out


def cubic(a: Point, b: Point, c: Point, d: Point, steps: int = 8) -> list[Point]:
    """Returns points of a cubic Bezier curve, without its start.

    Args:
        a: Start.
        b: First control point.
        c: Second control point.
        d: End.
        steps: Number of points.
    """
    out = []
    for i in range(1, steps + 1):
        t = i / steps
        u = 1.0 - t
        w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        out.append(
            (
                w[0] * a[0] + w[1] * b[0] + w[2] * c[0] + w[3] * d[0],
                w[0] * a[1] + w[1] * b[1] + w[2] * c[1] + w[3] * d[1],
            )
        )
    return out


def ellipse(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """Returns a polygon of 32 points on the ellipse in the given box, clockwise."""
    cx, cy, rx, ry = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2
    kx, ky = rx * _CIRCLE, ry * _CIRCLE
    top, right, bottom, left = (cx, y0), (x1, cy), (cx, y1), (x0, cy)
    return (
        cubic(top, (cx + kx, y0), (x1, cy - ky), right)
        + cubic(right, (x1, cy + ky), (cx + kx, y1), bottom)
        + cubic(bottom, (cx - kx, y1), (x0, cy + ky), left)
        + cubic(left, (x0, cy - ky), (cx - kx, y0), top)
    )


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> list[Point]:
    """Returns the outline of a rectangle with rounded corners, clockwise."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    if r <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    k = r * (1 - _CIRCLE)
    corners: tuple[tuple[Point, Point, Point, Point], ...] = (
        ((x1 - r, y0), (x1 - k, y0), (x1, y0 + k), (x1, y0 + r)),
        ((x1, y1 - r), (x1, y1 - k), (x1 - k, y1), (x1 - r, y1)),
        ((x0 + r, y1), (x0 + k, y1), (x0, y1 - k), (x0, y1 - r)),
        ((x0, y0 + r), (x0, y0 + k), (x0 + k, y0), (x0 + r, y0)),
    )
    points: list[Point] = []
    for a, b, c, d in corners:
        points.append(a)
        points += cubic(a, b, c, d, 5)
    return points


def stroke_edges(path: Sequence[Point], width: float) -> Segments:
    """Returns the outline of a stroked path.

    Args:
        path: Points in pixels.
        width: Width of the pen in pixels.

    Returns:
        Edges of shape (n, 4), to be filled by the non-zero rule.
    """
    half = width / 2
    quads: list[list[Point]] = []
    for (ax, ay), (bx, by) in itertools.pairwise(path):
        length = sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        if length == 0:
            continue
        nx, ny = (by - ay) / length * half, (ax - bx) / length * half
        quads.append(
            [(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)]
        )
    if width > 1.2:
        for x, y in path[1:-1]:
            quads.append([(x, y - half), (x + half, y), (x, y + half), (x - half, y)])
    return np.concatenate([closed(q) for q in quads]) if quads else np.zeros((0, 4))


def dashes(path: Sequence[Point], on: float, off: float) -> list[list[Point]]:
    """Cuts a path into dashes.

    Args:
        path: Points in pixels.
        on: Length of a dash in pixels.
        off: Length of a gap in pixels.
    """
    out: list[list[Point]] = [[path[0]]]
    left, drawing = on, True
    for (ax, ay), (bx, by) in itertools.pairwise(path):
        length = sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        done = 0.0
        while length - done > left:
            done += left
            t = done / length
            point = (ax + (bx - ax) * t, ay + (by - ay) * t)
            if drawing:
                out[-1].append(point)
            else:
                out.append([point])
            drawing = not drawing
            left = on if drawing else off
        left -= length - done
        if drawing:
            out[-1].append((bx, by))
    return [dash for dash in out if len(dash) > 1]
