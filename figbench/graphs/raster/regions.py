"""Regions of one colour in an image, after its texts have been painted over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from figbench.graphs.drawing import Words
from figbench.graphs.model import Box
from figbench.graphs.raster.upright import largest_values
from figbench.images.types import RGBImage

TOLERANCE = 6
"""Largest difference of neighbouring pixels of a region, in 8-bit values."""


def without_text(image: RGBImage, words: Sequence[Words]) -> RGBImage:
    """Returns the image with each text painted over in the colour that it stands on.

    Args:
        image: uint8, height x width x 3.
        words: Texts with boxes in pixels.

    Returns:
        A new image, uint8, of the same shape.
    """
    out = image.copy()
    height, width = image.shape[:2]
    for entry in words:
        x0, y0, x1, y1 = window_of(entry.box, width, height, 1)
        window = out[y0:y1, x0:x1]
        if not window.size:
            continue
        # The most frequent colour of the window is what the text stands on.
        codes = (window // 8).reshape(-1, 3).astype(np.int64) @ np.array([1024, 32, 1])
        values, counts = np.unique(codes, return_counts=True)
        is_ground = codes == values[counts.argmax()]
        window[:] = np.median(window.reshape(-1, 3)[is_ground], axis=0).astype(np.uint8)
    return out


def flat_regions(image: RGBImage) -> tuple[Any, Any, list[Any], Any]:
    """Returns connected regions in which neighbouring pixels differ by less than the tolerance.

    Args:
        image: uint8, height x width x 3.

    Returns:
        Labels (int32, height x width), boxes and sizes as OpenCV gives them, mean colours, and the
        radius in pixels of the largest disc in each region.
    """
    values = image.astype(np.int16)
    across = np.abs(np.diff(values, axis=1)).max(axis=2) > TOLERANCE
    down = np.abs(np.diff(values, axis=0)).max(axis=2) > TOLERANCE
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
    radii = largest_values(depth, labels, count)
    return labels, stats, list(means), radii


def clipped(value: float, size: int) -> float:
    """Returns a coordinate within 0 and ``size - 1``."""
    return min(max(value, 0), size - 1)


def window_of(box: Box, width: int, height: int, slack: int) -> tuple[int, int, int, int]:
    """Returns the window of pixels that a grown box covers, within the image.

    Args:
        box: x0, y0, x1, y1 in pixels.
        width: Of the image.
        height: Of the image.
        slack: Growth of the box on each side, in pixels.

    Returns:
        x0, y0, x1, y1; the ends x1 and y1 are exclusive.
    """
    return (
        max(int(box[0]) - slack, 0),
        max(int(box[1]) - slack, 0),
        min(int(box[2]) + slack + 1, width),
        min(int(box[3]) + slack + 1, height),
    )
