"""Images for logs: the labels that were read, marked right or wrong, and contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.types import RGBImage

MATCHED, UNMATCHED = (0, 114, 178), (213, 94, 0)
"""Blue and orange, which people with any colour vision tell apart."""


def label_overlay(
    images: Any,
    lines: Sequence[Sequence[TextLine]],
    reference_lines: Sequence[Sequence[TextLine | str]],
    *,
    max_ned: float = 0.2,
    value_range: ValueRange = UNIT,
) -> list[RGBImage]:
    """Returns images with a box around every label: blue solid where it matches, else orange.

    Each has the shape of its input, (h, w, 3), uint8.

    Args:
        images: n images.
        lines: Labels read from each image, boxes in its pixels, as ``figbench.ocr(name)(images)``.
        reference_lines: Labels of each reference.
        max_ned: Largest normalised edit distance of a match.
        value_range: Range of float images.

    Raises:
        UserError: If the lengths differ, or an image is not usable.
    """
    arrays = as_rgb_images(images, "images", value_range)
    if not len(arrays) == len(lines) == len(reference_lines):
        raise UserError(
            f"images, lines and reference_lines: {len(arrays)}, {len(lines)} and "
            f"{len(reference_lines)}, expected equal numbers."
        )
    return [
        _draw(image, own, [_text(line) for line in reference], max_ned)
        for image, own, reference in zip(arrays, lines, reference_lines, strict=True)
    ]


def contact_sheet(
    images: Any, *, columns: int = 4, cell: int = 256, value_range: ValueRange = UNIT
) -> RGBImage:
    """Returns images in reading order on one white page, shape (h, w, 3), uint8.

    Args:
        images: n images of any sizes.
        columns: Images per line.
        cell: Largest width and height of an image in pixels.
        value_range: Range of float images.
    """
    from figbench.plots.contact_sheet import contact_sheet as draw

    arrays = as_rgb_images(images, "images", value_range)
    return draw(arrays, min(columns, len(arrays)), cell=(cell, cell))


def _text(line: TextLine | str) -> str:
    return line if isinstance(line, str) else line.text


def _draw(
    image: RGBImage, lines: Sequence[TextLine], reference: Sequence[str], max_ned: float
) -> RGBImage:
    from figbench.data.label_text import normalise
    from figbench.metrics.numerics.label_matching import text_similarity

    page = Image.fromarray(image)
    pen = ImageDraw.Draw(page)
    left = [normalise(text) for text in reference]
    for line in lines:
        text = normalise(line.text)
        best = max(left, key=lambda other: text_similarity(text, other), default=None)
        matched = best is not None and text_similarity(text, best) >= 1.0 - max_ned - 1e-9
        if matched and best is not None:
            left.remove(best)
        if line.box:
            corners = [*line.box, line.box[0]]
            pen.line(corners, fill=MATCHED if matched else UNMATCHED, width=2 if matched else 3)
    return np.asarray(page, np.uint8)
