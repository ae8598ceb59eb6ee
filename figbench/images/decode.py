"""One decode path: bytes to the RGB picture that a person sees on a white page."""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from figbench.images import browser
from figbench.images.colour import is_deep, to_rgb
from figbench.images.containers import Container, cleaned, jpeg_lacks_only_its_end
from figbench.images.formats import PILLOW_FORMATS
from figbench.images.limits import DecodeError, Limits
from figbench.images.orientation import upright
from figbench.images.sniff import blame
from figbench.images.transfer import from_cicp, from_gamma
from figbench.images.types import RGBImage
from figbench.images.vector import LONGEST_SIDE, is_vector, rasterise

__all__ = ["DECODER_VERSION", "DecodeError", "Decoded", "Limits", "decode", "decoder_version"]

DECODER_VERSION = 2
"""Bumped when the same bytes would give other pixels; part of every protocol hash."""


def decoder_version() -> int | str:
    """Returns the version of the pixels: the decoder's, with a chosen browser's own.

    Raises:
        UserError: If a browser is chosen and none is there.
    """
    return f"{DECODER_VERSION}+{browser.version()}" if browser.is_selected() else DECODER_VERSION


_END = b"\xff\xd9"
_opening = threading.Lock()
"""Pillow's limit of pixels is a global; figbench's own is checked before a pixel is unpacked."""

# Not catch_warnings: that swaps a global and is not for threads.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


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


def decode(data: bytes, limits: Limits | None = None) -> Decoded:
    """Returns the picture in ``data`` as seen on a white page.

    EXIF orientation is applied, alpha and palette transparency are composited on white, 16-bit
    and float pixels are scaled (not clipped), CMYK, LAB, YCbCr and embedded ICC profiles are
    converted to sRGB, and of an animation the first frame is taken.

    Args:
        data: The file's bytes.
        limits: What is refused; None takes :meth:`Limits.from_environment`.

    Raises:
        DecodeError: With a code and a reason, for everything that is not a usable figure.
    """
    limits = limits or Limits.from_environment()
    if not data:
        raise DecodeError("empty", "the file has no bytes")
    limits.check_bytes(len(data))
    if is_vector(data):
        kind, image, notes = rasterise(data, limits)
        return _checked(image, kind, [f"vector page drawn at {LONGEST_SIDE} px", *notes], limits)
    container = cleaned(data)
    try:
        with _open(container.data) as opened:
            return _decode_open(opened, container, limits)
    except DecodeError:
        raise
    except UnidentifiedImageError:
        raise DecodeError(*blame(data)) from None
    except Image.DecompressionBombError:
        raise DecodeError("bomb", "more pixels than any figure has") from None
    except MemoryError:
        raise DecodeError("bomb", "does not fit in memory") from None
    except Exception as error:
        # Readers of damaged files raise what they like; none of it may stop the other figures.
        raise DecodeError(*_broken(data, error)) from None


def _open(data: bytes) -> Image.Image:
    with _opening:
        previous = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            return Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = previous


def _broken(data: bytes, error: Exception) -> tuple[str, str]:
    code, reason = blame(data)
    if code not in ("not-an-image", "truncated") or "damaged or not whole (" in reason:
        return code, reason
    return "truncated", f"the image data is damaged or not whole ({error})"


def _decode_open(opened: Image.Image, container: Container, limits: Limits) -> Decoded:
    limits.check_size(opened.width, opened.height)
    form = opened.format or "unknown"
    data = container.data
    notes = list(container.notes)
    frames = getattr(opened, "n_frames", 1)
    if frames > 1:
        notes.append(f"first of {frames} frames")
        opened.seek(0)
    opened, said = _loaded(opened, data)
    notes += said
    _mend_transparency(opened, data)
    if container.profile is not None or form in ("PNG", "JPEG", "MPO"):
        opened.info["icc_profile"] = container.profile
    if opened.mode not in ("RGB", "L"):
        notes.append(f"mode {opened.mode}")
    turned, said = upright(opened)
    notes += said
    deep = is_deep(turned)
    image = to_rgb(turned)
    if container.cicp is not None:
        image = from_cicp(image, container.cicp)
    elif container.gamma is not None:
        image = from_gamma(image, container.gamma)
    if form == "PNG" and not deep and data[24] == 16 and int(image.max()) <= 1:
        raise DecodeError(
            "unit-range",
            "no pixel is above 1 of 255 after scaling: 8-bit values in a 16-bit file; save the "
            "figure with 8 bits",
        )
    return _checked(image, form, list(dict.fromkeys(notes)), limits, unit_range=not deep)


def _loaded(opened: Image.Image, data: bytes) -> tuple[Image.Image, list[str]]:
    """Unpacks the pixels; a baseline JPEG may lack its end marker, not its data."""
    try:
        opened.load()
    except OSError:
        if not jpeg_lacks_only_its_end(data) or not _whole_without_end(data):
            raise
        mended = _open(data + _END)
        mended.load()
        return mended, ["end marker missing"]
    return opened, []


def _whole_without_end(data: bytes) -> bool:
    """Tells whether the last bytes of a JPEG draw its last rows, so that none is missing."""
    images = []
    for piece in (data, data[:-4]):
        with _open(piece + _END) as opened:
            images.append(np.asarray(opened.convert("RGB"), dtype=np.int16))
    changed = np.flatnonzero((images[0] != images[1]).any(axis=(1, 2)))
    return changed.size > 0 and int(changed[0]) >= images[0].shape[0] - 32


def _mend_transparency(opened: Image.Image, data: bytes) -> None:
    """Brings PNG's transparent colour to the depth of the pixels, which Pillow leaves to us.

    See PNG specification, tRNS: its samples have the file's bit depth.
    """
    value = opened.info.get("transparency")
    if opened.format != "PNG" or value is None or len(data) < 26:
        return
    depth, colour_type = data[24], data[25]
    if colour_type == 0 and depth in (2, 4) and opened.mode == "L" and isinstance(value, int):
        opened.info["transparency"] = min(255, value * (255 // (2**depth - 1)))
    elif colour_type == 2 and depth == 16 and isinstance(value, tuple):
        opened.info["transparency"] = tuple(piece >> 8 for piece in value)


def _checked(
    image: RGBImage, form: str, notes: list[str], limits: Limits, *, unit_range: bool = True
) -> Decoded:
    limits.check_size(image.shape[1], image.shape[0])
    highest = int(image.max())
    if unit_range and highest == 1:
        raise DecodeError(
            "unit-range", "no pixel is above 1: a float image in [0, 1] was cast to integers"
        )
    if 1 < _distinct(image) < 5:
        notes.append("fewer than five distinct values")
    return Decoded(np.ascontiguousarray(image), form, tuple(notes))


def _distinct(image: RGBImage) -> int:
    """Returns the number of distinct values; a few rows are enough where they show five."""
    sample = np.unique(image[:: max(1, image.shape[0] // 16)])
    return int(sample.size if sample.size >= 5 else np.unique(image).size)
