"""EasyOCR: the reader that made Paper2Fig100k's labels, on the trunk that OCR-SIM runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import torch

from figbench.data.types import RGBImage, TextLine
from figbench.features.craft import load_backbone, normalise
from figbench.features.craft_detector import load_head
from figbench.features.exact import exact_float32
from figbench.ocr.base import OcrInfo
from figbench.ocr.easyocr_detection import find_boxes, is_own_canvas, to_canvas
from figbench.ocr.easyocr_recognition import Recogniser


class EasyOcrEngine:
    """English CRAFT + english_g2 from the verified files; never downloads.

    What ``easyocr.Reader.readtext`` returns for a file, up to rounding. (For an array EasyOCR's
    detector sees red and blue exchanged, which moves boxes on coloured figures.) Reading keeps
    nothing between calls, so that several threads may share one engine.
    """

    def __init__(self, info: OcrInfo, device: str) -> None:
        self.info = info
        self.trunk: Any = load_backbone(device, "float32")
        self._head = load_head(device)
        self._recogniser = Recogniser(device)
        self._device = device
        self._mag_ratio = float(info.settings["mag_ratio"])

    def takes_maps(self, height: int, width: int) -> bool:
        """Says whether images of this size can be read from their maps."""
        return is_own_canvas(height, width, self._mag_ratio)

    @torch.inference_mode()
    @exact_float32()
    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        canvas, scale = to_canvas(image, self._mag_ratio)
        maps = self.trunk(normalise([canvas], self._device, torch.float32))
        return self._lines(image, maps, scale)

    @torch.inference_mode()
    @exact_float32()
    def read_maps(self, image: RGBImage, maps: Sequence[torch.Tensor]) -> list[TextLine]:
        """Reads an image whose backbone pass has been done, as :meth:`read`.

        Args:
            image: As for :meth:`read`.
            maps: Its five float32 maps, each (1, c, h, w), of a backbone on this device.

        Raises:
            ValueError: If the size needs a pass of its own (:meth:`takes_maps`), or the maps are
                of another precision, number of images, or size.
        """
        height, width = image.shape[:2]
        if not self.takes_maps(height, width):
            raise ValueError(f"{height} x {width}: EasyOCR scales or pads images of this size")
        expected = (1, 128, height // 2, width // 2)
        if maps[-1].dtype != torch.float32 or tuple(maps[-1].shape) != expected:
            raise ValueError(
                f"maps of {tuple(maps[-1].shape)}, {maps[-1].dtype}; expected {expected}, float32"
            )
        return self._lines(image, maps, 1.0)

    def _lines(self, image: RGBImage, maps: Sequence[torch.Tensor], scale: float) -> list[TextLine]:
        boxes = find_boxes(self._head(maps)[0].cpu().numpy(), scale)
        found = self._recogniser.read(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), boxes)
        lowest = float(self.info.settings["min_confidence"])
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in corners), confidence)
            for corners, text, confidence in found
            if confidence >= lowest
        ]
