"""How a figure's vector document is built, as the metrics read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """Objects of one document.

    Attributes:
        format: ``svg``, ``drawio`` or ``pptx``.
        texts: Visible native texts.
        raster_area: Share of the ink (SVG) or of the area of all objects (others) that embedded
            images take, 0 to 1; None where the document states no size.
        objects: Number of visible objects.
        connectors: Number of connectors.
        bound: Connectors with both ends attached by id.
        failure: Why the document could not be read; everything else is then empty.
        other: Whether the source is of a format that is not measured (Mermaid, dot, TikZ, JSON).
    """

    format: str
    texts: tuple[str, ...] = ()
    raster_area: float | None = None
    objects: int = 0
    connectors: int = 0
    bound: int = 0
    failure: str = ""
    other: bool = False
