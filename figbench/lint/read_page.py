"""A figure's file becomes a page: SVG from its elements, everything else from its pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from figbench.data.types import TextLine
from figbench.errors import FigbenchError, UserError
from figbench.graphs.drawing import Drawing, Outline, Stroke, Words
from figbench.graphs.model import Box
from figbench.images.types import RGBImage
from figbench.lint.page import Label, Page

SIDE = 1200
"""Longest side in pixels of the picture that contrast and colours are measured on."""
OCR_SIDE = 1024


def read_page(path: Path, width_mm: float) -> Page:
    """Returns the page of an SVG, PNG, JPEG, WebP or PDF file.

    Args:
        path: Of the figure.
        width_mm: Width in print.

    Raises:
        UserError: When the file cannot be read, or is another kind of document.
    """
    from figbench.graphs.read import format_of

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}.", remedy="Check the path.") from None
    kind = format_of(data, path.suffix)
    if kind not in ("svg", "raster"):
        raise UserError(
            f"{path}: lint reads SVG and images{f', this is {kind}' if kind else ''}.",
            remedy="Export the figure as SVG (exact) or PDF, or as an image.",
        )
    try:
        return svg_page(data, width_mm) if kind == "svg" else raster_page(data, width_mm)
    except FigbenchError as error:
        raise UserError(f"{path}: {error.message}", remedy=error.remedy) from None


def svg_page(data: bytes, width_mm: float) -> Page:
    """Returns the page of an SVG document, whose sizes and positions are exact."""
    from figbench.graphs.geometry import resolve
    from figbench.graphs.limits import parse_xml
    from figbench.graphs.readers.svg import read_svg
    from figbench.graphs.readers.svg_marks import svg_drawing

    root = parse_xml(data)
    drawing = svg_drawing(root)
    image = page_image(data)
    scale = image.shape[1] / drawing.width, image.shape[0] / drawing.height
    drawing = _scaled(drawing, scale)
    labels = [
        Label(words.text, words.box, words.size or _line_height(words.box))
        for words in drawing.words
        if words.text.strip()
    ]
    try:
        graph = resolve(drawing)
    except FigbenchError:
        graph = read_svg(data)
    return Page(image, labels, drawing, graph, True, width_mm)


def page_image(data: bytes, side: int = SIDE) -> RGBImage:
    """Returns a document or an image on white, shape (h, w, 3), its longest side ``side``.

    Raises:
        UserError: When it cannot be decoded.
    """
    from figbench.graphs.raster.reader import resized
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError

    try:
        image = decode(data).image
    except DecodeError as error:
        raise UserError(f"the picture cannot be decoded: {error}.") from None
    return resized(image, side)


def raster_page(data: bytes, width_mm: float) -> Page:
    """Returns the page of an image: texts by OCR, their sizes from the ink of their letters."""
    from figbench.graphs.raster.reader import read_lines

    image = page_image(data, OCR_SIDE)
    labels = [label for line in read_lines(image) if (label := _label(image, line)) is not None]
    return Page(image, labels, None, None, False, width_mm)


def _label(image: RGBImage, line: TextLine) -> Label | None:
    if not line.box or not line.text.strip():
        return None
    xs, ys = [p[0] for p in line.box], [p[1] for p in line.box]
    box = (min(xs), min(ys), max(xs), max(ys))
    return Label(line.text, box, font_size(image, box, line.text))


def font_size(image: RGBImage, box: Box, text: str) -> float:
    """Returns the font size in pixels of a line of text, from the height of its ink.

    The height of ink in em follows from the letters: 0.73 above the baseline with capitals, digits
    and ascenders, 0.52 without, and 0.21 below it with descenders. Vertical text is measured
    across.

    Args:
        image: uint8, height x width x 3.
        box: Of the line, pixels.
        text: The characters.
    """
    x0, y0, x1, y1 = (round(v) for v in box)
    grey = image[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1].mean(axis=2)
    tall = len(text) > 1 and (box[3] - box[1]) > 1.5 * (box[2] - box[0])
    if tall:
        grey = grey.T
    if grey.size == 0:
        return _line_height(box)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(border))
    if ink.max() < 8:
        return _line_height(box)
    lines = np.flatnonzero((ink > 0.5 * ink.max()).sum(axis=1) >= 1)
    extent = float(lines[-1] - lines[0] + 1)
    above = 0.73 if any(c.isupper() or c.isdigit() or c in "bdfhklt()[]|/" for c in text) else 0.52
    below = 0.21 if any(c in "gjpqy()[]|,;Q" for c in text) else 0.0
    return extent / (above + below)


def _line_height(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _scaled(drawing: Drawing, scale: tuple[float, float]) -> Drawing:
    across, down = scale

    def box(old: Box) -> Box:
        return old[0] * across, old[1] * down, old[2] * across, old[3] * down

    def words(old: Words) -> Words:
        return replace(old, box=box(old.box), size=old.size * (across * down) ** 0.5)

    def stroke(old: Stroke) -> Stroke:
        return replace(old, path=tuple((x * across, y * down) for x, y in old.path))

    def outline(old: Outline) -> Outline:
        return replace(old, box=box(old.box))

    return Drawing(
        drawing.width * across,
        drawing.height * down,
        [outline(mark) for mark in drawing.outlines],
        [words(mark) for mark in drawing.words],
        [stroke(mark) for mark in drawing.strokes],
    )
