"""The one interface of every text reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from figbench.data.types import RGBImage, TextLine


@dataclass(frozen=True, slots=True)
class OcrInfo:
    """What identifies a reading: two readings with different info are never compared.

    Attributes:
        name: Registry name, e.g. ``easyocr``.
        version: Package version of the engine.
        weights: Weight file name to SHA-256.
        settings: Everything passed to the engine that can change what it reads.
    """

    name: str
    version: str
    weights: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


class OcrEngine(Protocol):
    """Reads text from one RGB uint8 image, always given as an array (never a path)."""

    info: OcrInfo

    def read(self, image: RGBImage) -> list[TextLine]:
        """Returns the lines found, in the engine's order, boxes in pixels of ``image``."""
        ...
