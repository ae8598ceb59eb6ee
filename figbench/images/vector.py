"""SVG and PDF pages as pictures, through renderers that are kept up (extra ``vector``)."""

from __future__ import annotations

import importlib
import io
import threading
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree  # nosec B405 # see _self_contained

import numpy as np
from PIL import Image

from figbench.errors import UserError
from figbench.images.limits import DecodeError, Limits
from figbench.images.types import RGBImage

if TYPE_CHECKING:
    from types import ModuleType

LONGEST_SIDE = 512
_pdfium = threading.Lock()
"""PDFium is not thread-safe."""


def is_vector(data: bytes) -> bool:
    """Tells whether the bytes are an SVG document or a PDF."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return True
    return (
        head.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg", b"<!--")) and b"<svg" in data[:4096]
    )


def rasterise(data: bytes, limits: Limits) -> tuple[str, RGBImage]:
    """Returns ("SVG" or "PDF", picture) with the longest side at 512 px on white.

    Files that an SVG names are not loaded, and its text is drawn with DejaVu wherever a font is
    not part of the document, so that every machine draws the same. Of a PDF the first page is
    drawn.

    Raises:
        DecodeError: If the document is broken, or its aspect is beyond the limits.
        UserError: If the renderer is not installed.
    """
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "PDF", _pdf(data, limits)
    return "SVG", _svg(data)


def _svg(data: bytes) -> RGBImage:
    renderer = _require("resvg_py", "SVG")
    try:
        png = renderer.svg_to_bytes(
            svg_string=_self_contained(data),
            background="white",
            width=LONGEST_SIDE,
            height=LONGEST_SIDE,
            **_fonts(),
        )
        return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB"), dtype=np.uint8)
    except (ValueError, OSError, RuntimeError, ElementTree.ParseError) as error:
        raise DecodeError("broken-svg", f"the SVG cannot be drawn ({error})") from None


def _self_contained(data: bytes) -> str:
    """Drops every reference to a file: a figure must not read what lies on this machine.

    Expat bounds the expansion of entities and loads no external ones.
    """
    root = ElementTree.fromstring(data)  # nosec B314 # expat bounds entities; tested
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name.rpartition("}")[2] == "href" and not value.strip().startswith(("#", "data:")):
                del element.attrib[name]
    return ElementTree.tostring(root, encoding="unicode")


@lru_cache(maxsize=1)
def _fonts() -> dict[str, object]:
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("SVG figures are lettered with matplotlib's fonts, which are missing.")
    folder = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    return {
        "skip_system_fonts": True,
        "font_dirs": [str(folder)],
        "font_family": "DejaVu Sans",
        "sans_serif_family": "DejaVu Sans",
        "cursive_family": "DejaVu Sans",
        "fantasy_family": "DejaVu Sans",
        "serif_family": "DejaVu Serif",
        "monospace_family": "DejaVu Sans Mono",
    }


def _pdf(data: bytes, limits: Limits) -> RGBImage:
    renderer = _require("pypdfium2", "PDF")
    try:
        with _pdfium:
            document = renderer.PdfDocument(data)
            try:
                page = document[0]
                width, height = page.get_size()
                limits.check_aspect(width, height)
                bitmap = page.render(scale=LONGEST_SIDE / max(width, height))
                return np.asarray(bitmap.to_pil().convert("RGB"), dtype=np.uint8)
            finally:
                document.close()
    except (renderer.PdfiumError, IndexError, ZeroDivisionError, ValueError) as error:
        raise DecodeError("broken-pdf", f"the PDF cannot be drawn ({error})") from None


def _require(module: str, kind: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UserError(
            f"{kind} figures need the package '{module}'.",
            remedy='Install it: pip install "figbench[vector]"',
        ) from None
