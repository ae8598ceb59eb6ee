"""Contract tests that every metric, extractor, OCR engine and layout must pass.

figbench runs them over all built-in parts; a package with a plug-in subclasses them in its test
suite. They use plain ``assert`` and need pytest only to be collected.
"""

from figbench.testing.extractors import ExtractorContract
from figbench.testing.layouts import LayoutContract
from figbench.testing.metrics import MetricContract
from figbench.testing.ocr import OcrContract

__all__ = ["ExtractorContract", "LayoutContract", "MetricContract", "OcrContract"]
