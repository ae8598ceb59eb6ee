"""Nodes and frames in an image: flat regions, dense blobs and small circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.data.types import RGBImage
from figbench.graphs.drawing import Outline, Words, centre, common, holds
from figbench.graphs.model import Box

Mask = npt.NDArray[np.uint8]
_TOLERANCE = 6
_FRAME_SHARE = 0.012


@dataclass(frozen=True, slots=True)
class Shapes:
    """What ``find_shapes`` finds.

    Attributes:
        outlines: Nodes and frames.
        ink: Mask of everything that is not ground, text or inside of a node: lines and heads.
    """

    outlines: list[Outline]
    ink: Mask


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
    labels, stats, colours = _regions(plain)
    ground_colours = [colours[labels[0, 0]]]
    ground = np.zeros((height, width), bool)
    nodes: list[Outline] = []
    frames: list[Outline] = []
    least = max(60.0, 0.0004 * page)
    order = sorted(range(1, len(stats)), key=lambda i: -stats[i][4])
    for i in order:
        x, y, wide, high, size = (int(v) for v in stats[i])
        box = (float(x), float(y), float(x + wide), float(y + high))
        border = x <= 1 or y <= 1 or x + wide >= width - 1 or y + high >= height - 1
        like_ground = any(_alike(colours[i], c) for c in ground_colours)
        if border and size > 0.02 * page:
            ground |= labels == i
            ground_colours.append(colours[i])
            continue
        if size < least:
            if like_ground:
                ground |= labels == i
            continue
        solid = size / (wide * high)
        worded = any(
            holds(box, centre(w.box))
            and labels[int(_clip(centre(w.box)[1], height)), int(_clip(centre(w.box)[0], width))]
            == i
            for w in words
        )
        hollow = solid < 0.85 and _holes(labels == i, box) >= 0.12
        if wide * high > _FRAME_SHARE * page and hollow and solid > 0.15:
            ground |= labels == i
            ground_colours.append(colours[i])
            if _is_rectangle(labels == i, box):
                frames.append(Outline(box, "box"))
        elif like_ground and not (worded and solid > 0.8):
            ground |= labels == i
        elif solid > 0.5 and min(wide, high) >= 8:
            nodes.append(Outline(box, "ellipse" if 0.74 < solid < 0.82 else "box"))
    taken = np.zeros((height, width), np.uint8)
    for outline in nodes:
        _fill(taken, outline.box, 3)
    circles = _circles(plain, taken)
    for outline in circles:
        _fill(taken, outline.box, 1)
    ink = (~ground & (taken == 0)).astype(np.uint8)
    for entry in words:
        _fill(ink, entry.box, 2, 0)
    for frame in frames:
        _erase_border(ink, frame.box)
    pictures = _blobs(ink, page)
    for outline in pictures:
        _fill(ink, outline.box, 3, 0)
    return Shapes([*nodes, *circles, *pictures, *frames], ink)


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


def _regions(image: RGBImage) -> tuple[Any, Any, list[Any]]:
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
    return labels, stats, list(means)


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


def _is_rectangle(region: npt.NDArray[np.bool_], box: Box) -> bool:
    """Whether a region reaches along all four sides of its box, as a frame does."""
    x0, y0, x1, y1 = (int(v) for v in box)
    window = region[y0:y1, x0:x1]
    depth = 6
    sides = (window[:depth].any(axis=0), window[-depth:].any(axis=0),
             window[:, :depth].any(axis=1), window[:, -depth:].any(axis=1))  # fmt: skip
    return min(side.mean() for side in sides) > 0.6


def _erase_border(ink: Mask, box: Box) -> None:
    x0, y0, x1, y1 = box
    for side in ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)):
        _fill(ink, side, 4, 0)


def _circles(image: RGBImage, taken: Mask) -> list[Outline]:
    """Operator signs: small circles whose whole circumference is drawn."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found = cv2.HoughCircles(
        grey,
        cv2.HOUGH_GRADIENT,
        dp=1,
        minDist=24,
        param1=120,
        param2=22,
        minRadius=10,
        maxRadius=34,
    )
    out: list[Outline] = []
    if found is None:
        return out
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    for x, y, r in found.reshape(-1, 3):
        if taken[int(_clip(y, taken.shape[0])), int(_clip(x, taken.shape[1]))]:
            continue
        best = 0.0
        for radius in (r - 2, r - 1, r, r + 1, r + 2):
            xs = np.clip((x + radius * np.cos(angles)).round().astype(int), 0, grey.shape[1] - 1)
            ys = np.clip((y + radius * np.sin(angles)).round().astype(int), 0, grey.shape[0] - 1)
            best = max(best, float((grey[ys, xs] < 160).mean()))
        if best >= 0.9:
            out.append(Outline((x - r, y - r, x + r, y + r), "ellipse"))
    return out


def _blobs(ink: Mask, page: int) -> list[Outline]:
    """Dense blobs left over: pictures and drawings. Thin lines vanish under the opening."""
    kernel = np.ones((9, 9), np.uint8)
    filled = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    core = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((19, 19), np.uint8))
    core = cv2.dilate(core, kernel) & filled
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
