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


def labels_right(
    image: RGBImage, kinds: tuple[str, ...], labels: tuple[str | None, ...], order: str
) -> float:
    """Returns the share of a caption's labels that are at their shape; NaN without labels.

    Args:
        image: (64, 64, 3) uint8.
        kinds: Of the shapes, in order.
        labels: Of the shapes, None where there is none.
        order: Of the arrows, as in the caption; empty for a single shape.
    """
    # A single shape has two possible sizes with the same middle; the smaller box is inside both.
    boxes = [box for name, box in LAYOUTS[len(kinds)] if name == order][-1]
    right = [
        nearest_label(image, box, kind) == label
        for box, kind, label in zip(boxes, kinds, labels, strict=True)
        if label is not None
    ]
    return float(np.mean(right)) if right else float("nan")


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
