"""The formats that are read, by name and suffix: one table for the decoder, importers and docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A file format of figures.

    Attributes:
        name: Name for people.
        suffixes: Lower case, with the dot; the first is the usual one.
        pillow: Pillow's name of the reader; empty for a vector format.
        lossless: Whether it keeps every pixel, which decides between two formats of one figure.
    """

    name: str
    suffixes: tuple[str, ...]
    pillow: str = ""
    lossless: bool = True


FORMATS = (
    Format("PNG", (".png", ".apng"), "PNG"),
    Format("TIFF", (".tif", ".tiff"), "TIFF"),
    Format("BMP", (".bmp", ".dib"), "BMP"),
    Format("PPM, PGM, PBM", (".ppm", ".pgm", ".pbm", ".pnm"), "PPM"),
    Format("WebP", (".webp",), "WEBP", lossless=False),
    Format("JPEG 2000", (".jp2", ".j2k", ".jpf", ".jpx", ".j2c"), "JPEG2000", lossless=False),
    Format("AVIF", (".avif",), "AVIF", lossless=False),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG", lossless=False),
    Format("GIF", (".gif",), "GIF", lossless=False),
    Format("SVG", (".svg", ".svgz")),
    Format("PDF", (".pdf",)),
)
"""In the order of preference where one figure lies in several formats: rasters before pages."""

PILLOW_FORMATS = tuple(entry.pillow for entry in FORMATS if entry.pillow)
"""A closed list: some of Pillow's other readers start programs (EPS) or take any bytes (TGA)."""

PREFERENCE = {suffix: rank for rank, entry in enumerate(FORMATS) for suffix in entry.suffixes}
"""Rank of each suffix; the lower is preferred."""

IMAGE_SUFFIXES = frozenset(PREFERENCE)

UNSUPPORTED = {
    ".heic": ("HEIC", "export it as PNG"),
    ".heif": ("HEIF", "export it as PNG"),
    ".jxl": ("JPEG XL", "export it as PNG"),
    ".exr": ("OpenEXR", "export it as PNG"),
    ".hdr": ("Radiance HDR", "export it as PNG"),
    ".tga": ("Targa", "export it as PNG"),
    ".ico": ("Windows icon", "export it as PNG"),
    ".psd": ("Photoshop", "export it as PNG"),
    ".xcf": ("GIMP", "export it as PNG"),
    ".eps": ("EPS", "export it as PDF or PNG"),
    ".ps": ("PostScript", "export it as PDF or PNG"),
    ".ai": ("Illustrator", "export it as PDF or PNG"),
    ".emf": ("EMF", "export it as PNG or SVG"),
    ".wmf": ("WMF", "export it as PNG or SVG"),
    ".pptx": ("PPTX", "export its pages as PNG or PDF"),
    ".ppt": ("PPT", "export its pages as PNG or PDF"),
    ".odp": ("ODP", "export its pages as PNG or PDF"),
    ".odg": ("ODG", "export its pages as PNG or PDF"),
    ".vsdx": ("Visio", "export its pages as PNG or PDF"),
    ".drawio": ("draw.io", "export its pages as PNG or PDF"),
    ".dot": ("Graphviz source", "draw it: dot -Tpng"),
    ".mmd": ("Mermaid source", "draw it: mmdc -o figure.png"),
    ".tex": ("TeX source", "compile it and give the PDF"),
}
"""Formats of figures that are not read: name, and how to go on."""

DOUBLE_SUFFIXES = (".drawio", ".excalidraw", ".mmd", ".dot", ".tex", ".puml", ".d2")
"""Names such as ``fig1.drawio.png``: the part before the image suffix is no part of an id."""
