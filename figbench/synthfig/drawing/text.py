"""Label markup: ``$...$`` is mathematics with ``_`` and ``^``, the rest is plain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from figbench.synthfig.drawing.fonts import glyph, text_width
from figbench.synthfig.drawing.raster import Mask

ASCENT, DESCENT = 0.80, 0.24
"""Height above and below the baseline that a label's box covers, in em."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one face: ``size`` and ``drop`` (below the baseline) are in em."""

    text: str
    face: str
    size: float = 1.0
    drop: float = 0.0


@lru_cache(maxsize=8192)
def runs_of(markup: str, face: str) -> tuple[Run, ...]:
    """Returns the runs of a label written in markup."""
    runs: list[Run] = []
    for i, part in enumerate(markup.split("$")):
        if i % 2 == 0:
            if part:
                runs.append(Run(part, face))
        else:
            runs += _math(part)
    return tuple(runs)


def _math(source: str) -> list[Run]:
    runs: list[Run] = []
    i, level = 0, ""
    while i < len(source):
        char = source[i]
        if char in "_^":
            level, i = char, i + 1
            continue
        if char == "{":
            end = source.index("}", i)
            text, i = source[i + 1 : end], end + 1
        else:
            text, i = char, i + 1
        size, drop = {"": (1.0, 0.0), "_": (0.74, 0.2), "^": (0.74, -0.36)}[level]
        word = level != "" and len(text) > 1
        for piece in [text] if word else text:
            italic = piece.isalpha() and not word and piece not in "ℒℝΣΔ𝔼"
            runs.append(Run(piece, "math" if italic else "math-upright", size, drop))
        level = ""
    return runs


def plain(markup: str) -> str:
    """Returns the characters of a label without markup."""
    return "".join(run.text for run in runs_of(markup, "sans"))


def width_of(markup: str, face: str, size: float) -> float:
    """Returns the advance width of a label in pixels.

    Args:
        markup: The label.
        face: A key of ``fonts.FACES``.
        size: Pixels per em.
    """
    return sum(text_width(r.text, r.face, size * r.size) for r in runs_of(markup, face))


def text_mask(markup: str, face: str, size: float) -> tuple[Mask, int]:
    """Draws a label.

    Args:
        markup: The label.
        face: A key of ``fonts.FACES``.
        size: Pixels per em.

    Returns:
        uint8 coverage of shape (h, w), at least as wide as the advance width plus two pixels on
        each side and 1.5 em high, and the pixel row of its baseline.
    """
    width = int(width_of(markup, face, size)) + 6
    base = int(size * 1.1) + 2
    mask = np.zeros((base + int(size * 0.55) + 2, width), np.uint8)
    pen = 2.0
    for run in runs_of(markup, face):
        row = base + int(run.drop * size + 100.5) - 100
        for char in run.text:
            whole = int(pen * 4)
            ink, left, top = glyph(run.face, char, size * run.size, whole % 4)
            _stamp(mask, ink, whole // 4 + left, row + top)
            pen += text_width(char, run.face, size * run.size)
    return mask, base


def _stamp(mask: Mask, ink: Mask, left: int, top: int) -> None:
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + ink.shape[0], mask.shape[0]), min(left + ink.shape[1], mask.shape[1])
    if y0 < y1 and x0 < x1:
        window = mask[y0:y1, x0:x1]
        np.maximum(window, ink[y0 - top : y1 - top, x0 - left : x1 - left], out=window)
