"""Normalised form of label texts, which comparisons of labels use."""

from __future__ import annotations

import unicodedata


def normalise(text: str) -> str:
    """Returns ``text`` in NFKC, case-folded, with each run of white space as a single space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
