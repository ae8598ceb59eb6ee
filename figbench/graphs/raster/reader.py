"""Pixels: texts by OCR, nodes by flat regions and blobs, arrows by tracing what ink remains.

The weakest reader: its measured accuracy is printed beside every score that it enters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figbench.data.types import TextLine
from figbench.graphs.drawing import Drawing, Words
from figbench.graphs.geometry import resolve
from figbench.graphs.limits import GraphError, require_size
from figbench.graphs.model import FigureGraph
from figbench.images.types import RGBImage
from figbench.io.optional import require

if TYPE_CHECKING:
    from figbench.ocr.base import OcrEngine

SIDE = 1024
"""Longest side in pixels at which images are read."""
ENGINE = "rapidocr"
MIN_CONFIDENCE = 0.4
Mask = npt.NDArray[np.uint8]


def read_raster(data: bytes) -> FigureGraph:
    """Returns the graph of an image file: PNG, JPEG, WebP, PDF and whatever figbench decodes.

    Raises:
        GraphError: When the image cannot be decoded.
        UserError: When OpenCV is not installed.
    """
    from figbench.images.decode import decode
    from figbench.images.limits import DecodeError

    require_size(data, 64 * 2**20)
    try:
        image = decode(data).image
    except DecodeError as error:
        raise GraphError(f"the image cannot be decoded: {error}.") from None
    image = resized(image)
    return image_graph(image, read_lines(image))


def read_lines(image: RGBImage) -> list[TextLine]:
    """Returns the lines of text of a picture, boxes in its pixels.

    Args:
        image: uint8, height x width x 3; ``SIDE`` pixels on the longest side suits best.
    """
    return list(_engine().read(image))


@cache
def _engine() -> OcrEngine:
    from figbench.ocr.catalog import engine_info, load_engine

    info = engine_info(ENGINE)
    return load_engine(info.name, info.settings, device="cpu")


def ocr_identity() -> dict[str, object]:
    """Returns what identifies the OCR engine of the reader: it changes the graph.

    Raises:
        UserError: When the engine's package is not installed.
    """
    from figbench.ocr.catalog import engine_info

    info = engine_info(ENGINE)
    return {
        "engine": info.name,
        "version": info.version,
        "weights": dict(info.weights),
        "settings": dict(info.settings),
    }


def resized(image: RGBImage, side: int = SIDE) -> RGBImage:
    """Returns the image scaled to ``side`` pixels on its longest side.

    Args:
        image: uint8, height x width x 3.
        side: Longest side of the result in pixels.

    Returns:
        uint8, shape (new height, new width, 3).
    """
    cv2 = _cv2()
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=way))


def image_graph(image: RGBImage, lines: Sequence[TextLine]) -> FigureGraph:
    """Returns the graph of an image whose texts have been read.

    Args:
        image: uint8, height x width x 3; ``SIDE`` pixels on the longest side suits best.
        lines: Texts with boxes in pixels of the image.
    """
    from figbench.graphs.raster.lines import trace_strokes
    from figbench.graphs.raster.shapes import find_shapes

    height, width = image.shape[:2]
    words = [w for line in lines if (w := _words(line)) is not None]
    shapes = find_shapes(image, words)
    strokes = trace_strokes(shapes, shapes.words)
    outlines = [*shapes.nodes, *shapes.frames]
    return resolve(Drawing(width, height, outlines, shapes.words, strokes))


def _words(line: TextLine) -> Words | None:
    text = line.text.strip()
    if line.confidence < MIN_CONFIDENCE or not line.box or not text:
        return None
    if all(unicodedata.category(c) in ("So", "Po", "Pd", "Pc") for c in text):
        return None  # arrow heads, discs and lines that OCR takes for characters
    xs, ys = [p[0] for p in line.box], [p[1] for p in line.box]
    return Words(line.text, (min(xs), min(ys), max(xs), max(ys)))


def _cv2() -> Any:
    return require("cv2", purpose="Reading images as graphs")
