"""Writing systems of labels, against those that the model of an OCR engine reads."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

TESSERACT_LANGUAGES = {
    "Arabic": "ara",
    "Cyrillic": "rus",
    "Devanagari": "hin",
    "Greek": "ell",
    "Han": "chi_sim",
    "Hangul": "kor",
    "Hebrew": "heb",
    "Kana": "jpn",
    "Thai": "tha",
}
"""Tesseract's language for a script; the traineddata files name others of the same script."""

_LANGUAGE_SCRIPTS = {
    **{code: script for script, code in TESSERACT_LANGUAGES.items()},
    **dict.fromkeys(("bul", "mkd", "srp", "ukr", "bel", "kaz", "mon"), "Cyrillic"),
    **dict.fromkeys(("fas", "urd", "uig"), "Arabic"),
    **dict.fromkeys(("mar", "nep", "san"), "Devanagari"),
    **dict.fromkeys(("chi_tra", "chi_sim_vert", "chi_tra_vert"), "Han"),
}
_UNICODE_SCRIPTS = {
    "ARABIC": "Arabic",
    "CJK": "Han",
    "CYRILLIC": "Cyrillic",
    "DEVANAGARI": "Devanagari",
    "GREEK": "Greek",
    "HANGUL": "Hangul",
    "HEBREW": "Hebrew",
    "HIRAGANA": "Kana",
    "KATAKANA": "Kana",
    "LATIN": "Latin",
    "THAI": "Thai",
}
"""First word of a character's Unicode name to its script."""

_LEAST_SHARE = 0.05


def main_script(text: str) -> str | None:
    """Returns the script of more than half of a text's letters; None where there is none."""
    counts = Counter(
        _UNICODE_SCRIPTS.get(unicodedata.name(char, "").partition(" ")[0], "another")
        for char in unicodedata.normalize("NFKC", text)
        if char.isalpha()
    )
    if not counts:
        return None
    script, count = counts.most_common(1)[0]
    return script if 2 * count > counts.total() else None


def tesseract_scripts(settings: Mapping[str, Any]) -> frozenset[str]:
    """Returns the scripts of Tesseract's languages, such as ``eng+rus``."""
    languages = str(settings.get("languages", "eng")).split("+")
    return frozenset(_LANGUAGE_SCRIPTS.get(language, "Latin") for language in languages) | {"Latin"}


def script_warnings(texts: Iterable[str], engine: str, scripts: frozenset[str]) -> list[str]:
    """Returns a warning where references are in a script that the engine's model does not read.

    Args:
        texts: For each reference the labels that are stored with it, else its caption.
        engine: Name of the OCR engine.
        scripts: Scripts that its model reads.
    """
    main = [main_script(text) for text in texts if text.strip()]
    unread = Counter(script for script in main if script is not None and script not in scripts)
    count = unread.total()
    if count <= _LEAST_SHARE * len(main):
        return []
    named = ", ".join(f"{script} ({number})" for script, number in unread.most_common())
    languages = [
        TESSERACT_LANGUAGES[name] for name in sorted(unread) if name in TESSERACT_LANGUAGES
    ]
    way = (
        f"Use an engine for it, such as ocr: {{engine: tesseract, settings: {{languages: "
        f"{'+'.join([*languages, 'eng'])}}}}}."
        if languages
        else "Use an OCR engine of your own for it."
    )
    return [
        f"The labels or captions of {count} of {len(main)} references are in a script that the "
        f"model of OCR engine '{engine}' does not read: {named}. Label scores say nothing about "
        f"these. {way}"
    ]
