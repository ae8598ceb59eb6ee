"""What validity needs of an image: perceptual hash, ink, number of distinct values."""

from __future__ import annotations

from collections.abc import Sequence

import imagehash
import numpy as np
from PIL import Image

from figbench.features.base import FloatArray
from figbench.features.specs import IMAGE_STATS
from figbench.images.types import RGBImage

INK_BELOW = 250
"""A pixel is ink when its darkest channel is below this."""


class ImageStats:
    """See :class:`figbench.features.base.FeatureExtractor`."""

    info = IMAGE_STATS.info

    def __init__(self, device: str = "cpu", precision: str = "float32") -> None:
        """Takes what every network takes; there is nothing to load."""

    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """Returns ``phash`` (n, 64) of 0 and 1, ``ink`` (n, 1) in 0..1, ``distinct`` (n, 1)."""
        hashes = [imagehash.phash(Image.fromarray(image)).hash.reshape(-1) for image in images]
        ink = [float((image.min(axis=2) < INK_BELOW).mean()) for image in images]
        distinct = [np.count_nonzero(np.bincount(image.ravel(), minlength=256)) for image in images]
        return {
            "phash": np.asarray(hashes, dtype=np.float32).reshape(len(images), 64),
            "ink": np.asarray(ink, dtype=np.float32)[:, None],
            "distinct": np.asarray(distinct, dtype=np.float32)[:, None],
        }
