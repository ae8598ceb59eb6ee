"""Nodes without an outline of their own: captioned icons, operator signs, dense blobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, Words, area, centre, common, holds, union
from figbench.graphs.model import Box

Mask = npt.NDArray[np.uint8]
_SIDE = 0.03
"""Least side of an icon, as a share of the page's longer side."""
_LARGEST = 0.06
"""Largest area of an icon, as a share of the page."""
_APART = 12.0
"""Pixels between the pieces of one icon."""


def captioned_icons(
    marks: npt.NDArray[np.bool_], words: Sequence[Words], nodes: Sequence[Outline]
) -> list[Outline]:
    """Returns the icons right above words that stand in no node.

    An icon is a piece of ink, or several side by side, centred above its caption, with nothing
    else in it. Lines and arrows are too thin or too long to be one.

    Args:
        marks: bool, height x width: everything that is neither ground nor text.
        words: Texts with boxes in pixels.
        nodes: Outlines found so far.
    """
    height, width = marks.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks.astype(np.uint8), connectivity=8)
    pieces = [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in stats.tolist()]
    named = [n.box for n in nodes if any(holds(n.box, centre(w.box)) for w in words)]
    out: list[Outline] = []
    for entry in words:
        if any(holds(box, centre(entry.box)) for box in named):
            continue
        box = _above(entry, labels, pieces, (width, height))
        if box is None or area(box) > _LARGEST * width * height:
            continue
        wide, high = box[2] - box[0], box[3] - box[1]
        if min(wide, high) < _SIDE * max(width, height) or not 0.3 < wide / high < 5:
            continue
        crossing = [*named, *(w.box for w in words)]
        if any(common(box, other) > 0.02 * area(box) for other in crossing):
            continue
        if not any(common(box, other.box) > 0 for other in out):
            out.append(Outline(box, "icon"))
    return out


def _above(entry: Words, labels: Any, pieces: list[Box], page: tuple[int, int]) -> Box | None:
    """The pieces of ink that reach into the strip above a caption, and their neighbours."""
    x0, y0, x1, y1 = entry.box
    line, middle = y1 - y0, (x0 + x1) / 2
    reach = max((x1 - x0) / 2, 1.5 * line)
    top, bottom = max(round(y0 - line), 0), max(round(y0), 1)
    left, right = max(round(middle - reach), 0), min(round(middle + reach), page[0])
    box: Box | None = None
    for i in np.unique(labels[top:bottom, left:right]):
        piece = pieces[i]
        if i == 0 or area(piece) > _LARGEST * page[0] * page[1] or piece[3] > y0 + 0.3 * line:
            continue
        box = piece if box is None else union(box, piece)
    if box is None:
        return None
    grown = True
    while grown:
        grown = False
        for piece in pieces[1:]:
            gap = max(piece[0] - box[2], box[0] - piece[2])
            drop = max(piece[1] - box[3], box[1] - piece[3])
            inside = common(piece, box) >= 0.99 * area(piece)
            if inside or max(gap, drop) > _APART or piece[3] > y0 + 0.3 * line:
                continue
            if area(piece) < _LARGEST * page[0] * page[1]:
                box, grown = union(box, piece), True
    return box if abs(centre(box)[0] - middle) <= 0.2 * (box[2] - box[0]) + 0.4 * line else None


def operator_signs(ink: Mask) -> list[Outline]:
    """Returns operator signs: three or four small holes in the ink, side by side in a square."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        (ink == 0).astype(np.uint8), connectivity=4
    )
    stats = np.asarray(stats, np.int64)
    small = (stats[:, 4] >= 25) & (stats[:, 4] <= 900)
    small &= np.maximum(stats[:, 2], stats[:, 3]) <= 36
    holes = small[labels].astype(np.uint8)
    grown = cv2.dilate(holes, np.ones((7, 7), np.uint8))
    count, groups, boxes, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    out: list[Outline] = []
    for i in range(1, count):
        x, y, wide, high = (int(v) for v in boxes[i][:4])
        inside = labels[y : y + high, x : x + wide][groups[y : y + high, x : x + wide] == i]
        pieces = [k for k in np.unique(inside) if small[k]]
        square = 0.8 < wide / high < 1.25 and 22 <= wide <= 80
        ring = square and _is_ring(ink, x + wide / 2 - 0.5, y + high / 2 - 0.5, wide / 2)
        if ring and 3 <= len(pieces) <= 6:
            out.append(Outline((x + 1.0, y + 1.0, x + wide - 1.0, y + high - 1.0), "ellipse"))
    return out


def _is_ring(ink: Mask, x: float, y: float, radius: float) -> bool:
    """Whether ink lies all around a point, at about one distance."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    best = 0.0
    for far in np.arange(radius - 7, radius + 3):
        xs = np.clip(np.rint(x + far * np.cos(angles)).astype(int), 0, ink.shape[1] - 1)
        ys = np.clip(np.rint(y + far * np.sin(angles)).astype(int), 0, ink.shape[0] - 1)
        best = max(best, float((ink[ys, xs] > 0).mean()))
    return best > 0.75


def dense_blobs(ink: Mask, page: int) -> list[Outline]:
    """Returns dense blobs, icons and drawings; thin lines vanish under the opening."""
    kernel = np.ones((9, 9), np.uint8)
    filled = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    core = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((19, 19), np.uint8))
    core = np.minimum(cv2.dilate(core, kernel), filled)
    _, _, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    boxes = [
        (float(x), float(y), float(x + w), float(y + h))
        for x, y, w, h, size in stats[1:]
        if size > 0.0012 * page and min(w, h) > 22 and size > 0.45 * w * h
    ]
    out: list[Outline] = []
    for box in sorted(boxes, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
        if not any(common(box, o.box) > 0 for o in out):
            out.append(Outline(box, "icon"))
    return out
