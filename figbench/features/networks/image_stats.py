"""Perceptual hash, share of ink and number of distinct values of an image.

Users: the ``validity`` metric, and the near-copy check of leaderboards.
"""

from __future__ import annotations

from collections.abc import Sequence

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from figbench.features.base import FloatArray
from figbench.features.specs import IMAGE_STATS
from figbench.images.types import RGBImage

INK_BELOW = 250
"""A pixel is ink when its darkest channel is below this."""


def perceptual_hash(image: RGBImage) -> npt.NDArray[np.bool_]:
    """Returns the DCT hash of a preprocessed image, shape (64,), row by row.

    Hash: ``phash`` of the ImageHash library with its defaults. The error rates that the
    ``validity`` metric states hold for images in the shape of the protocol only: a hash of the
    decoded file differs by a median of 16 bits.
    """
    return np.asarray(imagehash.phash(Image.fromarray(image)).hash, np.bool_).reshape(-1)


class ImageStats:
    """See :class:`figbench.features.base.FeatureExtractor`."""

    info = IMAGE_STATS.info

    def __init__(self, device: str = "cpu", precision: str = "float32") -> None:
        """Accepts the arguments of every extractor; there are no weights to load."""

    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """Returns ``phash`` (n, 64) of 0 and 1, ``ink`` (n, 1) in 0..1, ``distinct`` (n, 1)."""
        hashes = [perceptual_hash(image) for image in images]
        ink = [_ink(image) for image in images]
        distinct = [_distinct(image) for image in images]
        return {
            "phash": np.asarray(hashes, dtype=np.float32).reshape(len(images), 64),
            "ink": np.asarray(ink, dtype=np.float32)[:, None],
            "distinct": np.asarray(distinct, dtype=np.float32)[:, None],
        }


def _ink(image: RGBImage) -> float:
    # numpy's reduction over an axis of three values takes 17 times as long.
    red, green, blue = (image[:, :, channel] for channel in range(3))
    darkest = np.minimum(np.minimum(red, green), blue)
    return float((darkest < INK_BELOW).mean())


def _distinct(image: RGBImage) -> int:
    by_channel = np.reshape(Image.fromarray(image).histogram(), (3, 256))
    return int(np.count_nonzero(by_channel.any(axis=0)))
