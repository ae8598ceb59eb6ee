"""TeX source as text: options, braces, lengths, arrow tips, and words without commands."""

from __future__ import annotations

import re

from figbench.graphs.limits import GraphError

CENTIMETRES = {"cm": 1.0, "mm": 0.1, "pt": 0.0351, "in": 2.54, "em": 0.35, "ex": 0.15, "": 1.0}
"""Centimetres of a unit; no unit means centimetres."""
_PLAIN = {r"\&": "&", r"\%": "%", r"\$": "$", r"\#": "#", r"\_": "_", r"\{": "{", r"\}": "}"}
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "phi": "φ", "mu": "μ", "sigma": "σ",
    "lambda": "λ", "epsilon": "ϵ", "times": "×", "oplus": "⊕", "otimes": "⊗", "cdot": "·",
}  # fmt: skip

_TIP = r"(?:[<>|]+|\{.*\}|[A-Za-z][A-Za-z']*(?:\[.*\])?(?: ?\d+)?)?"
_TIPS = re.compile(rf"({_TIP})\s*-\s*({_TIP})", re.S)
_WORDS = re.compile(r"[a-z]+\s*-\s*[a-z]+")
_LOWER = ("latex", "stealth", "to")
_LOWER_TIPS = frozenset(f"{a}-{b}" for a in _LOWER for b in _LOWER)


def arrow_tips(options: str, defaults: str) -> tuple[bool, bool]:
    """Returns whether an arrow tip is at the start, and at the end, of a path.

    Args:
        options: Of the path.
        defaults: Of the picture.
    """
    for source in (options, defaults):
        for word in split_options(source):
            key, equals, value = word.partition("=")
            if equals and key.strip() == "arrows":
                word = value.strip().removeprefix("{").removesuffix("}")
            match = _TIPS.fullmatch(word)
            if match and not (_WORDS.fullmatch(word) and word not in _LOWER_TIPS):
                return _draws(match[1]), _draws(match[2])
    return False, False


def _draws(tip: str) -> bool:
    """Whether a tip is an arrow head; bars and circles are none."""
    return bool(tip.strip("{} |")) and not re.fullmatch(r"\{?\s*(Bar|Circle|Square|o)\b.*", tip)


def split_options(options: str) -> list[str]:
    """Returns options at the commas outside of braces and brackets, without white space."""
    words, depth, start = [], 0, 0
    for i, char in enumerate(options):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(char, 0)
        if char == "," and depth <= 0:
            words.append(options[start:i].strip())
            start = i + 1
    return [*words, options[start:].strip()]


def inline_node(text: str) -> tuple[str, str]:
    """Returns (words of a node on a path, rest)."""
    text = text.lstrip()[4:]
    while text.lstrip()[:1] in ("[", "("):
        text = text.lstrip()
        _, text = until(text, text[0], {"[": "]", "(": ")"}[text[0]])
    if text.lstrip().startswith("{"):
        words, text = until(text.lstrip(), "{", "}")
        return plain_tex(words), text
    return "", text


def plain_tex(text: str) -> str:
    """Returns TeX text without commands, math shifts and grouping."""
    text = text.replace("\\\\", " ")
    text = text.replace("\\textbackslash{}", "\0b").replace("\\textasciitilde{}", "~")
    text = text.replace("\\textasciicircum{}", "\0c")
    for escaped, char in _PLAIN.items():
        text = text.replace(escaped, f"\0{ord(char)};")
    text = re.sub(r"\\(?:color|textcolor|fontsize|vspace|hspace)\s*\{[^{}]*\}", " ", text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: _SYMBOLS.get(m[1], ""), text)
    text = re.sub(r"[{}$_^~]", lambda m: " " if m[0] == "~" and m[0] else "", text)
    text = re.sub(r"\0(\d+);", lambda m: chr(int(m[1])), text)
    return " ".join(text.replace("\0b", "\\").replace("\0c", "^").split())


def statement_end(text: str, at: int) -> int:
    """Returns the index of the semicolon that ends the statement at an index."""
    depth = 0
    for i in range(at, len(text)):
        char = text[i]
        if char == "\\" or (i and text[i - 1] == "\\"):
            continue
        depth += {"{": 1, "}": -1, "[": 1, "]": -1}.get(char, 0)
        if char == ";" and depth <= 0:
            return i
    raise GraphError("tikz: a statement does not end with a semicolon, or braces do not match.")


def until(text: str, opening: str, closing: str) -> tuple[str, str]:
    """Splits a text that starts with an opening bracket after the matching closing bracket.

    Args:
        text: Starts with ``opening``.
        opening: A bracket, one character.
        closing: Its counterpart.

    Returns:
        The content of the brackets, and the text after them.

    Raises:
        GraphError: If the bracket is not closed.
    """
    depth = 0
    for i, char in enumerate(text):
        if i and text[i - 1] == "\\":
            continue
        depth += {opening: 1, closing: -1}.get(char, 0)
        if depth == 0:
            return text[1:i], text[i + 1 :]
    raise GraphError(f"tikz: {opening!r} is not closed at {text[:40]!r}.")


def leading_options(text: str) -> tuple[str, str]:
    """Returns (options, rest) of a text that may start with ``[...]``."""
    text = text.lstrip()
    return until(text, "[", "]") if text.startswith("[") else ("", text)


def option_value(options: str, key: str) -> str:
    """Returns the value of an option, empty where it is not set."""
    match = re.search(
        rf"(?:^|,)\s*{key}\s*=\s*(\{{[^{{}}]*\}}|[^,{{}}]*(?:\{{[^{{}}]*\}}[^,]*)?)", options
    )
    value = match[1].strip() if match else ""
    return value[1:-1] if value.startswith("{") and value.endswith("}") else value


def length(text: str) -> float:
    """Returns a length in centimetres, 0 where it cannot be read."""
    match = re.match(r"\s*([\d.]+)\s*([a-z]*)", text or "")
    try:
        return float(match[1]) * CENTIMETRES.get(match[2], 1.0) if match else 0.0
    except ValueError:
        return 0.0
