"""Nodes and frames in an image: flat regions, dense blobs and small circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, Words, area, centre, common
from figbench.graphs.model import Box
from figbench.graphs.raster_pictures import captioned_pictures
from figbench.images.types import RGBImage

Mask = npt.NDArray[np.uint8]
_TOLERANCE = 6
_FRAME_SHARE = 0.012
LIGHTEST = 185
"""Lines have a channel below this; shadows and fringes do not."""
THIN = 3.6
"""Regions narrower than twice this many pixels are lines and outlines."""
EDGE = 8
"""Pixels around a node that its outline and shadow may take."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What ``find_shapes`` finds.

    Attributes:
        nodes: Pieces of nodes.
        frames: Outlines around nodes.
        ink: Mask of everything that is not ground, text or inside of a node: lines and heads.
        near: Likewise, up to the very outline of the nodes: whole arrow heads.
    """

    nodes: list[Outline]
    frames: list[Outline]
    ink: Mask
    near: Mask


def find_shapes(image: RGBImage, words: Sequence[Words]) -> Shapes:
    """Separates nodes, frames and remaining ink.

    Regions of one colour are found after the texts have been painted over. One that touches the
    page's border is the page; one with other regions in it a frame; one with words or a colour of
    its own a node. Dense blobs that are left are pictures.

    Args:
        image: uint8, height x width x 3.
        words: Texts with boxes in pixels.
    """
    height, width = image.shape[:2]
    page = height * width
    plain = _without_text(image, words)
    labels, stats, colours, radii = _regions(plain)
    ground = np.zeros((height, width), bool)
    grounds = [colours[labels[0, 0]]]
    frames = np.zeros((height, width), np.uint8)
    owners = _owners(labels, words)
    nodes: list[Outline] = []
    for i in sorted(range(1, len(stats)), key=lambda i: (i in owners, -stats[i][4])):
        if radii[i] < THIN:
            continue
        x, y, wide, high, size = (int(v) for v in stats[i])
        box = (float(x), float(y), float(x + wide), float(y + high))
        solid = size / (wide * high)
        on_page = _alike(colours[i], grounds[0])
        like_ground = any(_alike(colours[i], colour) for colour in grounds)
        border = x <= 1 or y <= 1 or x + wide >= width - 1 or y + high >= height - 1
        large = wide * high > _FRAME_SHARE * page and (i not in owners or solid < 0.5)
        hollow = _is_hollow(labels, i, box, solid, page) and _holds_words(i, box, owners, stats)
        around = wide * high > _FRAME_SHARE * page and _holds_region(i, box, stats, colours, page)
        if (border and size > 0.02 * page) or large or hollow or around:
            if not on_page:
                frames[labels == i] = 1
                grounds.append(colours[i])
            ground |= labels == i
        elif like_ground and not (on_page and i in owners and solid > 0.8):
            ground |= labels == i
            frames[labels == i] |= np.uint8(not on_page)
        elif size >= max(60.0, 0.0004 * page) and solid > 0.5 and min(wide, high) >= 8:
            nodes.append(Outline(box, "ellipse" if 0.74 < solid < 0.82 else "box"))
    text = np.zeros((height, width), np.uint8)
    for entry in words:
        _fill(text, entry.box, 1)
    captioned = captioned_pictures(~ground & (text == 0), words, nodes)
    nodes = [
        one
        for one in nodes
        if not any(common(one.box, other.box) > 0.6 * area(one.box) for other in captioned)
    ]
    nodes += captioned
    taken = np.zeros((height, width), np.uint8)
    for outline in nodes:
        _fill(taken, outline.box, EDGE)
    dark = image.min(axis=2) < LIGHTEST
    ink = (~ground & (taken == 0) & dark).astype(np.uint8)
    for entry in words:
        _fill(ink, entry.box, 2, 0)
    near = (~ground & dark).astype(np.uint8)
    for box in [*(one.box for one in nodes), *(entry.box for entry in words)]:
        _fill(near, box, 2, 0)
    boxes = _frame_boxes(frames, page)
    for frame in boxes:
        _erase_border(ink, frame.box)
        _erase_border(near, frame.box)
    circles = _circles(ink)
    for outline in circles:
        _fill(ink, outline.box, EDGE // 2, 0)
    pictures = _blobs(ink, page)
    for outline in pictures:
        _fill(ink, outline.box, 3, 0)
    return Shapes([*nodes, *circles, *pictures], boxes, ink, near)


def _owners(labels: Any, words: Sequence[Words]) -> set[int]:
    """Regions in which words stand."""
    high, wide = labels.shape
    return {
        int(labels[int(_clip(y, high)), int(_clip(x, wide))])
        for x, y in (centre(entry.box) for entry in words)
    }


def _holds_region(region: int, box: Box, stats: Any, colours: list[Any], page: int) -> bool:
    """Whether a region of another colour and of a node's size lies within the box of this one."""
    x0, y0, x1, y1 = box
    x, y, w, h, size = stats.T
    across = np.minimum(x + w, x1) - np.maximum(x, x0)
    down = np.minimum(y + h, y1) - np.maximum(y, y0)
    inside = (np.maximum(across, 0) * np.maximum(down, 0) > 0.3 * w * h) & (size > 0.003 * page)
    inside &= w * h < 0.8 * (x1 - x0) * (y1 - y0)
    return any(
        i != region and not _alike(colours[i], colours[region]) for i in np.flatnonzero(inside)
    )


