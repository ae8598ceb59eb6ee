"""EasyOCR: the engine that made Paper2Fig100k's labels, on the backbone that OCR-SIM runs."""

from __future__ import annotations

from typing import Any

import cv2
import torch

from figbench.data.types import TextLine
from figbench.features.engines.exact import exact_float32
from figbench.features.networks.craft import image_maps, load_backbone
from figbench.features.networks.craft_detector import load_head
from figbench.images.types import RGBImage
from figbench.ocr.base import OcrInfo
from figbench.ocr.easyocr_detection import find_boxes, to_canvas
from figbench.ocr.easyocr_recognition import Recogniser


class EasyOcrEngine:
    """English CRAFT + english_g2 from the verified files; never downloads.

    What ``easyocr.Reader.readtext`` returns for a file, up to rounding. (For an array EasyOCR's
    detector sees red and blue exchanged, which moves boxes on coloured figures.) Reading keeps
    nothing between calls, so that several threads may share one engine.
    """

    def __init__(self, info: OcrInfo, device: str) -> None:
        self.info = info
        self.backbone: Any = load_backbone(device, "float32")
        self._head = load_head(device)
        self._recogniser = Recogniser(device)
        self._device = device
        self._mag_ratio = float(info.settings["mag_ratio"])

    @torch.inference_mode()
    @exact_float32()
    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        # Where EasyOCR neither scales nor pads, the canvas is the image itself, and the pass is
        # the one that OCR-SIM and the extractor ask for.
        canvas, scale = to_canvas(image, self._mag_ratio)
        maps = image_maps(self.backbone, canvas, self._device, torch.float32)
        boxes = find_boxes(self._head(maps)[0].cpu().numpy(), scale)
        texts = self._recogniser.read(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), boxes)
        lowest = float(self.info.settings["min_confidence"])
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in corners), confidence)
            for corners, text, confidence in texts
            if confidence >= lowest
        ]
