"""Nodes of an image and the pixels that they cover."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, Words, area, centre, holds
from figbench.graphs.model import Box
from figbench.graphs.raster.regions import window_of
from figbench.graphs.raster.upright import HEAD

Mask = npt.NDArray[np.uint8]
_THICK = 17
"""Pixels across which an arrow head is seldom filled."""
_LARGEST_HEAD = HEAD + 8
"""Longest side of an arrow head in pixels; heads are longer than wide."""


def add_silhouettes(
    marks: Mask,
    worded: npt.NDArray[np.int32],
    nodes: list[Outline],
    owners: npt.NDArray[np.int32],
    page: int,
) -> None:
    """Adds the thick pieces of ink that contain words, split where several regions do.

    Args:
        marks: uint8 mask of all that is not ground, height x width.
        worded: Number of the region with words that covers a pixel, 0 for none; height x width.
        nodes: Extended in place.
        owners: Number of the node that covers a pixel, 0 for none; height x width, changed in
            place.
        page: Area of the image in pixels.
    """
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICK, _THICK))
    body = cv2.morphologyEx(marks, cv2.MORPH_OPEN, disc).astype(np.uint8)
    _remove_heads(body, worded)
    body = cv2.dilate(body, np.ones((7, 7), np.uint8)).astype(np.uint8) & marks
    count, labels, stats, _ = cv2.connectedComponentsWithStats(body, connectivity=8)
    for i in range(1, count):
        x, y, wide, high, _ = (int(v) for v in stats[i])
        window = labels[y : y + high, x : x + wide] == i
        regions = worded[y : y + high, x : x + wide]
        inside = np.unique(regions[window & (regions > 0)]).tolist()
        names = [k for k in inside if (regions == k).sum() > 0.0004 * page]
        if not names:
            continue
        for k in names:
            piece = window if len(names) == 1 else (regions == k)
            ys, xs = np.nonzero(piece)
            box = (
                float(xs.min() + x), float(ys.min() + y),
                float(xs.max() + x + 1), float(ys.max() + y + 1),
            )  # fmt: skip
            solid = piece.sum() / area(box)
            outline = Outline(box, "ellipse" if 0.74 < solid < 0.82 else "box")
            whole = np.zeros(marks.shape, np.uint8)
            whole[y : y + high, x : x + wide] = piece
            add_node(nodes, owners, outline, whole)


def _remove_heads(body: Mask, worded: npt.NDArray[np.int32]) -> None:
    """Removes pieces of the size of an arrow head: heads often touch the node that they point at.

    Args:
        body: Mask of thick ink, changed in place.
        worded: As of :func:`add_silhouettes`.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(body, connectivity=8)
    texts = np.bincount(labels[worded > 0], minlength=count)
    small = (np.maximum(stats[:, 2], stats[:, 3]) <= _LARGEST_HEAD) & (texts == 0)
    small[0] = False
    body[small[labels]] = 0


def add_node(
    nodes: list[Outline], owners: npt.NDArray[np.int32], outline: Outline, mask: Mask | None
) -> None:
    """Appends a node and marks its pixels.

    Args:
        nodes: Extended in place.
        owners: Number of the node that covers a pixel, 0 for none; height x width, changed in
            place. Pixels of earlier nodes do not change.
        outline: The node, box in pixels; its key is set.
        mask: uint8 mask of its pixels, height x width; None for those of its box.
    """
    outline.key = f"s{len(nodes) + 1}"
    nodes.append(outline)
    if mask is None:
        mask = np.zeros(owners.shape, np.uint8)
        fill_box(mask, outline.box, 0)
    owners[(mask > 0) & (owners == 0)] = len(nodes)


def own_captions(
    nodes: list[Outline], owners: npt.NDArray[np.int32], words: Sequence[Words]
) -> None:
    """Adds the caption below a picture to its node, which arrows at the caption then reach.

    Args:
        nodes: Boxes in pixels; nodes that contain words are left as they are.
        owners: Number of the node that covers a pixel, 0 for none; height x width, changed in
            place.
        words: Texts with boxes in pixels.
    """
    for k, node in enumerate(nodes, start=1):
        x0, _, x1, bottom = node.box
        if any(holds(node.box, centre(w.box)) for w in words):
            continue
        most = 0.8
        for entry in sorted(words, key=lambda w: w.box[1]):
            high = entry.box[3] - entry.box[1]
            near = -0.5 * high < entry.box[1] - bottom < most * high
            if near and abs(centre(entry.box)[0] - (x0 + x1) / 2) < max(4.0, 0.5 * high):
                bottom, most = entry.box[3], 0.4
                mask = np.zeros(owners.shape, np.uint8)
                fill_box(mask, entry.box, 0)
                owners[(mask > 0) & (owners == 0)] = k


def fill_box(mask: Mask, box: Box, slack: int, value: int = 1) -> None:
    """Sets the pixels of a grown box to a value.

    Args:
        mask: uint8, height x width, changed in place.
        box: x0, y0, x1, y1 in pixels.
        slack: Growth of the box on each side, in pixels.
        value: 0 to 255.
    """
    x0, y0, x1, y1 = window_of(box, mask.shape[1], mask.shape[0], slack)
    mask[y0:y1, x0:x1] = value
