"""Genuine files for the tests, made by other means than the decoder's."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def drawing(height=48, width=64, seed=0):
    """A small figure: white page, coloured boxes, a gradient; uint8 RGB."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), 255, dtype=np.uint8)
    for _ in range(5):
        top, left = rng.integers(0, height - 8), rng.integers(0, width - 8)
        image[top : top + 8, left : left + 12] = rng.integers(0, 200, 3)
    image[-6:] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    image[0, 0] = (200, 30, 40)
    return image


def encoded(image, form="PNG", **options):
    """Bytes of a Pillow image or array in a format."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def raw_png(rows, width, depth, colour_type, chunks=()):
    """A PNG from packed scan lines, written by the specification rather than by Pillow."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(kind, body) for kind, body in chunks)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def on_white(rgb, alpha):
    """The page that a viewer shows: the definition of alpha blending, in float64."""
    weight = alpha.astype(np.float64)[..., None] / 255
    return np.rint(rgb * weight + 255 * (1 - weight)).astype(np.uint8)
