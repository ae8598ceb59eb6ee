"""Preprocess policies: any picture to the shape that a protocol fixes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from figbench.errors import UserError
from figbench.images.types import RGBImage

FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
}
PADDED = {"pad512": 512, "pad384": 384, "pad256": 256}
CROPPED = {"crop384": 384}


def preprocess(image: RGBImage, policy: str, resample: str = "bicubic") -> RGBImage:
    """Returns the picture in the shape of a policy.

    ``padN``: longest side to N, up or down, antialiased, centred on a white N x N square (as
    FigGen, which does it without antialiasing). ``cropN``: shortest side to N, centre N x N.
    ``none``: as it is.

    Args:
        image: Height x width x 3, uint8.
        policy: Name of the policy.
        resample: ``bicubic``, ``lanczos`` or ``bilinear``; Pillow's filters, which widen their
            support when scaling down (antialiasing).

    Raises:
        UserError: If policy or filter is unknown.
    """
    if resample not in FILTERS:
        raise UserError(f"Unknown resampling filter '{resample}'.", remedy=f"Known: {[*FILTERS]}.")
    if policy == "none":
        return image
    if policy in PADDED:
        return _pad(image, PADDED[policy], resample)
    if policy in CROPPED:
        return _crop(image, CROPPED[policy], resample)
    names = ["none", *PADDED, *CROPPED]
    raise UserError(f"Unknown preprocess policy '{policy}'.", remedy=f"Known: {', '.join(names)}.")


def _resize(image: RGBImage, width: int, height: int, resample: str) -> RGBImage:
    if image.shape[:2] == (height, width):
        return image
    resized = Image.fromarray(image).resize((width, height), FILTERS[resample])
    return np.asarray(resized, dtype=np.uint8)


def _pad(image: RGBImage, side: int, resample: str) -> RGBImage:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    new_width = min(side, max(1, round(width * scale)))
    new_height = min(side, max(1, round(height * scale)))
    page = np.full((side, side, 3), 255, dtype=np.uint8)
    top, left = (side - new_height) // 2, (side - new_width) // 2
    resized = _resize(image, new_width, new_height, resample)
    page[top : top + new_height, left : left + new_width] = resized
    return page


def _crop(image: RGBImage, side: int, resample: str) -> RGBImage:
    height, width = image.shape[:2]
    scale = side / min(height, width)
    new_width, new_height = max(side, round(width * scale)), max(side, round(height * scale))
    top, left = (new_height - side) // 2, (new_width - side) // 2
    resized = _resize(image, new_width, new_height, resample)
    return np.ascontiguousarray(resized[top : top + side, left : left + side])


def encode_legacy(image: RGBImage, side: str) -> RGBImage:
    """Returns the pixels, same shape, as the authors' released FID script sees them.

    Generated figures: [0, 1] floats truncated to integers, so only pure white (1) is left.
    References: [-1, 1] floats truncated to integers, so white is 1, black wraps to 255 (x86) and
    everything between is 0. See docs/protocols.md for what this does to a score.

    Args:
        image: Shape (height, width, 3), uint8.
        side: ``generated`` or ``reference``.

    Returns:
        Values 0, 1 and 255, shape (height, width, 3), uint8.
    """
    encoded: RGBImage = (image == 255).astype(np.uint8)
    if side == "reference":
        encoded[image == 0] = 255
    return encoded
