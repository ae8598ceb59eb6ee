"""RapidOCR: PP-OCR models from its own wheel, on onnxruntime."""

from __future__ import annotations

import os

import numpy as np
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from figbench.data.types import RGBImage, TextLine
from figbench.ocr.base import OcrInfo


class RapidOcrEngine:
    """Detection and recognition; the angle classifier is off, because it hurts figures."""

    def __init__(self, info: OcrInfo) -> None:
        self.info = info
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self._engine = RapidOCR(
            params={
                "Global.use_cls": bool(info.settings["use_cls"]),
                "Global.text_score": float(info.settings["min_confidence"]),
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": cores or 1,
            }
        )

    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        # RapidOCR takes arrays as BGR.
        found = self._engine(np.ascontiguousarray(image[..., ::-1]))
        if not isinstance(found, RapidOCROutput) or found.txts is None or found.boxes is None:
            return []
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in box), float(confidence))
            for text, box, confidence in zip(
                found.txts, found.boxes, found.scores or (), strict=True
            )
        ]
