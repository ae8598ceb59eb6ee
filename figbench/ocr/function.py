"""``figbench.ocr(name)``: an OCR engine as a function of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from figbench.data.types import TextLine
from figbench.features.function import automatic_device
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.preprocess import preprocess as preprocessed
from figbench.ocr.base import OcrInfo
from figbench.ocr.catalog import load_engine


class OcrFunction:
    """An OCR engine as a function from images to text lines.

    Attributes:
        info: Engine, version, weights and settings.
    """

    def __init__(self, name: str, settings: Mapping[str, Any] | None, device: str) -> None:
        self._engine = load_engine(name, settings, device)
        self.info: OcrInfo = self._engine.info

    def __call__(
        self, images: Any, *, value_range: ValueRange = UNIT, preprocess: str = "none"
    ) -> list[list[TextLine]]:
        """Returns the lines of each image.

        Args:
            images: As in ``figbench.features(name)``; one image gives a list of one.
            value_range: Range of float images, (0, 1) or (-1, 1); checked.
            preprocess: Policy applied first, as a protocol names it.

        Returns:
            Per image its lines in the engine's order, boxes in pixels of the preprocessed image.

        Raises:
            UserError: If an image is not usable.
        """
        arrays = as_rgb_images(images, "images", value_range)
        return [list(self._engine.read(preprocessed(image, preprocess))) for image in arrays]

    def __repr__(self) -> str:
        return f"figbench.ocr({self.info.name!r}), version {self.info.version}"


def ocr(
    name: str = "rapidocr",
    *,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
) -> OcrFunction:
    """Returns an OCR engine as a function of images; called as ``figbench.ocr(name)``.

    Args:
        name: ``rapidocr``, ``easyocr``, ``tesseract`` or an installed third party's.
        settings: Settings that differ from the engine's defaults.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``, for engines that use torch.

    Raises:
        UserError: If the engine or a setting is unknown, or its package is not installed.
    """
    return OcrFunction(name, settings, automatic_device(device))
