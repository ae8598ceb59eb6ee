"""Blinded human studies: export of one HTML file, import of answers, agreement with metrics.

Contains the design, the page, the key file, rater reliability, and correlation with metrics.
"""

from figbench.study.correlation import correlate
from figbench.study.export import StudyOptions, export_study
from figbench.study.importing import import_study
from figbench.study.key import StudyKey, load_key

__all__ = [
    "StudyKey",
    "StudyOptions",
    "correlate",
    "export_study",
    "import_study",
    "load_key",
]
