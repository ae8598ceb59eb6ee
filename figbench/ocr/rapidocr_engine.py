"""RapidOCR: PP-OCR models from its own wheel, on onnxruntime."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from figbench.data.types import TextLine
from figbench.images.types import RGBImage
from figbench.ocr.base import OcrInfo


class RapidOcrEngine:
    """Detection and recognition; the angle classifier is off, because it hurts figures.

    RapidOCR's objects keep things of the image at hand, so that every thread gets one of its own,
    which computes on as many cores as PyTorch would in that thread.
    """

    def __init__(self, info: OcrInfo) -> None:
        self.info = info
        self._own = threading.local()
        self._reader()

    def _reader(self) -> Any:
        if not hasattr(self._own, "reader"):
            self._own.reader = RapidOCR(
                params={
                    "Global.use_cls": bool(self.info.settings["use_cls"]),
                    "Global.text_score": float(self.info.settings["min_confidence"]),
                    "Global.log_level": "critical",
                    "EngineConfig.onnxruntime.intra_op_num_threads": torch.get_num_threads(),
                }
            )
        return self._own.reader

    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        # RapidOCR takes arrays as BGR.
        found = self._reader()(np.ascontiguousarray(image[..., ::-1]))
        if not isinstance(found, RapidOCROutput) or found.txts is None or found.boxes is None:
            return []
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in box), float(confidence))
            for text, box, confidence in zip(
                found.txts, found.boxes, found.scores or (), strict=True
            )
        ]
