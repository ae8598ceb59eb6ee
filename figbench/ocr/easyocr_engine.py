"""EasyOCR: the reader that made Paper2Fig100k's labels."""

from __future__ import annotations

import logging
import warnings

import easyocr
import numpy as np

from figbench.data.types import RGBImage, TextLine
from figbench.features.weights import require_weights
from figbench.ocr.base import OcrInfo


class EasyOcrEngine:
    """English CRAFT + english_g2 from the verified files; never downloads."""

    def __init__(self, info: OcrInfo, device: str) -> None:
        self.info = info
        detector = require_weights("craft", metric="easyocr")
        require_weights("english-g2", metric="easyocr")
        logging.getLogger("easyocr").setLevel(logging.ERROR)
        self._reader = easyocr.Reader(
            ["en"],
            gpu=device.startswith("cuda"),
            model_storage_directory=str(detector.parent),
            download_enabled=False,
            verbose=False,
            quantize=False,
        )

    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        # EasyOCR takes arrays as BGR.
        with warnings.catch_warnings():
            # Its data loader asks for pinned memory on every call, with or without a GPU.
            warnings.filterwarnings("ignore", message=".*pin_memory.*")
            found = self._reader.readtext(
                np.ascontiguousarray(image[..., ::-1]),
                mag_ratio=float(self.info.settings["mag_ratio"]),
            )
        lowest = float(self.info.settings["min_confidence"])
        return [
            TextLine(text, tuple((float(x), float(y)) for x, y in box), float(confidence))
            for box, text, confidence in found
            if confidence >= lowest
        ]
