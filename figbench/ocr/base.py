"""Interface of OCR engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from figbench.data.types import TextLine
from figbench.images.types import RGBImage


@dataclass(frozen=True, slots=True)
class OcrInfo:
    """Identity of an OCR result: results with different info are never compared.

    Attributes:
        name: Registry name, e.g. ``easyocr``.
        version: Package version of the engine, and how figbench runs it where that has changed
            what is read.
        weights: Weight file name to SHA-256.
        settings: Everything passed to the engine that can change what it reads.
        engines: What can run its ``backbone`` besides PyTorch.
        runtime: Runs the networks of an engine that chooses by the packages that are installed;
            empty for others. The text is the same on each, confidences differ by rounding: it is
            part of the store's key and of no comparison.
    """

    name: str
    version: str
    weights: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)
    engines: tuple[str, ...] = ()
    runtime: str = field(default="", compare=False)


class OcrEngine(Protocol):
    """Reads text from one RGB uint8 image, always given as an array (never a path).

    Several threads may read with one engine at the same time.
    """

    info: OcrInfo

    def read(self, image: RGBImage) -> list[TextLine]:
        """Returns the lines found, in the engine's order, boxes in pixels of ``image``."""
        ...
