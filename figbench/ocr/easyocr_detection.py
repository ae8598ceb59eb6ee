"""EasyOCR's detection around the network: its canvas, and boxes from its scores.

The steps and every default are those of ``easyocr.Reader.detect``, whose functions do the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from easyocr.craft_utils import adjustResultCoordinates, getDetBoxes
from easyocr.imgproc import resize_aspect_ratio
from easyocr.utils import diff, group_text_box

from figbench.images.types import RGBImage

CANVAS_PX = 2560
MULTIPLE_PX = 32
MIN_SIZE_PX = 20
TEXT, LINK, LOW_TEXT = 0.7, 0.4, 0.4
GROUPING = {
    "slope_ths": 0.1,
    "ycenter_ths": 0.5,
    "height_ths": 0.5,
    "width_ths": 0.5,
    "add_margin": 0.1,
}


@dataclass(frozen=True, slots=True)
class Boxes:
    """Where lines are, in pixels of the image.

    Attributes:
        upright: (left, right, top, bottom) each.
        tilted: Four corners each.
    """

    upright: list[Any]
    tilted: list[Any]


def is_own_canvas(height: int, width: int, mag_ratio: float) -> bool:
    """Returns whether the network takes an image of this size without scaling and padding.

    Args:
        height: Pixels.
        width: Pixels.
        mag_ratio: Magnification that EasyOCR applies.
    """
    return (
        mag_ratio == 1
        and max(height, width) <= CANVAS_PX
        and height % MULTIPLE_PX == 0
        and width % MULTIPLE_PX == 0
    )


def to_canvas(image: RGBImage, mag_ratio: float) -> tuple[RGBImage, float]:
    """Returns the network's input, shape (h, w, 3), black at the right and below; and scale."""
    if is_own_canvas(image.shape[0], image.shape[1], mag_ratio):
        return image, 1.0
    canvas, scale, _ = resize_aspect_ratio(image, CANVAS_PX, cv2.INTER_LINEAR, mag_ratio)
    # It holds the resized bytes as float32.
    return canvas.astype(np.uint8), float(scale)


def find_boxes(scores: npt.NDArray[np.float32], scale: float) -> Boxes:
    """Returns boxes from the region and affinity scores (2, h, w) of a canvas of that scale."""
    detected, _, _ = getDetBoxes(scores[0], scores[1], TEXT, LINK, LOW_TEXT)
    corners = adjustResultCoordinates(detected, 1 / scale, 1 / scale)
    flat = [np.array(box).astype(np.int32).reshape(-1) for box in corners]
    upright, tilted = group_text_box(flat, **GROUPING)
    return Boxes(
        [box for box in upright if max(box[1] - box[0], box[3] - box[2]) > MIN_SIZE_PX],
        [
            box
            for box in tilted
            if max(diff([point[0] for point in box]), diff([point[1] for point in box]))
            > MIN_SIZE_PX
        ],
    )
