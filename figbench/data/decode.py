"""One decode path: bytes to the RGB picture that a person sees on a white page."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from figbench.data.sniff import blame
from figbench.data.types import RGBImage
from figbench.data.vector import is_vector, rasterise

DECODER_VERSION = 1
"""Bumped when the same bytes would give other pixels; part of every protocol hash."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is decoded.

    Attributes:
        max_bytes: Of the file.
        max_pixels: Width times height.
        min_side: Shorter side in pixels.
        max_aspect: Longer side over shorter side.
    """

    max_bytes: int = 256 * 2**20
    max_pixels: int = 100_000_000
    min_side: int = 2
    max_aspect: float = 50.0


DEFAULT_LIMITS = Limits()


class DecodeError(Exception):
    """A file that is not a usable figure.

    Attributes:
        code: Short stable reason, e.g. ``truncated``.
        reason: One sentence for a person.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded figure.

    Attributes:
        image: Height x width x 3, uint8, RGB (sRGB), composited on white.
        format: What the bytes are (``PNG``, ``JPEG``, ``SVG``, ...), whatever the name says.
        notes: What was done that a person may want to know.
    """

    image: RGBImage
    format: str
    notes: tuple[str, ...]


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Decoded:
    """Returns the picture in ``data`` as seen on a white page.

    EXIF orientation is applied, alpha and palette transparency are composited on white, 16-bit
    and float pixels are scaled (not clipped), CMYK, LAB, YCbCr and embedded ICC profiles are
    converted to sRGB, and of an animation the first frame is taken.

    Raises:
        DecodeError: With a code and a reason, for everything that is not a usable figure.
    """
    if not data:
        raise DecodeError("empty", "the file has no bytes")
    if len(data) > limits.max_bytes:
        raise DecodeError("bomb", f"{len(data):,} bytes, over the limit of {limits.max_bytes:,}")
    if is_vector(data):
        kind, image = rasterise(data)
        return _checked(image, kind, ["vector page drawn at 512 px"], limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as opened:
                return _decode_open(opened, limits)
    except DecodeError:
        raise
    except UnidentifiedImageError:
        code, reason = blame(data)
        raise DecodeError(code, reason) from None
    except Image.DecompressionBombError:
        raise DecodeError("bomb", "more pixels than any figure has") from None
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError) as error:
        raise DecodeError(*_broken(data, error)) from None
    except MemoryError:
        raise DecodeError("bomb", "does not fit in memory") from None


def _broken(data: bytes, error: Exception) -> tuple[str, str]:
    code, reason = blame(data)
    if code != "not-an-image":
        return code, reason
    return "truncated", f"the image data is not whole ({error})"


def _decode_open(opened: Image.Image, limits: Limits) -> Decoded:
    _check_size(opened.width, opened.height, limits)
    form = opened.format or "unknown"
    notes = []
    frames = getattr(opened, "n_frames", 1)
    if frames > 1:
        notes.append(f"first of {frames} frames")
        opened.seek(0)
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if upright.size != opened.size or upright is not opened:
        notes.append("EXIF orientation applied") if opened.getexif().get(0x0112, 1) != 1 else None
    if opened.mode not in ("RGB", "L"):
        notes.append(f"mode {opened.mode}")
    return _checked(_to_rgb(upright), form, notes, limits)


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise DecodeError(
            "bomb", f"{width} x {height} pixels, over the limit of {limits.max_pixels:,}"
        )
    shorter, longer = sorted((width, height))
    if shorter < limits.min_side:
        raise DecodeError("too-small", f"{width} x {height} pixels")
    if longer > limits.max_aspect * shorter:
        raise DecodeError("absurd-aspect", f"{width} x {height} pixels")


def _checked(image: RGBImage, form: str, notes: list[str], limits: Limits) -> Decoded:
    _check_size(image.shape[1], image.shape[0], limits)
    highest = int(image.max())
    if highest <= 1 and image.any():
        raise DecodeError(
            "unit-range", "no pixel is above 1: a float image in [0, 1] was cast to integers"
        )
    sample = np.unique(image[:: max(1, image.shape[0] // 256)])
    if 1 < sample.size < 5:
        notes.append("fewer than five distinct values")
    return Decoded(np.ascontiguousarray(image), form, tuple(notes))


def _to_rgb(image: Image.Image) -> RGBImage:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(image)
    alpha = _alpha(image)
    profile = image.info.get("icc_profile")
    rgb = _profiled(image, profile) if profile else None
    if rgb is None:
        rgb = image.convert("RGBA").convert("RGB") if image.mode == "P" else _plain_rgb(image)
    pixels: RGBImage = np.asarray(rgb, dtype=np.uint8)
    return pixels if alpha is None else _on_white(pixels, alpha)


def _plain_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA"):
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


def _alpha(image: Image.Image) -> npt.NDArray[np.float32] | None:
    if not image.has_transparency_data:
        return None
    channel = np.asarray(image.convert("RGBA").getchannel("A"), dtype=np.float32)
    return None if channel.min() == 255 else channel / np.float32(255)


def _on_white(pixels: RGBImage, alpha: npt.NDArray[np.float32]) -> RGBImage:
    weight = alpha[..., None]
    mixed = pixels.astype(np.float32) * weight + np.float32(255) * (1 - weight)
    return np.rint(mixed).astype(np.uint8)


def _from_deep_grey(image: Image.Image) -> RGBImage:
    """16- and 32-bit grey to 8 bits: by bit depth where it is known, else by the values' range."""
    values = np.asarray(image, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DecodeError("not-finite", "the image has NaN or infinite pixels")
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and low >= 0 and high <= 1:
        scaled = values * 255
    elif image.mode == "F" and low >= 0 and high <= 255:
        scaled = values
    elif low >= 0 and high <= 65535:
        scaled = values / 257
    else:
        scaled = (values - low) * (255 / (high - low)) if high > low else values * 0
    grey = np.rint(scaled).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