def _holds_words(region: int, box: Box, owners: set[int], stats: Any) -> bool:
    """Whether another region with words lies within, or the region has none of its own."""
    if region not in owners:
        return True
    x0, y0, x1, y1 = box
    inner = (stats[i] for i in owners if i != region)
    return any(x0 <= x and y0 <= y and x + w <= x1 and y + h <= y1 for x, y, w, h, _ in inner)


def _is_hollow(labels: Any, region: int, box: Box, solid: float, page: int) -> bool:
    """Whether a large region has holes in which nodes stand: a frame's ground."""
    if (box[2] - box[0]) * (box[3] - box[1]) <= _FRAME_SHARE * page or not 0.15 < solid < 0.85:
        return False
    return _holes(labels == region, box) >= 0.12


def _frame_boxes(frames: Mask, page: int) -> list[Outline]:
    """Frames: pieces of tinted ground that arrows and nodes have cut apart, joined again."""
    reach = 25
    closed = cv2.morphologyEx(frames, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    return [
        Outline((float(x), float(y), float(x + w), float(y + h)))
        for x, y, w, h, _ in stats[1:]
        if w * h > _FRAME_SHARE * page
    ]


def _without_text(image: RGBImage, words: Sequence[Words]) -> RGBImage:
    out = image.copy()
    height, width = image.shape[:2]
    for entry in words:
        x0, y0, x1, y1 = _pixels(entry.box, width, height, 1)
        window = out[y0:y1, x0:x1]
        if not window.size:
            continue
        # The most frequent colour of the window is what the text stands on.
        codes = (window // 8).reshape(-1, 3).astype(np.int64) @ np.array([1024, 32, 1])
        values, counts = np.unique(codes, return_counts=True)
        usual = codes == values[counts.argmax()]
        window[:] = np.median(window.reshape(-1, 3)[usual], axis=0).astype(np.uint8)
    return out


def _regions(image: RGBImage) -> tuple[Any, Any, list[Any], Any]:
    """Connected regions in which neighbouring pixels differ by less than the tolerance."""
    values = image.astype(np.int16)
    across = np.abs(np.diff(values, axis=1)).max(axis=2) > _TOLERANCE
    down = np.abs(np.diff(values, axis=0)).max(axis=2) > _TOLERANCE
    flat = np.ones(image.shape[:2], bool)
    flat[:, 1:] &= ~across
    flat[:, :-1] &= ~across
    flat[1:] &= ~down
    flat[:-1] &= ~down
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        flat.astype(np.uint8), connectivity=4
    )
    sums = [
        np.bincount(labels.ravel(), image[..., c].ravel().astype(float), count) for c in range(3)
    ]
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    means = np.stack(sums, axis=1) / sizes[:, None]
    depth = cv2.distanceTransform(flat.astype(np.uint8), cv2.DIST_L2, 3)
    radii = np.zeros(count)
    np.maximum.at(radii, labels.ravel(), depth.ravel())
    return labels, stats, list(means), radii


def _alike(first: Any, second: Any) -> bool:
    return bool(np.abs(np.asarray(first) - np.asarray(second)).max() <= _TOLERANCE)


def _clip(value: float, size: int) -> float:
    return min(max(value, 0), size - 1)


def _pixels(box: Box, width: int, height: int, slack: int) -> tuple[int, int, int, int]:
    return (
        max(int(box[0]) - slack, 0),
        max(int(box[1]) - slack, 0),
        min(int(box[2]) + slack + 1, width),
        min(int(box[3]) + slack + 1, height),
    )


def _fill(mask: Mask, box: Box, slack: int, value: int = 1) -> None:
    x0, y0, x1, y1 = _pixels(box, mask.shape[1], mask.shape[0], slack)
    mask[y0:y1, x0:x1] = value


def _holes(region: npt.NDArray[np.bool_], box: Box) -> float:
    """Share of a region's box that lies in holes of it."""
    x0, y0, x1, y1 = (int(v) for v in box)
    window = region[y0:y1, x0:x1].astype(np.uint8)
    outside = np.pad(1 - window, 1, constant_values=1).astype(np.uint8)
    _, marks = cv2.connectedComponents(outside, connectivity=4)
    holes = (outside == 1) & (marks != marks[0, 0])
    return float(holes.sum()) / window.size


def _erase_border(ink: Mask, box: Box) -> None:
    x0, y0, x1, y1 = box
    for side in ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)):
        _fill(ink, side, 3, 0)


def _circles(ink: Mask) -> list[Outline]:
    """Operator signs: three or four small holes in the ink, side by side in a square."""
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
        if square and 3 <= len(pieces) <= 6:
            out.append(Outline((x + 1.0, y + 1.0, x + wide - 1.0, y + high - 1.0), "ellipse"))
    return out


def _blobs(ink: Mask, page: int) -> list[Outline]:
    """Dense blobs left over: pictures and drawings. Thin lines vanish under the opening."""
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
