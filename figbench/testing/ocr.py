"""The contract of an OCR engine."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from figbench.images.types import RGBImage
from figbench.ocr.base import OcrEngine


class OcrContract:
    """Contract tests of an OCR engine. Subclass it and return a loaded engine."""

    @abstractmethod
    def engine(self) -> OcrEngine:
        """Returns the engine under test; it may be cached."""
        raise NotImplementedError

    def page(self) -> RGBImage:
        """Returns a page with the word ``Encoder``: uint8 RGB of shape (120, 320, 3)."""
        from PIL import Image, ImageDraw, ImageFont

        image = Image.new("RGB", (320, 120), "white")
        font = ImageFont.load_default(size=40)
        ImageDraw.Draw(image).text((40, 30), "Encoder", fill="black", font=font)
        return np.asarray(image)

    def test_a_blank_page_has_no_text(self) -> None:
        """No line on a white page."""
        assert list(self.engine().read(np.full((96, 128, 3), 255, np.uint8))) == []

    def test_a_word_is_read_with_its_box(self) -> None:
        """The word comes back, with a box in pixels of the page."""
        lines = self.engine().read(self.page())
        assert "encoder" in " ".join(line.text for line in lines).lower()
        for line in lines:
            assert 0.0 <= line.confidence <= 1.0
            assert all(-5 <= x <= 325 and -5 <= y <= 125 for x, y in line.box)

    def test_results_are_deterministic(self) -> None:
        """The same page gives the same lines."""
        assert list(self.engine().read(self.page())) == list(self.engine().read(self.page()))
