"""An RGB page with drawing operations in integer pixels and 8-bit coverage."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import floor, sqrt

import numpy as np
import numpy.typing as npt

from figbench.images.types import RGBImage
from figbench.synthfig.drawing.raster import (
    Mask,
    Point,
    Segments,
    closed,
    coverage,
    dashes,
    rounded,
    stroke_edges,
)

Colour = tuple[int, int, int]


class Canvas:
    """An RGB page; everything outside the page is clipped.

    Args:
        width: In pixels.
        height: In pixels.
        background: Colour of the page.

    Attributes:
        pixels: uint8 array of shape (height, width, 3).
    """

    def __init__(self, width: int, height: int, background: Colour = (255, 255, 255)) -> None:
        self.pixels: RGBImage = np.empty((height, width, 3), np.uint8)
        self.pixels[:] = background

    def blend(self, mask: Mask, left: int, top: int, colour: Colour) -> None:
        """Paints a colour through a coverage mask.

        Args:
            mask: uint8 coverage of shape (h, w).
            left: Left edge of the mask on the page, in pixels.
            top: Top edge.
            colour: The colour.
        """
        height, width = self.pixels.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + mask.shape[1], width), min(top + mask.shape[0], height)
        if x0 >= x1 or y0 >= y1:
            return
        alpha = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.int32)
        window = self.pixels[y0:y1, x0:x1]
        mixed = window * (255 - alpha) + np.array(colour, np.int32) * alpha + 127
        self.pixels[y0:y1, x0:x1] = mixed // 255

    def paste(self, image: RGBImage, left: int, top: int) -> None:
        """Copies an image onto the page.

        Args:
            image: uint8 array of shape (h, w, 3).
            left: Left edge on the page, in pixels.
            top: Top edge.
        """
        height, width = self.pixels.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + image.shape[1], width), min(top + image.shape[0], height)
        if x0 < x1 and y0 < y1:
            self.pixels[y0:y1, x0:x1] = image[y0 - top : y1 - top, x0 - left : x1 - left]

    def _fill_edges(self, edges: Segments, colour: Colour) -> None:
        if not len(edges):
            return
        height, width = self.pixels.shape[:2]
        xs, ys = edges[:, 0::2], edges[:, 1::2]
        left, top = max(floor(xs.min()), -1), max(floor(ys.min()), -1)
        right, bottom = min(floor(xs.max()) + 2, width), min(floor(ys.max()) + 2, height)
        window = edges - np.array([left, top, left, top], np.float64)
        self.blend(coverage(window, right - left, bottom - top), left, top, colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fills a polygon."""
        self._fill_edges(closed(points), colour)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Fills an axis-parallel rectangle, exact on fractional edges; corners in pixels."""
        left, top = floor(x0), floor(y0)
        across = _overlap(x0 - left, x1 - left)
        down = _overlap(y0 - top, y1 - top)
        mask = np.rint(down[:, None] * across[None, :] * 255.0).astype(np.uint8)
        self.blend(mask, left, top, colour)

    def box(self, box: tuple[int, int, int, int], radius: int, colour: Colour) -> None:
        """Fills a rectangle with rounded corners.

        Args:
            box: Corners in whole pixels.
            radius: Radius of the corners in pixels.
            colour: Fill colour.
        """
        x0, y0, x1, y1 = box
        radius = max(0, min(radius, (x1 - x0) // 2, (y1 - y0) // 2))
        if radius == 0:
            self.pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = colour
            return
        self.pixels[max(y0 + radius, 0) : max(y1 - radius, 0), max(x0, 0) : max(x1, 0)] = colour
        edges = closed(rounded(0, 0, x1 - x0, 2 * radius, radius))
        caps = coverage(edges, x1 - x0, 2 * radius)
        self.blend(caps[:radius], x0, y0, colour)
        self.blend(caps[radius:], x0, y1 - radius, colour)

    def stroke(
        self, path: Sequence[Point], width: float, colour: Colour, dash: tuple[float, float] | None
    ) -> None:
        """Draws a polyline.

        Args:
            path: Points in pixels.
            width: Line width in pixels.
            colour: Line colour.
            dash: Lengths of dash and gap in pixels; None for a solid line.
        """
        for piece in [path] if dash is None else dashes(path, *dash):
            for run in _upright_runs(piece):
                self._stroke_run(run, width, colour)
            for x, y in _square_corners(piece):
                half = width / 2
                self.rectangle(x - half, y - half, x + half, y + half, colour)

    def _stroke_run(self, run: Sequence[Point], width: float, colour: Colour) -> None:
        half = width / 2
        (ax, ay), (bx, by) = run[0], run[-1]
        if len(run) == 2 and ay == by:
            self.rectangle(min(ax, bx), ay - half, max(ax, bx), ay + half, colour)
        elif len(run) == 2 and ax == bx:
            self.rectangle(ax - half, min(ay, by), ax + half, max(ay, by), colour)
        else:
            self._fill_edges(stroke_edges(run, width), colour)

    def arrow_head(self, path: Sequence[Point], size: float, colour: Colour, kind: str) -> None:
        """Draws an arrow head at the end of a path.

        Args:
            path: Points in pixels, at least two.
            size: Length of the head in pixels.
            colour: Fill colour.
            kind: ``triangle``, ``stealth`` or ``open``.
        """
        (ax, ay), (bx, by) = path[-2], path[-1]
        length = sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
        if length == 0:
            return
        ux, uy = (bx - ax) / length, (by - ay) / length
        wide = size * (0.42 if kind == "triangle" else 0.48)
        back = (bx - ux * size, by - uy * size)
        left_wing, right_wing = (
            (back[0] - uy * wide, back[1] + ux * wide),
            (
                back[0] + uy * wide,
                back[1] - ux * wide,
            ),
        )
        if kind == "open":
            self._fill_edges(
                stroke_edges([left_wing, (bx, by), right_wing], max(1.0, size / 6)), colour
            )
        elif kind == "stealth":
            notch = (bx - ux * size * 0.65, by - uy * size * 0.65)
            self.polygon([(bx, by), left_wing, notch, right_wing], colour)
        else:
            self.polygon([(bx, by), left_wing, right_wing], colour)


def _overlap(low: float, high: float) -> npt.NDArray[np.float64]:
    """Length of [low, high] in each unit cell from 0."""
    cells = np.arange(floor(high) + 1, dtype=np.float64)
    return np.asarray(np.maximum(np.minimum(cells + 1.0, high) - np.maximum(cells, low), 0.0))


def _upright_runs(path: Sequence[Point]) -> list[list[Point]]:
    """Splits a polyline into straight upright pieces, which are cheap, and the rest."""
    runs: list[list[Point]] = []
    slanted = False
    for a, b in itertools.pairwise(path):
        upright = a[0] == b[0] or a[1] == b[1]
        if upright or not slanted:
            runs.append([a, b])
        else:
            runs[-1].append(b)
        slanted = not upright
    return runs


def _square_corners(path: Sequence[Point]) -> list[Point]:
    """Returns the vertices where two upright pieces meet."""
    return [
        b
        for a, b, c in zip(path, path[1:], path[2:], strict=False)
        if (a[0] == b[0] and b[1] == c[1]) or (a[1] == b[1] and b[0] == c[0])
    ]
