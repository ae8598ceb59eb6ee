"""Nodes and frames in an image: flat regions, dense blobs and small circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Outline, Words, area, centre, common, holds
from figbench.graphs.model import Box
from figbench.graphs.raster.icons import captioned_icons, dense_blobs, operator_signs
from figbench.graphs.raster.nodes import add_node, add_silhouettes, fill_box, own_captions
from figbench.graphs.raster.regions import (
    TOLERANCE,
    clipped,
    flat_regions,
    window_of,
    without_text,
)
from figbench.graphs.raster.upright import (
    FRAME_SHARE,
    line_frames,
    upright_lines,
    without_heads,
)
from figbench.images.types import RGBImage

Mask = npt.NDArray[np.uint8]
LIGHTEST = 185
"""Lines have a channel below this; shadows and fringes do not."""
THIN = 3.6
"""Regions narrower than twice this many pixels are lines and outlines."""
_DISCS = "Oo0°"
"""Characters that OCR reads where a small disc is drawn."""
_SIGNS = set("()[]{}xX+*.·×⊗⊕⊙@®")


@dataclass(frozen=True, slots=True)
class Shapes:
    """Nodes, frames and remaining ink of an image.

    Attributes:
        nodes: One outline a node; its key is ``s`` and its number, from 1.
        frames: Outlines around nodes.
        ink: Mask of lines and arrow heads: dark, no text, outside of the nodes.
        owners: int32, height x width: number of the node that covers a pixel, 0 for none.
        words: Texts without those of legends and operator signs.
    """

    nodes: list[Outline]
    frames: list[Outline]
    ink: Mask
    owners: npt.NDArray[np.int32]
    words: list[Words]


def find_shapes(image: RGBImage, words: Sequence[Words]) -> Shapes:
    """Separates nodes, frames and remaining ink.

    Regions of one colour are read after the texts have been painted over. A wide region at the
    page's border is the page, a tinted region around others a frame. All that is neither and is
    thicker than an arrow head is a silhouette: a node, where words stand in it or below it.

    Args:
        image: uint8, height x width x 3.
        words: Texts with boxes in pixels.
    """
    height, width = image.shape[:2]
    page = height * width
    symbols = [w for w in words if _is_symbol(w) and w.text.strip() not in _DISCS]
    words = [w for w in words if not _is_symbol(w)]
    plain = without_text(image, words)
    dark = (image.min(axis=2) < LIGHTEST).astype(np.uint8)
    words = [*words, *(w for w in symbols if not _on_line(w, upright_lines(dark)))]
    plain = without_text(image, words)
    ground, tinted, worded, legends = _grounds(plain, words)
    words = [w for w in words if not any(holds(box, centre(w.box)) for box in legends)]
    marks = (~ground).astype(np.uint8)
    for box in legends:
        fill_box(marks, box, 6, 0)
    runs = upright_lines(marks)
    outlines = [*_frame_boxes(tinted, page), *line_frames(runs, page)]
    for frame in outlines:
        _erase_border(marks, frame.box)
    owners = np.zeros((height, width), np.int32)
    nodes: list[Outline] = []
    add_silhouettes(marks, worded, nodes, owners, page)
    text = np.zeros((height, width), np.uint8)
    for entry in words:
        fill_box(text, entry.box, 1, int(not _is_symbol(entry)))
    for outline in operator_signs(np.where((text > 0) | (owners > 0), 0, dark).astype(np.uint8)):
        words = [w for w in words if not holds(outline.box, centre(w.box))]
        add_node(nodes, owners, outline, None)
    pieces = without_heads(marks, runs, image) & (owners == 0)
    captioned = captioned_icons(pieces, words, nodes)
    for outline in captioned:
        add_node(nodes, owners, outline, None)
    for entry in words:
        fill_box(text, entry.box, 1)
    ink = np.where((text > 0) | (owners > 0), 0, marks & dark).astype(np.uint8)
    for outline in dense_blobs(
        np.where((owners > 0) | (runs > 0), 0, marks).astype(np.uint8), page
    ):
        add_node(nodes, owners, outline, None)
    own_captions(nodes, owners, words)
    grown = cv2.dilate((owners > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    ink = np.where(grown > 0, 0, ink).astype(np.uint8)
    return Shapes(nodes, outlines, ink, owners, words)


def _is_symbol(entry: Words) -> bool:
    """Whether words are a single character, or an operator sign in brackets."""
    text = entry.text.strip()
    return len(text) == 1 or (len(text) <= 3 and set(text) <= _SIGNS)


def _on_line(entry: Words, runs: Mask) -> bool:
    """Whether a line runs into a character: an arrow head that OCR took for a letter."""
    x0, y0, x1, y1 = window_of(entry.box, runs.shape[1], runs.shape[0], 2)
    return bool(runs[y0:y1, x0:x1].sum() > 8)


def _grounds(
    plain: RGBImage, words: Sequence[Words]
) -> tuple[npt.NDArray[np.bool_], Mask, npt.NDArray[np.int32], list[Box]]:
    """The mask of page and frames, the tinted part of it, the regions with words, legends."""
    height, width = plain.shape[:2]
    page = height * width
    labels, stats, colours, radii = flat_regions(plain)
    ground = np.zeros((height, width), bool)
    grounds = [colours[labels[0, 0]]]
    frames = np.zeros((height, width), np.uint8)
    owners = _owners(labels, words)
    worded = np.zeros((height, width), np.int32)
    legends: list[Box] = []
    for i in sorted(range(1, len(stats)), key=lambda i: (i in owners, -stats[i][4])):
        if radii[i] < THIN:
            # Gaps between an arrow head and its node; the planes of a stack are longer.
            if max(stats[i][2], stats[i][3]) <= 24 and _alike(colours[i], grounds[0]):
                ground |= labels == i
            continue
        x, y, wide, high, size = (int(v) for v in stats[i])
        box = (float(x), float(y), float(x + wide), float(y + high))
        solid = size / (wide * high)
        on_page = _alike(colours[i], grounds[0])
        like_ground = any(_alike(colours[i], colour) for colour in grounds)
        border = x <= 1 or y <= 1 or x + wide >= width - 1 or y + high >= height - 1
        large = wide * high > FRAME_SHARE * page and (i not in owners or solid < 0.5)
        hollow = _is_hollow(labels, i, box, solid, page) and _holds_words(i, box, owners, stats)
        around = wide * high > FRAME_SHARE * page and _holds_region(i, box, stats, colours, page)
        if i in owners and _is_legend(labels, i, box, words, radii, stats):
            legends.append(box)
            ground |= labels == i
        elif (border and size > 0.02 * page) or (
            radii[i] > 9
            and (large or hollow or around)
            and (on_page or _frames_words(labels, i, box, words, hollow))
        ):
            if not on_page:
                frames[labels == i] = 1
                grounds.append(colours[i])
            ground |= labels == i
        elif like_ground and i not in owners and _is_cell(labels, i, box):
            pass
        elif like_ground and not (i in owners and _is_box(labels, i, box, words)):
            ground |= labels == i
            frames[labels == i] |= np.uint8(not on_page)
        elif i in owners and size >= max(60.0, 0.0004 * page):
            worded[labels == i] = i
    return ground, frames, worded, legends


def _frames_words(labels: Any, region: int, box: Box, words: Sequence[Words], hollow: bool) -> bool:
    """Whether words stand in the box of a region but not in it, or around holes of it."""
    inside = [w for w in words if common(w.box, box) > 0.2 * area(w.box)]
    own = sum(labels[_at(w.box, labels.shape)] == region for w in inside)
    return len(inside) > own or (hollow and own >= 2)


def _is_legend(
    labels: Any, region: int, box: Box, words: Sequence[Words], radii: Any, stats: Any
) -> bool:
    """Whether the words in a region each have a small square of another colour before them."""
    inside = [w.box for w in words if labels[_at(w.box, labels.shape)] == region]
    if len(inside) < 2 or min(len(inside), 8) * 60 > (box[2] - box[0]) * (box[3] - box[1]):
        return False
    count = 0
    for x0, y0, _, y1 in inside:
        high = y1 - y0
        middle = int(clipped((y0 + y1) / 2, labels.shape[0]))
        before = np.unique(labels[middle, max(int(x0 - 1.8 * high), 0) : max(int(x0), 1)])
        count += any(
            k not in (0, region) and radii[k] > 4 and max(stats[k][2], stats[k][3]) < 2.5 * high
            for k in before.tolist()
        )
    return count >= max(2, 0.7 * len(inside)) and stats[region][4] < 0.15 * labels.size


def _is_box(labels: Any, region: int, box: Box, words: Sequence[Words]) -> bool:
    """Whether a region of the page's colour is the inside of an outline with centred words."""
    if _filled(labels, region, box) < 0.7:
        return False
    middle, wide = (box[0] + box[2]) / 2, box[2] - box[0]
    inside = [w.box for w in words if labels[_at(w.box, labels.shape)] == region]
    return all(abs(centre(b)[0] - middle) < 0.15 * wide for b in inside)


