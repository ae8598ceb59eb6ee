"""Thin lines along rows and columns of an image: pieces, frames, and the arrow heads at ends."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, area, common
from figbench.graphs.model import Box
from figbench.images.types import RGBImage

Mask = npt.NDArray[np.uint8]
FRAME_SHARE = 0.012
"""Least area of a frame, as a share of the page."""
HEAD = 28
"""Widest arrow head in pixels."""


def upright_lines(marks: Mask, shortest: int = 25) -> Mask:
    """Returns the pieces of thin lines along rows and columns, dashes joined.

    Args:
        marks: uint8 mask of all that is not ground.
        shortest: Smallest length of a piece in pixels.

    Returns:
        uint8 mask of the shape of ``marks``.
    """
    thick = cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    thin = np.where(thick > 0, 0, marks).astype(np.uint8)
    out = np.zeros_like(marks)
    for along in ((1, 1), (0, 1)):
        run, gap = ((1, 5), (1, 17)) if along[0] else ((5, 1), (17, 1))
        length = (1, shortest) if along[0] else (shortest, 1)
        pieces = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones(run, np.uint8))
        closed = cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, np.ones(gap, np.uint8))
        opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones(length, np.uint8))
        out |= opened.astype(np.uint8)
    return out


def without_heads(marks: Mask, runs: Mask, image: RGBImage) -> npt.NDArray[np.bool_]:
    """Returns marks without thin lines along rows and columns and the arrow heads at their ends.

    Args:
        marks: uint8 mask of all that is not ground.
        runs: Of ``upright_lines``.
        image: uint8, height x width x 3; heads have the colour of the lines.

    Returns:
        bool mask of the shape of ``marks``.
    """
    out = (marks > 0) & (runs == 0)
    signed = image.astype(np.int16)
    lines = (runs > 0) & (image.min(axis=2) < 140)
    line_colour = np.median(image[lines], axis=0) if lines.any() else np.zeros(3)
    tips = np.zeros_like(runs)
    touches = np.zeros(runs.shape, np.int32)
    ends = 0
    for along in (0, 1):
        # Columns are treated as rows of the transposed masks.
        mask, run, cut, near, tip = (m.T if along else m for m in (marks, runs, out, touches, tips))
        pixels = signed.transpose(1, 0, 2) if along else signed
        straight = cv2.morphologyEx(
            np.ascontiguousarray(run), cv2.MORPH_OPEN, np.ones((1, 25), np.uint8)
        )
        _, _, stats, _ = cv2.connectedComponentsWithStats(straight, connectivity=8)
        for x, y, w, h, _ in stats[1:].tolist():
            colour = _darkest(pixels[y : y + h, x : x + w])
            # A short line of another colour than most lines is part of a picture.
            if w < 44 and np.abs(colour - line_colour).max() > 70:
                continue
            for end, way in ((x, -1), (x + w - 1, 1)):
                ends += 1
                near[max(y - 3, 0) : y + h + 3, max(end - 3, 0) : end + 4] = ends
                zone = slice(max(y - 15, 0), y + h + 15), slice(max(end - 26, 0), end + 27)
                tip[zone] |= np.abs(pixels[zone] - colour).max(axis=2) <= 70
                inked = np.zeros(mask.shape, bool)
                inked[zone] = np.abs(pixels[zone] - colour).max(axis=2) <= 70
                _cut_head(np.asarray(mask), np.asarray(cut), inked, (end, y + h // 2), way, h)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(out.astype(np.uint8), connectivity=8)
    depth = cv2.distanceTransform(out.astype(np.uint8), cv2.DIST_L2, 3)
    radii = largest_values(depth, labels, len(stats))
    # A bend of an arrow joins the ends of two lines.
    at = (touches > 0) & (labels > 0)
    pairs = np.unique(np.stack([labels[at], touches[at]], axis=1), axis=0)
    curves = np.bincount(pairs[:, 0], minlength=len(stats)) >= 2
    curves &= (radii < 4) & (np.minimum(stats[:, 2], stats[:, 3]) > 6)
    curves &= stats[:, 4] <= 2 * radii * (stats[:, 2] + stats[:, 3])
    sizes = np.maximum(stats[:, 4], 1)
    wings = (np.maximum(stats[:, 2], stats[:, 3]) <= 26) & (
        np.bincount(labels[tips > 0], minlength=len(stats)) > 0.8 * sizes
    )
    curves |= wings
    curves[0] = False
    return np.asarray(out & ~curves[labels])


def _darkest(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """Colour of a line: the median of its darker half, without fringes and gaps."""
    flat = pixels.reshape(-1, 3)
    light = flat.sum(axis=1)
    return np.asarray(np.median(flat[light <= np.median(light)], axis=0))


def _cut_head(
    marks: Mask,
    out: npt.NDArray[np.bool_],
    inked: npt.NDArray[np.bool_],
    at: tuple[int, int],
    way: int,
    pen: int,
) -> None:
    """Clears an arrow head at the end of a line along a row, from its wings to its tip."""
    high, wide = marks.shape
    end, y = at
    top, bottom = max(y - 16, 0), min(y + 17, high)
    widths = []
    for step in range(-26, 29):
        x = end + way * step
        ink = np.flatnonzero(marks[top:bottom, x]) + top if 0 <= x < wide else np.zeros(0, int)
        above = max(y - int(ink.min()), 0) if len(ink) else 0
        below = max(int(ink.max()) - y, 0) if len(ink) else 0
        widths.append((above, below))
    side = pen / 2 + 2
    wings = [
        k
        for k, (a, b) in enumerate(widths[:42])
        if min(a, b) >= side and a + b <= HEAD and abs(a - b) < 7
    ]
    if len(wings) < 3:
        return
    after = range(wings[-1], min(wings[-1] + 16, len(widths)))
    tip = min(after, key=lambda k: sum(widths[k]))
    first, last = sorted((end + way * (wings[0] - 27), end + way * (tip - 26)))
    zone = (slice(max(y - 14, 0), y + 15), slice(max(first, 0), max(last + 1, 0)))
    inside = marks[zone] > 0
    if inside.any() and inked[zone][inside].mean() > 0.4:
        out[zone] = False


def line_frames(runs: Mask, page: int) -> list[Outline]:
    """Returns the rectangles of thin lines, solid or dashed, of a frame's size.

    Args:
        runs: Of ``upright_lines``.
        page: Area of the page in pixels.
    """
    closed = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, 45), np.uint8))
    horizontals = _long_pieces(closed.astype(np.uint8), (1, 61))
    upright = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((21, 1), np.uint8)).astype(np.uint8)
    out: list[Outline] = []
    for i, top in enumerate(horizontals):
        for bottom in horizontals[i + 1 :]:
            if abs(top[0] - bottom[0]) > 16 or abs(top[2] - bottom[2]) > 16:
                continue
            low, high = int(min(top[1], bottom[1])), int(max(top[3], bottom[3]))
            left, right = min(top[0], bottom[0]), max(top[2], bottom[2])
            if (right - left) * (high - low) <= FRAME_SHARE * page:
                continue
            sides = [_side(upright, x, low, high) for x in (left, right)]
            if sides[0] is not None and sides[1] is not None:
                out.append(Outline((sides[0], float(low), sides[1], float(high))))
    largest: list[Outline] = []
    for frame in sorted(out, key=lambda frame: -area(frame.box)):
        if not any(common(frame.box, other.box) > 0.1 * area(frame.box) for other in largest):
            largest.append(frame)
    return largest


def _side(upright: Mask, x: float, low: int, high: int) -> float | None:
    """Position of a line along most of a column near ``x``."""
    start = max(int(x) - 22, 0)
    window = upright[low:high, start : int(x) + 22]
    best = int(window.mean(axis=0).argmax())
    covered = np.flatnonzero(window[:, max(best - 1, 0) : best + 2].any(axis=1))
    gaps = np.diff([-1, *covered.tolist(), high - low])
    return float(start + best) if len(covered) and gaps.max() < 40 else None


def _long_pieces(runs: Mask, shape: tuple[int, int]) -> list[Box]:
    pieces = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8)
    return [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in stats[1:]]


def largest_values(values: Any, labels: Any, count: int) -> Any:
    """Returns the largest value over the pixels of each label.

    Args:
        values: Per pixel, height x width.
        labels: int32, height x width, 0 to ``count`` - 1.
        count: Number of labels.

    Returns:
        Shape (count,).
    """
    from scipy import ndimage

    return np.asarray(ndimage.maximum(values, labels, np.arange(count)))
