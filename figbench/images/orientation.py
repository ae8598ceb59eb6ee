"""EXIF orientation, applied where it can be read."""

from __future__ import annotations

from PIL import Image

_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Returns the image as its EXIF turns it, with a note; damaged EXIF turns nothing."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Pillow raises what it likes for damaged EXIF; the pixels are sound
        return image, ["damaged metadata was passed over"]
    method = _TRANSPOSE.get(orientation) if isinstance(orientation, int) else None
    if method is None:
        return image, []
    turned = image.transpose(method)
    turned.info.update(image.info)
    return turned, ["EXIF orientation applied"]