def _is_cell(labels: Any, region: int, box: Box) -> bool:
    """Whether a bare region of the page's colour is a small outlined box, part of a picture."""
    wide, high = box[2] - box[0], box[3] - box[1]
    return 6 <= min(wide, high) and max(wide, high) <= 110 and _filled(labels, region, box) > 0.7


def _filled(labels: Any, region: int, box: Box) -> float:
    """Share of its box that a region covers with its holes."""
    x0, y0, x1, y1 = (int(v) for v in box)
    window = (labels[y0:y1, x0:x1] == region).astype(np.uint8)
    contours, _ = cv2.findContours(window, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return float(max(cv2.contourArea(c) for c in contours) / window.size)


def _at(box: Box, shape: tuple[int, ...]) -> tuple[int, int]:
    x, y = centre(box)
    return int(clipped(y, shape[0])), int(clipped(x, shape[1]))


def _owners(labels: Any, words: Sequence[Words]) -> set[int]:
    """Regions in which words stand."""
    high, wide = labels.shape
    return {
        int(labels[int(clipped(y, high)), int(clipped(x, wide))])
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
    if (box[2] - box[0]) * (box[3] - box[1]) <= FRAME_SHARE * page or not 0.15 < solid < 0.85:
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
        if w * h > FRAME_SHARE * page
    ]


def _alike(first: Any, second: Any) -> bool:
    return bool(np.abs(np.asarray(first) - np.asarray(second)).max() <= TOLERANCE)


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
        fill_box(ink, side, 3, 0)
