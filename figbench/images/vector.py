"""SVG and PDF pages as images, drawn by maintained renderers (extra ``vector``)."""

from __future__ import annotations

import io
import threading
import zlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 # for its error

import numpy as np
from PIL import Image

from figbench.errors import UserError
from figbench.images import browser
from figbench.images.limits import DecodeError, Limits
from figbench.images.pdf_fonts import missing_fonts
from figbench.images.svg.svg_resolve import for_browser, resolved
from figbench.images.types import RGBImage
from figbench.io.optional import require

LONGEST_SIDE = 512
CSS_DPI = 96
"""CSS fixes an inch at 96 px; resvg_py's own default of 0 makes every physical length nothing."""
_pdfium = threading.Lock()
"""PDFium is not thread-safe."""


def is_vector(data: bytes) -> bool:
    """Tells whether the bytes are an SVG document or a PDF."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return True
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(data[:4096], 4096)
        except zlib.error:
            return False
        return b"<svg" in head
    return (
        head.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")) and b"<svg" in data[:4096]
    )


def rasterise(data: bytes, limits: Limits) -> tuple[str, RGBImage, tuple[str, ...]]:
    """Draws a vector document on white with its longest side at 512 px.

    Files that an SVG names are not loaded, and its text is drawn with DejaVu wherever a font is
    not part of the document, so that every machine draws the same. Of a PDF the first page is
    drawn.

    Returns:
        "SVG" or "PDF"; the image, shape (height, width, 3), uint8; notes.

    Raises:
        DecodeError: If the document is broken, or its aspect is beyond the limits.
        UserError: If the renderer is not installed.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "PDF", *_pdf(data, limits)
    return "SVG", *_svg(_unpacked(data, limits))


def _svg(data: bytes) -> tuple[RGBImage, tuple[str, ...]]:
    renderer = require("resvg_py", purpose="Drawing SVG figures")
    require("tinycss2", purpose="Drawing SVG figures")
    try:
        document = resolved(data, _font_folder())
    except DecodeError:
        if not browser.is_selected():
            raise
        text, notes = for_browser(data)
        return browser.render(text, LONGEST_SIDE), (*notes, f"drawn by {browser.version()}")
    except (ValueError, RecursionError, ElementTree.ParseError) as error:
        raise DecodeError("broken-svg", f"the SVG cannot be drawn ({error})") from None
    try:
        png = renderer.svg_to_bytes(
            svg_string=document.text,
            background=document.background,
            width=LONGEST_SIDE,
            height=LONGEST_SIDE,
            dpi=CSS_DPI,
            **_fonts(),
        )
        image = np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"), dtype=np.uint8)
    except (ValueError, OSError, RuntimeError) as error:
        raise DecodeError("broken-svg", f"the SVG cannot be drawn ({error})") from None
    return image, document.notes


def _unpacked(data: bytes, limits: Limits) -> bytes:
    """An ``.svgz`` is a compressed SVG."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, limits.max_bytes)
    except zlib.error as error:
        raise DecodeError("broken-svg", f"the compressed SVG is damaged ({error})") from None
    if not unpacker.eof:
        raise DecodeError("broken-svg", "the compressed SVG is not whole, or too large")
    return text


def _font_folder() -> Path:
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("SVG figures are lettered with matplotlib's fonts, which are missing.")
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=1)
def _fonts() -> dict[str, object]:
    return {
        "skip_system_fonts": True,
        "font_dirs": [str(_font_folder())],
        "font_family": "DejaVu Sans",
        "sans_serif_family": "DejaVu Sans",
        "cursive_family": "DejaVu Sans",
        "fantasy_family": "DejaVu Sans",
        "serif_family": "DejaVu Serif",
        "monospace_family": "DejaVu Sans Mono",
    }


def _pdf(data: bytes, limits: Limits) -> tuple[RGBImage, tuple[str, ...]]:
    renderer = require("pypdfium2", purpose="Drawing PDF figures")
    try:
        with _pdfium:
            document = renderer.PdfDocument(data)
            try:
                pages = len(document)
                notes: tuple[str, ...] = (f"first of {pages} pages",) if pages > 1 else ()
                if document.get_formtype():
                    document.init_forms()
                page = document[0]
                width, height = page.get_size()
                limits.check_aspect(width, height)
                if missing_fonts(page):
                    notes = (*notes, "fonts that the PDF does not embed are this machine's")
                bitmap = page.render(scale=LONGEST_SIDE / max(width, height))
                return np.asarray(bitmap.to_pil().convert("RGB"), dtype=np.uint8), notes
            finally:
                document.close()
    except (renderer.PdfiumError, IndexError, ZeroDivisionError, ValueError) as error:
        raise DecodeError("broken-pdf", f"the PDF cannot be drawn ({error})") from None
