"""Exact checks of SynthFig-simple figures against their captions: colours, layout, order, arrows.

The figures are flat (eight fill colours, black arrows, white page), so that segmenting them by
colour answers the question without a model. Used for ``figgen-nano``; not for other figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from figbench.images.types import RGBImage
from figbench.synthfig.simple import COLOURS
from figbench_figgen.check_labels import check_labels

LARGEST_DISTANCE = 45.0
"""Of a pixel to the fill colour it counts as, in RGB units; two fills are at least 70 apart."""
PAGE = 195
"""Smallest channel of a pixel of the page; every fill has a smaller one."""
INK = 110
"""Largest channel of a pixel of ink; every fill has a larger one."""
DARK = 90
"""Largest grey value of a stroke's pixel."""
SMALLEST_SHAPE = 60
"""Pixels of a region that count as a shape; the smallest drawn one has 150."""
STROKE_SHARE = 0.65
"""Share of the gap between two shapes that an arrow must cover."""

HEAD_WIDTH = 3
"""Pixels across an arrow's head, at least; a stroke has two."""
LONG_GAP = 12
"""Pixels between two shapes from which an arrow has a visible shaft."""

_SHAPE_PHRASE = re.compile(
    r"\ban? (?P<colour>[a-z]+) (?P<kind>rounded box|box|circle)(?: labelled (?P<label>\w+))?"
)
_ORDER = re.compile(r"joined by arrows (from left to right|from top to bottom|clockwise)")


@dataclass(frozen=True, slots=True)
class Asked:
    """The content of a caption.

    Attributes:
        colours: Of the shapes, in order.
        kinds: ``box``, ``rounded box`` or ``circle`` of each.
        labels: Text of each, or None.
        order: ``from left to right``, ``from top to bottom``, ``clockwise``, or empty.
    """

    colours: tuple[str, ...]
    kinds: tuple[str, ...]
    labels: tuple[str | None, ...]
    order: str


@dataclass(frozen=True, slots=True)
class Region:
    """A filled region; box is (left, top, right, bottom) in pixels, ends exclusive."""

    colour: str
    box: tuple[int, int, int, int]
    fill: float

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box, (x, y)."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome for a figure.

    Attributes:
        named_pixels: Share of the coloured pixels whose colour the caption names; NaN without any.
        colours: Share of the caption's shapes that have their colour at their position.
        kinds: Share of them that are round or straight-sided as the caption says.
        count: Whether the number of shapes is right.
        arrows: Whether every arrow is there with its head at its end, and no other one.
        layout: Whether number, positions and arrows are right.
        labels: Share of the caption's labels that are at their shape; NaN without labels.
        unlabelled: Share of the shapes without a label that are empty; NaN without such shapes.
    """

    named_pixels: float
    colours: float
    kinds: float
    count: bool
    arrows: bool
    layout: bool
    labels: float
    unlabelled: float


def parse_caption(caption: str) -> Asked:
    """Returns the content of a SynthFig-simple caption.

    Raises:
        ValueError: If it names no shape of a fill colour.
    """
    text = caption[0].lower() + caption[1:] if caption else ""
    text = re.sub(r"\b(An?) ", lambda match: match[0].lower(), text)
    phrases = [item for item in _SHAPE_PHRASE.finditer(text) if item["colour"] in COLOURS]
    if not phrases:
        raise ValueError(f"not a SynthFig-simple caption: '{caption}'")
    order = _ORDER.search(text)
    return Asked(
        tuple(item["colour"] for item in phrases),
        tuple(item["kind"] for item in phrases),
        tuple(item["label"] for item in phrases),
        order[1] if order else "",
    )


def colour_map(image: RGBImage) -> npt.NDArray[np.int64]:
    """Returns the index of each pixel's fill colour, (h, w), -1 where there is none."""
    palette = np.array(list(COLOURS.values()), dtype=np.float64)
    distance = np.linalg.norm(image[:, :, None].astype(np.float64) - palette, axis=3)
    nearest = distance.argmin(axis=2)
    return np.where(distance.min(axis=2) <= LARGEST_DISTANCE, nearest, -1)


def shapes_of(image: RGBImage) -> list[Region]:
    """Returns the filled regions of a figure, largest first.

    A region is bounded by ink or page; its colour is the most frequent fill colour in it, so
    that a patchy shape is still one shape.
    """
    colours_at = colour_map(image)
    filled = (image.min(axis=2) < PAGE) & (image.max(axis=2) > INK)
    labelled, count = ndimage.label(filled)
    boxes = ndimage.find_objects(labelled)
    regions: list[tuple[int, Region]] = []
    for number in range(1, count + 1):
        vertical, horizontal = boxes[number - 1]
        mask = labelled[vertical, horizontal] == number
        inside = colours_at[vertical, horizontal][mask]
        counts = np.bincount(inside[inside >= 0], minlength=len(COLOURS))
        if mask.sum() < SMALLEST_SHAPE or not counts.any():
            continue
        whole = ndimage.binary_fill_holes(mask)
        box = horizontal.start, vertical.start, horizontal.stop, vertical.stop
        name = list(COLOURS)[int(counts.argmax())]
        regions.append((int(whole.sum()), Region(name, box, float(whole.mean()))))
    regions.sort(key=lambda item: -item[0])
    return [region for _, region in regions]


