"""Input and output of the rules of ``figbench lint``: page, labels, limits, findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from figbench.graphs.drawing import Drawing
from figbench.graphs.model import Box, FigureGraph
from figbench.images.types import RGBImage

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From the worst to the mildest."""
MM_PER_PT = 25.4 / 72.0


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text on the page.

    Attributes:
        text: The characters.
        box: In pixels of the page's picture.
        size: Font size in pixels of the picture.
    """

    text: str
    box: Box
    size: float


@dataclass(frozen=True, slots=True)
class Page:
    """A figure as the rules see it.

    Attributes:
        image: uint8, height x width x 3, on white.
        labels: Lines of text.
        drawing: Outlines and lines in pixels of the picture; None for a page read from pixels.
        graph: The graph of the drawing, boxes as shares of the page; None likewise.
        exact: Whether sizes and positions come from the document.
        width_mm: Width of the page in print.
    """

    image: RGBImage
    labels: Sequence[Label]
    drawing: Drawing | None
    graph: FigureGraph | None
    exact: bool
    width_mm: float

    @property
    def points_per_pixel(self) -> float:
        """Points (1/72 inch) in print for each pixel of the picture."""
        return float(self.width_mm / MM_PER_PT / self.image.shape[1])

    @property
    def diagonal(self) -> float:
        """Of the picture, pixels."""
        height, width = self.image.shape[:2]
        return float((height**2 + width**2) ** 0.5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a figure.

    Attributes:
        rule: Id of the rule, such as ``small-text``.
        severity: ``error``, ``warning`` or ``note``.
        message: One sentence with the numbers.
        box: Where, as shares of the page (x0, y0, x1, y1); None for the whole figure.
        value: The measured number.
        limit: The number that it should keep.
    """

    rule: str
    severity: Severity
    message: str
    box: Box | None = None
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the rules.

    Attributes:
        min_pt: Text below this size in print is an error, points.
        small_pt: Text below this size is a warning, points.
        contrast: Least contrast ratio of text, WCAG 2.2.
        large_contrast: Least contrast ratio of text of at least ``large_pt``.
        large_pt: From here on text is large, points.
        reach: Farthest end of an arrow from a node, as a share of the diagonal.
        delta_e: Colours nearer than this (CIEDE2000) are taken for equal.
        margin: Largest empty margin of a side, as a share of the side.
    """

    min_pt: float = 5.0
    small_pt: float = 6.0
    contrast: float = 4.5
    large_contrast: float = 3.0
    large_pt: float = 18.0
    reach: float = 0.02
    delta_e: float = 10.0
    margin: float = 0.12
