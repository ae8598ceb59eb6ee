"""Fenced code blocks of Markdown pages."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^ *```", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """One block with its place."""

    page: str
    line: int
    language: str
    body: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README and every page of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(*languages: str) -> list[Block]:
    """Every block of these languages ('' for none)."""
    found = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if match["language"] in languages:
                indent = len(match["indent"])
                body = "\n".join(line[indent:] for line in match["body"].splitlines())
                line = text.count("\n", 0, match.start()) + 1
                name = page.relative_to(ROOT).as_posix()
                found.append(Block(name, line, match["language"], body))
    return found


def commands(block: Block) -> list[list[str]]:
    """The figbench commands of a block, split into words."""
    found = []
    for line in block.body.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|(?!\|)|;", _without_comment(line.strip().removeprefix("$ "))):
            words = part.strip()
            if re.match(r"(\w+=\S+ +)*figbench ", words):
                split = shlex.split(words)
                found.append(_plain(split[split.index("figbench") + 1 :]))
    return found


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line)


def _plain(words: list[str]) -> list[str]:
    """Without redirections and the notation of optional parts."""
    kept = []
    for word in words:
        if word.startswith((">", "2>")):
            break
        kept.append(word.strip("[]"))
    return [word for word in kept if word and word != "..."]
