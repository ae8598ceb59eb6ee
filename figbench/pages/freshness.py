"""Check that a page on disk is up to date, also under other versions of libraries."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version

LIBRARIES = ("matplotlib",)
"""Those whose bytes depend on the installed version: the plots. DataTables is vendored."""

MADE_WITH = re.compile(r'<meta name="figbench-made-with" content="([^"]*)">')
PLOT = re.compile(r'(?<=src=")data:image/svg\+xml;base64,[^"]*')


def made_with() -> str:
    """Returns names and versions of the libraries whose bytes a page contains."""
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def data_only(page: str) -> str:
    """Returns a page without the bytes of installed libraries: the content from its entries.

    Plots keep the digest of their numbers, so that a plot of other numbers differs.
    """
    return PLOT.sub("", MADE_WITH.sub("", page, count=1))


def numbers_digest(*numbers: object) -> str:
    """Returns the digest of the numbers of a plot."""
    return hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]


def recorded(page: str) -> str:
    """Returns the libraries that a page says it was made with, empty where it says none."""
    match = MADE_WITH.search(page)
    return match[1] if match else ""
