"""Text from matplotlib's own DejaVu, STIX and Computer Modern fonts, without FreeType.

Outlines are read with fontTools and filled unhinted by ``raster.coverage``: the hinting of
FreeType changes between releases, outlines do not.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.synthfig.drawing.raster import Mask, Point, Segments, closed, coverage, quadratic

_PINS = {
    "DejaVuSans": "3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22",
    "DejaVuSans-Bold": "b184b89e3c1075f22f6b71575b6fc20d4972b3cfd3b23322ca6fd596dcaef167",
    "DejaVuSans-Oblique": "ccdf74b350f11fd3dd5774de50e5e6346a1a5da1f5b7d5fb83590665e97a5213",
    "DejaVuSerif": "107244956e9962b9e96faccdc551825e0ae0898ae13737133e1b921a2fd35ffa",
    "DejaVuSerif-Bold": "c3753f2ed6bc673f15846dc45addbeb3b9c872f32fb18fd53a21f1bef1ed7676",
    "DejaVuSansMono": "602ec86b8948cfcd956482fe64f94c36c867770149ef2f791d4613f443bcecb3",
    "STIXGeneral": "167378031e2dddc6216d67819c9260e9a06ffc4c478e4e23cb98a6fd44b183c2",
    "STIXGeneralBol": "e8533dc7083fa346bda1933d60ea4a83b67d0945bceaf1b3541f82b4a0e2c6a0",
    "STIXGeneralItalic": "6cfcb333d22b7c3c623bdfd40174f14c85c3d6731ca6166c1edc80140eae8527",
    "cmr10": "4dd9761b058c009db9b2145f55ee6617d093c273dd3d6c5b3e43ff6110fa9bf6",
    "cmss10": "7df91a83d05b2e471ec638cb0b435a360a3c792b09fc42a7da67e91f2e79115a",
}


class FontsDifferWarning(UserWarning):
    """A font is not the pinned file: pixels will differ from other machines'."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font file with a horizontal stretch and a size relative to the other faces."""

    file: str
    stretch: float = 1.0
    size: float = 1.0
    fallback: str = "DejaVuSans"


FACES = {
    "sans": Face("DejaVuSans", 0.88, 0.95),
    "sans-bold": Face("DejaVuSans-Bold", 0.84, 0.94),
    "wide": Face("DejaVuSans", 1.0, 0.9),
    "serif": Face("DejaVuSerif", 0.9, 0.95),
    "serif-bold": Face("DejaVuSerif-Bold", 0.86, 0.94),
    "mono": Face("DejaVuSansMono", 0.9, 0.95),
    "times": Face("STIXGeneral", 1.02, 1.13),
    "times-bold": Face("STIXGeneralBol", 1.0, 1.12),
    "tex": Face("cmr10", 1.0, 1.1, "STIXGeneral"),
    "texsans": Face("cmss10", 1.02, 1.12, "DejaVuSans"),
    "math": Face("STIXGeneralItalic", 1.04, 1.2, "STIXGeneral"),
    "math-upright": Face("STIXGeneral", 1.0, 1.16, "DejaVuSans"),
}


def _font_file(name: str) -> Path:
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "SynthFig draws its labels with matplotlib's fonts, and matplotlib is not installed.",
            remedy="pip install matplotlib",
        )
    path = Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    if not path.is_file():
        raise UserError(
            f"SynthFig needs the font {path}, which is missing.",
            remedy="pip install --force-reinstall matplotlib",
        )
    return path


def font_differences() -> tuple[str, ...]:
    """Returns the names of installed fonts that are not the pinned files; empty when all are."""
    return tuple(name for name, pin in _PINS.items() if _digest(name) != pin)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_font_file(name).read_bytes()).hexdigest()


