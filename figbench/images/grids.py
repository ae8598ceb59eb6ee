"""Cells of an image that holds a 2 x 2 grid of samples."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from figbench.images.decode import decode
from figbench.images.limits import DecodeError

GRID_CELLS = 4


def grid_cell(data: bytes, cell: int) -> bytes:
    """Returns one cell of a 2 x 2 grid as a BMP, whose bytes do not depend on a compressor.

    Args:
        data: The file of the whole grid.
        cell: 0..3, rows first.

    Returns:
        The bytes of a BMP, RGB.

    Raises:
        DecodeError: If the grid cannot be read, has odd sides, or the cell is black all over.
    """
    image = decode(data).image
    height, width = image.shape[0] // 2, image.shape[1] // 2
    if image.shape[0] % 2 or image.shape[1] % 2:
        raise DecodeError("not-an-image", f"{image.shape[1]}x{image.shape[0]} is no 2 x 2 grid")
    line, column = divmod(cell, 2)
    tile = image[line * height : (line + 1) * height, column * width : (column + 1) * width]
    if int(tile.max()) <= 2:
        raise DecodeError("failed", "the cell is black all over: the generation failed")
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(tile)).save(out, "BMP")
    return out.getvalue()
