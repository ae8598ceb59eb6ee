"""Figures of a study: decoded, brought to one size, and encoded without metadata."""

from __future__ import annotations

import base64
import io

import numpy as np

from figbench.images.types import RGBImage

WIDTH, HEIGHT = 960, 720
"""Pixels of every image of a study."""
QUALITY = 88
TILES = 5


def canvas(image: RGBImage, width: int = WIDTH, height: int = HEIGHT) -> RGBImage:
    """Returns the image scaled into a white canvas of a fixed size.

    Args:
        image: RGB, shape (h, w, 3), uint8.
        width: Of the canvas, pixels.
        height: Of the canvas, pixels.
    """
    from PIL import Image

    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    scaled = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
    page = Image.new("RGB", (width, height), (255, 255, 255))
    page.paste(scaled, ((width - size[0]) // 2, (height - size[1]) // 2))
    return np.asarray(page, dtype=np.uint8)


def jumbled(image: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Returns the canvas with its tiles in another order, same shape: the bad figure of a trial."""
    lines, columns = image.shape[0] // TILES, image.shape[1] // TILES
    order = rng.permutation(TILES * TILES)
    result = np.full_like(image, 255)
    for target, source in enumerate(order):
        y, x = divmod(int(source), TILES)
        tile = image[y * lines : (y + 1) * lines, x * columns : (x + 1) * columns]
        if target % 2:
            tile = tile[::-1, ::-1]
        y, x = divmod(target, TILES)
        result[y * lines : (y + 1) * lines, x * columns : (x + 1) * columns] = tile
    return result


def data_uri(image: RGBImage) -> str:
    """Returns the image as a WebP data URI; Pillow writes no metadata unless asked."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
