"""Pictures with a caption below: plots, grids and stacks, which have no outline of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, Words, area, centre, common, holds, union
from figbench.graphs.model import Box

_SIDE = 0.03
"""Least side of a picture, as a share of the page's longer side."""
_LARGEST = 0.06
"""Largest area of a picture, as a share of the page."""
_APART = 12.0
"""Pixels between the pieces of one picture."""


def captioned_pictures(
    marks: npt.NDArray[np.bool_], words: Sequence[Words], nodes: Sequence[Outline]
) -> list[Outline]:
    """Returns the pictures right above words that stand in no node.

    A picture is a piece of ink, or several side by side, centred above its caption, with nothing
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
