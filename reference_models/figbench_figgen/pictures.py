"""Grids of images, for visual checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path


def save_grid(path: Path, images: Sequence[RGBImage], columns: int, gap: int = 2) -> None:
    """Writes images of one size as one PNG, row by row.

    Args:
        path: Of the PNG.
        images: uint8, height x width x 3, at least one.
        columns: Images in a row.
        gap: Grey pixels between images and around them.
    """
    height, width = images[0].shape[:2]
    lines = -(-len(images) // columns)
    shape = (lines * (height + gap) + gap, columns * (width + gap) + gap, 3)
    page = np.full(shape, 200, dtype=np.uint8)
    for index, image in enumerate(images):
        top = gap + (index // columns) * (height + gap)
        left = gap + (index % columns) * (width + gap)
        page[top : top + height, left : left + width] = image
    with atomic_path(path) as temporary:
        Image.fromarray(page).save(temporary, "PNG", optimize=True)
