"""Tesseract through pytesseract; offered, not recommended: it finds a fifth of figure labels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PIL import Image

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.io.optional import require
from figbench.ocr.base import OcrInfo

pytesseract: Any = require("pytesseract", purpose="OCR engine 'tesseract'")


class TesseractEngine:
    """Words of one page segmentation mode."""

    def __init__(self, info: OcrInfo) -> None:
        try:
            program_version = str(pytesseract.get_tesseract_version())
        except pytesseract.TesseractNotFoundError:
            raise UserError(
                "OCR engine 'tesseract' needs the program 'tesseract' on the PATH.",
                remedy="Debian, Ubuntu: apt-get install tesseract-ocr",
            ) from None
        self._check_languages(str(info.settings["languages"]))
        self.info = replace(info, version=f"{program_version}+pytesseract-{info.version}")

    @staticmethod
    def _check_languages(languages: str) -> None:
        absent = sorted(set(languages.split("+")) - set(pytesseract.get_languages(config="")))
        if absent:
            package = absent[0].replace("_", "-")
            raise UserError(
                f"OCR engine 'tesseract' has no data for the language '{absent[0]}'.",
                remedy=f"Debian, Ubuntu: apt-get install tesseract-ocr-{package}",
            )

    def read(self, image: RGBImage) -> list[TextLine]:
        """See :class:`figbench.ocr.base.OcrEngine`."""
        data = pytesseract.image_to_data(
            Image.fromarray(image),
            lang=str(self.info.settings["languages"]),
            config=f"--psm {int(self.info.settings['psm'])}",
            output_type=pytesseract.Output.DICT,
        )
        lines = []
        for i, text in enumerate(data["text"]):
            confidence = float(data["conf"][i]) / 100
            if not text.strip() or math.isnan(confidence):
                continue
            if confidence < max(0.0, float(self.info.settings["min_confidence"])):
                continue
            left, top = float(data["left"][i]), float(data["top"][i])
            right, bottom = left + float(data["width"][i]), top + float(data["height"][i])
            box = ((left, top), (right, top), (right, bottom), (left, bottom))
            lines.append(TextLine(text, box, confidence))
        return lines
