"""Thumbnails of an attachment: selection of the figures, size, and checks."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

LONGEST_SIDE = 256
"""Pixels."""
MOST_THUMBNAILS = 24
MAX_THUMBNAIL_BYTES = 128 * 2**10
QUALITY = 75


def gallery_ids(figure_ids: Iterable[str]) -> list[str]:
    """Returns at most ``MOST_THUMBNAILS`` ids, the same for everyone with the same test set.

    They are those with the smallest SHA-256 of a fixed prefix and the id, so that nobody chooses
    which figures a board shows.
    """
    return sorted(set(figure_ids), key=_order)[:MOST_THUMBNAILS]


def _order(figure_id: str) -> str:
    return hashlib.sha256(f"figbench gallery 0\n{figure_id}".encode()).hexdigest()


def thumbnail(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Returns an image, shape (height, width, 3), as WebP with a longest side of 256 px."""
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def thumbnail_problem(content: bytes) -> str | None:
    """Returns the reason why bytes are no such thumbnail, or None."""
    from PIL import Image

    if len(content) > MAX_THUMBNAIL_BYTES:
        return f"{len(content):,} bytes, the limit is {MAX_THUMBNAIL_BYTES:,}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
                if max(image.size) > LONGEST_SIDE:
                    return f"{image.size[0]} x {image.size[1]} pixels, {LONGEST_SIDE} are allowed"
                if getattr(image, "n_frames", 1) != 1:
                    return "it is animated"
                image.load()
    except Exception as error:  # Pillow raises many types on damaged files
        return f"not a WebP picture ({type(error).__name__})"
    return None