class _Outlines:
    """Outlines of one font file, in em units with y downwards, read on first use."""

    def __init__(self, name: str) -> None:
        if _digest(name) != _PINS[name]:
            warnings.warn(
                f"{_font_file(name)} is not the font that SynthFig was made with (SHA-256 "
                f"{_digest(name)}, expected {_PINS[name]}): figures will differ in pixels "
                "from those of other machines.",
                FontsDifferWarning,
                stacklevel=2,
            )
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        from fontTools.ttLib import TTFont  # slow to import

        font: Any = TTFont(_font_file(name), lazy=True)
        self._names: dict[int, str] = font.getBestCmap()
        self._glyphs: Any = font["glyf"]
        self._widths: Any = font["hmtx"]
        self._unit = 1.0 / font["head"].unitsPerEm

    def has(self, char: str) -> bool:
        return ord(char) in self._names

    def advance(self, char: str) -> float:
        width: int = self._widths[self._names[ord(char)]][0]
        return float(width * self._unit)

    def edges(self, char: str) -> Segments:
        points, ends, flags = self._glyphs[self._names[ord(char)]].getCoordinates(self._glyphs)
        contours, start = [], 0
        for end in ends:
            ring = [(x * self._unit, -y * self._unit) for x, y in points[start : end + 1]]
            contours.append(closed(_flatten(ring, list(flags[start : end + 1]))))
            start = end + 1
        return np.concatenate(contours) if contours else np.zeros((0, 4))


def _flatten(ring: list[Point], flags: list[int]) -> list[Point]:
    """TrueType rule: two control points in a row imply an on-curve point midway."""
    full: list[tuple[Point, bool]] = []
    for i, point in enumerate(ring):
        on = bool(flags[i] & 1)
        before, before_on = ring[i - 1], bool(flags[i - 1] & 1)
        if not on and not before_on:
            full.append((((before[0] + point[0]) / 2, (before[1] + point[1]) / 2), True))
        full.append((point, on))
    first = next(i for i, (_, on) in enumerate(full) if on)
    full = full[first:] + full[: first + 1]
    out = [full[0][0]]
    for (control, on), (after, after_on) in zip(full[1:], [*full[2:], full[-1]], strict=True):
        if on:
            out.append(control)
        elif after_on:
            out += quadratic(out[-1], control, after, 4)
    return out


@cache
def _outlines(name: str) -> _Outlines:
    return _Outlines(name)


@cache
def _holder(face: str, char: str) -> tuple[_Outlines, float, str]:
    entry = FACES[face]
    for name in (entry.file, entry.fallback, "DejaVuSans"):
        font = _outlines(name)
        if font.has(char):
            return font, entry.stretch, char
    return font, entry.stretch, "?"


@cache
def _advance(face: str, char: str) -> float:
    font, stretch, char = _holder(face, char)
    return font.advance(char) * stretch * FACES[face].size


@cache
def _edges(face: str, char: str) -> Segments:
    font, stretch, char = _holder(face, char)
    size = FACES[face].size
    return np.asarray(font.edges(char) * np.array([stretch * size, size, stretch * size, size]))


def text_width(text: str, face: str, size: float) -> float:
    """Returns the advance width of a text in pixels.

    Args:
        text: The text.
        face: A key of ``FACES``.
        size: Pixels per em.
    """
    return size * sum(_advance(face, char) for char in text)


@lru_cache(maxsize=16384)
def glyph(face: str, char: str, size: float, quarter: int) -> tuple[Mask, int, int]:
    """Returns a glyph's coverage and its window's offset from the pen.

    Args:
        face: A key of ``FACES``.
        char: One character; a question mark replaces one that no font has.
        size: Pixels per em.
        quarter: Shift of the pen to the right in quarters of a pixel.

    Returns:
        Coverage of shape (h, w), and the left and top offset of the window in pixels.
    """
    edges = _edges(face, char) * size
    if not len(edges):
        return np.zeros((0, 0), np.uint8), 0, 0
    edges = edges + np.array([quarter / 4, 0.0, quarter / 4, 0.0])
    left, top = np.floor(edges[:, :2].min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(edges[:, :2].max(axis=0)).astype(int).tolist()
    shifted = edges - np.array([left, top, left, top], np.float64)
    return coverage(shifted, right - left + 1, bottom - top + 1), left, top
