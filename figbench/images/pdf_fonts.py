"""Fonts that a PDF page uses and neither carries nor finds in PDFium itself."""

from __future__ import annotations

import ctypes
from typing import Any

_STYLES = ("", "-Bold", "-Italic", "-BoldItalic", "-Oblique", "-BoldOblique")
_CARRIED = frozenset(
    (
        *(f"{family}{style}" for family in ("Courier", "Helvetica", "Times") for style in _STYLES),
        "Times-Roman",
        "Symbol",
        "ZapfDingbats",
    )
)
"""The standard fonts of PDF, of which PDFium carries substitutes of its own."""


def missing_fonts(page: Any) -> list[str]:
    """Returns the names of a page's fonts that are drawn with fonts of this machine.

    Args:
        page: A ``pypdfium2.PdfPage``.
    """
    import pypdfium2.raw as pdfium

    names = set()
    for item in page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_TEXT,)):
        font = pdfium.FPDFTextObj_GetFont(item)
        if font and pdfium.FPDFFont_GetIsEmbedded(font) == 0:
            names.add(_name(pdfium, font))
    return sorted(name for name in names if name and name not in _CARRIED)


def _name(pdfium: Any, font: Any) -> str:
    size = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 1))
    pdfium.FPDFFont_GetBaseFontName(font, buffer, size)
    return buffer.value.decode("utf-8", "replace")
