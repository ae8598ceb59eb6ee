"""The form under which the texts of labels are compared."""

from __future__ import annotations

import unicodedata


def normalise(text: str) -> str:
    """Returns ``text`` under NFKC and case folding, runs of white space made one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