def check_figure(image: RGBImage, caption: str) -> Checked:
    """Compares a figure with its caption.

    Args:
        image: (64, 64, 3) uint8.
        caption: A SynthFig-simple caption.

    Raises:
        ValueError: If the caption is of another kind.
    """
    asked, shapes = parse_caption(caption), shapes_of(image)
    colours_at = colour_map(image)
    named = [list(COLOURS).index(item) for item in asked.colours]
    coloured = colours_at[colours_at >= 0]
    share = float(np.isin(coloured, named).mean()) if coloured.size else float("nan")
    expected = _positions(asked.order, len(asked.colours), image.shape[0])
    at = [_at(position, shapes) for position in expected]
    right = [
        region is not None and region.colour == colour
        for region, colour in zip(at, asked.colours, strict=True)
    ]
    kinds = [
        region is not None and (region.fill < ROUND_FILL) == (kind == "circle")
        for region, kind in zip(at, asked.kinds, strict=True)
    ]
    count = len(shapes) == len(asked.colours)
    arrows = count and all(at) and _arrows_right(image, at)
    placed = all(at) and len({id(item) for item in at}) == len(at)
    return Checked(
        share, float(np.mean(right)), float(np.mean(kinds)), count, arrows,
        count and placed and arrows,
        *check_labels(image, asked.kinds, asked.labels, asked.order),
    )  # fmt: skip


ROUND_FILL = 0.88
"""An ellipse fills 0.785 of its box, a box with rounded corners at least 0.9."""


def _positions(order: str, count: int, side: int) -> list[tuple[float, float]]:
    """Returns where the shapes' centres belong, (x, y)."""
    middle, last = side / 2, side - 1
    if count == 1:
        return [(middle, middle)]
    if order == "clockwise":
        near, far = 0.23 * side, 0.77 * side
        return [(near, near), (far, near), (far, far), (near, far)][:count]
    first = 9.0 if count > 2 else 14.0
    along = [float(item) for item in np.linspace(first, last - first + 1, count)]
    if order == "from top to bottom":
        return [(middle, item) for item in along]
    return [(item, middle) for item in along]


def _at(position: tuple[float, float], shapes: Sequence[Region]) -> Region | None:
    """Returns the shape whose centre is within 7 pixels of a position (the nearest)."""
    near = [
        (float(np.hypot(item.centre[0] - position[0], item.centre[1] - position[1])), i)
        for i, item in enumerate(shapes)
    ]
    inside = [item for item in near if item[0] <= 7.0]
    return shapes[min(inside)[1]] if inside else None


def _arrows_right(image: RGBImage, shapes: Sequence[Region | None]) -> bool:
    """Tells whether each shape but the last has an arrow to the next, and no other pair has."""
    dark = image.max(axis=2) <= DARK
    regions = [item for item in shapes if item is not None]
    for start, end in pairwise(regions):
        if not _arrow(dark, start, end):
            return False
    # Strokes outside: the closing side of four shapes must be empty.
    return not (len(regions) == 4 and _stroke(dark, regions[3], regions[0]) >= STROKE_SHARE)


def _gap(dark: npt.NDArray[np.bool_], start: Region, end: Region) -> npt.NDArray[np.int64]:
    """Returns the dark pixels across the gap, position by position from start to end."""
    a, b = start.box, end.box
    if abs(start.centre[0] - end.centre[0]) > abs(start.centre[1] - end.centre[1]):
        forward = start.centre[0] < end.centre[0]
        low, high = (a[2], b[0]) if forward else (b[2], a[0])
        middle = round((start.centre[1] + end.centre[1]) / 2)
        counts = dark[max(0, middle - 5) : middle + 5, low:high].sum(axis=0)
    else:
        forward = start.centre[1] < end.centre[1]
        low, high = (a[3], b[1]) if forward else (b[3], a[1])
        middle = round((start.centre[0] + end.centre[0]) / 2)
        counts = dark[low:high, max(0, middle - 5) : middle + 5].sum(axis=1)
    return np.asarray(counts if forward else counts[::-1], np.int64)


def _stroke(dark: npt.NDArray[np.bool_], start: Region, end: Region) -> float:
    counts = _gap(dark, start, end)
    return float((counts > 0).mean()) if counts.size else 0.0


def _arrow(dark: npt.NDArray[np.bool_], start: Region, end: Region) -> bool:
    """Tells whether a stroke fills the gap and its head points at ``end``."""
    counts = _gap(dark, start, end)
    if counts.size < 5 or (counts > 0).mean() < STROKE_SHARE:
        return False
    # The first and the last position are the shapes' outlines.
    inner = counts[1:-1]
    if inner.max() < HEAD_WIDTH:
        return False
    if inner.size >= LONG_GAP:
        return bool(inner[1:-1].argmax() + 1 >= inner.size / 2 - 1)
    # A head as long as the gap: its tip is thinner than its base.
    return bool(inner[:3].sum() > inner[-3:].sum())
