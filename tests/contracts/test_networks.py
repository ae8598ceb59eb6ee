"""Built-in extractors and OCR engines whose weights are on this machine keep the contracts."""

from functools import lru_cache

import pytest

from figbench.features import load_extractor
from figbench.ocr import load_engine
from figbench.testing import ExtractorContract, OcrContract


@lru_cache
def extractor(name):
    return load_extractor(name)


@lru_cache
def engine(name):
    return load_engine(name)


class TestImageStats(ExtractorContract):
    def extractor(self):
        return extractor("image-stats")


class TestEfficientNet(ExtractorContract):
    def extractor(self):
        return extractor("efficientnet-lite0")


class TestCraft(ExtractorContract):
    def extractor(self):
        return extractor("craft")


class TestRapidOcr(OcrContract):
    def engine(self):
        return engine("rapidocr")


@pytest.mark.slow
class TestEasyOcr(OcrContract):
    def engine(self):
        return engine("easyocr")
