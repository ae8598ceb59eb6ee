"""Many figures on one page, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.drawing.canvas import Canvas
from figbench.synthfig.drawing.fonts import text_width
from figbench.synthfig.drawing.text import text_mask


def contact_sheet(
    images: Sequence[RGBImage],
    columns: int,
    *,
    cell: tuple[int, int] = (256, 256),
    gap: int = 12,
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    title_size: int = 15,
) -> RGBImage:
    """Lays figures out in reading order, each shrunk to fit its cell on a white page.

    Args:
        images: uint8, height x width x 3, any sizes; an image is never enlarged.
        columns: Cells per row, at least 1.
        cell: Width and height of a cell in pixels.
        gap: Space between cells and around the page.
        row_titles: Written left of each row, when given.
        column_titles: Written above each column, when given.
        title_size: Pixels per em of the titles.

    Returns:
        The page, uint8, shape (height, width, 3).

    Raises:
        UserError: When there is no image or no column.
    """
    if columns < 1 or not images:
        raise UserError(f"A contact sheet needs images and columns, not {len(images)}, {columns}.")
    lines = -(-len(images) // columns)
    side = max((_width(t, title_size) for t in row_titles), default=0)
    left, top = gap + side, gap + (title_size * 2 if column_titles else 0)
    page = Canvas(left + columns * (cell[0] + gap), top + lines * (cell[1] + gap), (255, 255, 255))
    for i, image in enumerate(images):
        x, y = left + i % columns * (cell[0] + gap), top + i // columns * (cell[1] + gap)
        small = _fit(image, cell)
        page.paste(small, x + (cell[0] - small.shape[1]) // 2, y + (cell[1] - small.shape[0]) // 2)
    for i, title in enumerate(column_titles[:columns]):
        x = left + i * (cell[0] + gap) + (cell[0] - _width(title, title_size)) // 2
        _write(page, title, x, gap, title_size)
    for i, title in enumerate(row_titles[:lines]):
        y = top + i * (cell[1] + gap) + (cell[1] - title_size) // 2
        _write(page, title, gap, y, title_size)
    return page.pixels


def _width(text: str, size: int) -> int:
    return int(text_width(text, "sans-bold", size)) + 12 if text else 0


def _write(page: Canvas, text: str, left: int, top: int, size: int) -> None:
    mask, _ = text_mask(text.replace("$", ""), "sans-bold", size)
    page.blend(mask, left, top, (20, 20, 20))


def _fit(image: RGBImage, cell: tuple[int, int]) -> RGBImage:
    height, width = image.shape[:2]
    shrink = min(cell[0] / width, cell[1] / height, 1.0)
    if shrink == 1.0:
        return image
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
