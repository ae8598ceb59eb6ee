"""The label at each shape of a SynthFig-simple figure, by the nearest drawn label.

Text recognition misreads letters of 8 pixels even in drawn figures. The position, the typeface
and all possible labels are given here, so that comparing with each of them answers the question.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from figbench.images.types import RGBImage
from figbench.synthfig.render import render_scene
from figbench.synthfig.scene import Box, Scene
from figbench.synthfig.simple import LAYOUTS, SIDE, fitting_labels, label_text

Ink = npt.NDArray[np.float64]
HALF_HEIGHT = 8
"""Rows above and below the middle of a shape that are compared; letters have 8 rows in all."""
BORDER = 2
"""Columns at each side of a shape that are left out: its outline."""
SHIFT = 1
"""Pixels by which a label may be off its position, in each direction."""
MIDDLE = 4
"""Pixels from the middle of a shape, in each direction, in which every label has ink."""
INK_DISTANCE = 90.0
"""Of a pixel of ink from the shape's colour, in RGB units; labels are at least 200 away."""
INK_SHARE = 0.08
"""Share of the middle that is ink, from which a shape has a label."""
SMALLEST_SIMILARITY = 0.5
"""Correlation from which a label counts; an empty shape resembles no label."""


def nearest_label(image: RGBImage, box: Box, kind: str) -> str | None:
    """Returns the label that the inside of a shape resembles most, or None.

    The ink is the distance of each pixel from the median colour; its correlation with every
    label that fits into the shape is computed, drawn at up to 1 pixel from its position.

    Args:
        image: (64, 64, 3) uint8.
        box: The shape's box.
        kind: ``box``, ``rounded box`` or ``circle``.
    """
    window = _window(box)
    inside = image[window].astype(np.float64)
    ink = np.linalg.norm(inside - np.median(inside, axis=(0, 1)), axis=2)
    if not ink.std():
        return None
    similarity = {
        label: max(_correlation(ink, template) for template in _templates(label, box))
        for label in fitting_labels(box, kind)
    }
    best = max(similarity, key=similarity.__getitem__)
    return best if similarity[best] >= SMALLEST_SIMILARITY else None


def has_label(image: RGBImage, box: Box) -> bool:
    """Tells whether there is ink in the middle of a shape.

    Args:
        image: (64, 64, 3) uint8.
        box: The shape's box.
    """
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    colour = np.median(image[_window(box)].astype(np.float64), axis=(0, 1))
    middle = image[y - MIDDLE : y + MIDDLE + 1, x - MIDDLE : x + MIDDLE + 1].astype(np.float64)
    distance = np.linalg.norm(middle - colour, axis=2)
    return bool((distance > INK_DISTANCE).mean() > INK_SHARE)


def check_labels(
    image: RGBImage, kinds: tuple[str, ...], labels: tuple[str | None, ...], order: str
) -> tuple[float, float]:
    """Returns two shares of a caption's shapes: labels right, and unlabelled shapes empty.

    Args:
        image: (64, 64, 3) uint8.
        kinds: Of the shapes, in order.
        labels: Of the shapes, None where there is none.
        order: Of the arrows, as in the caption; empty for a single shape.

    Returns:
        The share of the labels that are at their shape, and the share of the shapes without a
        label that have no ink in their middle; each is NaN without such shapes.
    """
    # A single shape has two possible sizes with the same middle; the smaller box is inside both.
    boxes = [box for name, box in LAYOUTS[len(kinds)] if name == order][-1]
    right = [
        nearest_label(image, box, kind) == label
        for box, kind, label in zip(boxes, kinds, labels, strict=True)
        if label is not None
    ]
    empty = [
        not has_label(image, box) for box, label in zip(boxes, labels, strict=True) if label is None
    ]
    nothing = float("nan")
    return (
        float(np.mean(right)) if right else nothing,
        float(np.mean(empty)) if empty else nothing,
    )


def _window(box: Box) -> tuple[slice, slice]:
    middle = (box[1] + box[3]) // 2
    top, bottom = max(box[1] + 1, middle - HALF_HEIGHT), min(box[3] - 1, middle + HALF_HEIGHT)
    return slice(top, bottom), slice(box[0] + BORDER, box[2] - BORDER)


@cache
def _templates(label: str, box: Box) -> tuple[Ink, ...]:
    """Returns the ink of a label in the window of a shape, at each allowed shift."""
    text = label_text(box, label, "yellow")
    rendered = 255.0 - render_scene(Scene(SIDE, SIDE, (text,), "")).astype(np.float64).mean(axis=2)
    shifts = range(-SHIFT, SHIFT + 1)
    return tuple(
        np.roll(rendered, (down, right), axis=(0, 1))[_window(box)]
        for down in shifts
        for right in shifts
    )


def _correlation(a: Ink, b: Ink) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) or 1.0))
