"""Any Pillow mode to sRGB as seen on a white page."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from figbench.images.limits import DecodeError
from figbench.images.types import RGBImage

OVERSHOOT = 0.1
DARKEST = 1.5
"""A page whose brightest pixel is below this of 255 is no picture, but one of another range."""
LINES_AT_ONCE = 512
"""Blending works in strips, so that a large picture does not need many times its size."""


def is_deep(image: Image.Image) -> bool:
    """Tells whether the pixels are 16- or 32-bit grey."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def to_rgb(image: Image.Image) -> RGBImage:
    """Returns an image in sRGB: profile applied, alpha blended with white.

    Returns:
        Pixels, shape (height, width, 3), uint8.

    Raises:
        DecodeError: If float pixels are NaN or infinite.
    """
    profile = image.info.get("icc_profile")
    if is_deep(image):
        page = _from_deep_grey(image)
        grey = Image.fromarray(page[..., 0]) if profile else None
        converted = _profiled(grey, profile) if grey is not None and profile else None
        return page if converted is None else np.asarray(converted, dtype=np.uint8)
    alpha = _alpha(image)
    rgb = _profiled(image, profile) if profile else None
    pixels: RGBImage = np.asarray(rgb or _plain_rgb(image), dtype=np.uint8)
    return pixels if alpha is None else _on_white(pixels, alpha)


def _plain_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    if image.mode in ("P", "PA", "RGBA", "RGBa", "LA", "La"):
        return image.convert("RGBA").convert("RGB")
    return image.convert("RGB")


def _profiled(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Returns the image in sRGB by its embedded profile; None when the profile is unusable."""
    base = image
    if image.mode in ("RGBA", "P", "PA", "RGBa"):
        base = image.convert("RGBA").convert("RGB")
    elif image.mode in ("LA", "La", "1"):
        base = image.convert("L")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(base, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _alpha(image: Image.Image) -> npt.NDArray[np.uint8] | None:
    if not image.has_transparency_data:
        return None
    channel = np.asarray(image.convert("RGBA").getchannel("A"), dtype=np.uint8)
    return None if channel.min() == 255 else channel


def _on_white(pixels: RGBImage, alpha: npt.NDArray[np.uint8]) -> RGBImage:
    """Blends in integers: 255 is odd, so adding 127 before dividing rounds without a tie."""
    page = np.empty_like(pixels)
    for top in range(0, pixels.shape[0], LINES_AT_ONCE):
        lines = slice(top, top + LINES_AT_ONCE)
        weight = alpha[lines, :, None].astype(np.uint16)
        mixed = pixels[lines] * weight + 255 * (255 - weight) + 127
        page[lines] = mixed // 255
    return page


def _scale(mode: str, low: float, high: float) -> float | None:
    """Returns what brings deep grey to 0..255: by the usual range that holds it, else None.

    Interpolation overshoots a range a little; what lies beyond is clipped, as a viewer does.
    """
    if mode == "F":
        for limit in (1, 255, 65535):
            if low >= -OVERSHOOT * limit and high <= (1 + OVERSHOOT) * limit:
                return 255 / limit
        return None
    if low < 0 or high > 65535:
        return None
    return 1.0 if mode == "I" and 1 < high <= 255 else 255 / 65535


def _from_deep_grey(image: Image.Image) -> RGBImage:
    """16- and 32-bit grey to 8 bits: by bit depth where it is known, else by the values' range."""
    values = np.asarray(image, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DecodeError("not-finite", "the image has NaN or infinite pixels")
    low, high = float(values.min()), float(values.max())
    scale = _scale(image.mode, low, high)
    if scale is not None:
        scaled = (values * scale).clip(0, 255)
    else:
        scaled = (values - low) * (255 / (high - low)) if high > low else values * 0
    if 0 < high and float(scaled.max()) < DARKEST:
        raise DecodeError(
            "unit-range",
            f"no pixel is above 1 of 255 after scaling: values of 0..{high:g} in a deeper file; "
            "save the figure with 8 bits",
        )
    grey = np.rint(scaled).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return np.repeat(grey[..., None], 3, axis=2)
