"""Whether a page on disk is what its entries build, also under other versions of libraries."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version

LIBRARIES = ("itables", "matplotlib")
"""Those whose bytes stand in a page: the table's script and style, the plots."""

MADE_WITH = re.compile(r'<meta name="figbench-made-with" content="([^"]*)">')
FIRST = (
    MADE_WITH,
    re.compile(r"(?<=script-src )&#39;sha256-[A-Za-z0-9+/=]+&#39;"),
    re.compile(r"<style data-library>.*?</style>", re.DOTALL),
    re.compile(r'<script type="module">.*?/\* figbench page \*/', re.DOTALL),
)
"""Parts that stand once, ahead of any text of an entry or out of its reach (it is escaped)."""

PLOT = re.compile(r'(?<=src=")data:image/svg\+xml;base64,[^"]*')


def made_with() -> str:
    """Returns names and versions of the libraries whose bytes stand in a page."""
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def data_part(page: str) -> str:
    """Returns a page without the bytes of libraries: all that comes from its entries.

    Plots keep the digest of their numbers, so that a plot of other numbers differs.
    """
    for pattern in FIRST:
        page = pattern.sub("", page, count=1)
    return PLOT.sub("", page)


def numbers_digest(*numbers: object) -> str:
    """Returns the digest of what a plot was drawn from."""
    return hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]


def recorded(page: str) -> str:
    """Returns the libraries that a page says it was made with, empty where it says none."""
    found = MADE_WITH.search(page)
    return found[1] if found else ""
