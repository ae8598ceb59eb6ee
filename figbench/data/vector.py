"""SVG and PDF pages as pictures, through renderers that are kept up (extra ``vector``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from figbench.data.types import RGBImage
from figbench.errors import UserError

if TYPE_CHECKING:
    from types import ModuleType

LONGEST_SIDE = 512


def is_vector(data: bytes) -> bool:
    """Tells whether the bytes are an SVG document or a PDF."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return True
    return (
        head.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")) and b"<svg" in data[:4096]
    )


def rasterise(data: bytes) -> tuple[str, RGBImage]:
    """Returns ("SVG" or "PDF", picture) with the longest side at 512 px on white.

    External files that an SVG names are not loaded; of a PDF the first page is drawn.

    Raises:
        DecodeError: If the document is broken.
        UserError: If the renderer is not installed.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "PDF", _pdf(data)
    return "SVG", _svg(data)


def _svg(data: bytes) -> RGBImage:
    from figbench.data.decode import DecodeError

    renderer = _require("resvg_py", "SVG")
    try:
        text = data.decode("utf-8")
        png = bytes(renderer.svg_to_bytes(svg_string=text, background="white"))
        width, height = Image.open(io.BytesIO(png)).size
        side = {"width": LONGEST_SIDE} if width >= height else {"height": LONGEST_SIDE}
        png = bytes(renderer.svg_to_bytes(svg_string=text, background="white", **side))
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.uint8)
    except (ValueError, OSError, RuntimeError) as error:
        raise DecodeError("broken-svg", f"the SVG cannot be drawn ({error})") from None


def _pdf(data: bytes) -> RGBImage:
    from figbench.data.decode import DecodeError

    renderer = _require("pypdfium2", "PDF")
    try:
        document = renderer.PdfDocument(data)
        try:
            page = document[0]
            scale = LONGEST_SIDE / max(page.get_size())
            return np.asarray(page.render(scale=scale).to_pil().convert("RGB"), dtype=np.uint8)
        finally:
            document.close()
    except (renderer.PdfiumError, IndexError, ZeroDivisionError) as error:
        raise DecodeError("broken-pdf", f"the PDF cannot be drawn ({error})") from None


def _require(module: str, kind: str) -> ModuleType:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise UserError(
            f"{kind} figures need the package '{module}'.",
            remedy='Install it: pip install "figbench[vector]"',
        ) from None
