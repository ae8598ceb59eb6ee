"""Legibility and layout of a single figure at print size, without a reference.

A page is read from SVG exactly or from pixels by OCR; rules look at the page and return findings.
"""

from figbench.lint.check import LintReport, lint_figure
from figbench.lint.page import Finding

__all__ = ["Finding", "LintReport", "lint_figure"]
