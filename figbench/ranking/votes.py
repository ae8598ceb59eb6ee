"""Votes: one comparison of two models on one prompt by one rater."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic

Winner = Literal["first", "second", "tie"]
FIELDS = ("prompt_id", "paper_id", "first", "second", "winner", "rater")
MAX_ERRORS = 20
"""Invalid lines that a message lists; the rest is counted."""
MAX_BYTES = 512 * 2**20
SCHEMA = (
    '{"prompt_id": "...", "paper_id": "...", "first": "MODEL", "second": "MODEL", '
    '"winner": "first|second|tie", "rater": "..."}'
)


@dataclass(frozen=True, slots=True)
class Vote:
    """One comparison.

    Attributes:
        prompt_id: Prompt that both figures answer.
        paper_id: Paper of the prompt; votes on one paper are resampled together.
        first: Model on the left, or named first to a judge.
        second: The other model.
        winner: ``first``, ``second`` or ``tie``.
        rater: Person or judge.
        question: Question that was answered; empty when there is only one.
    """

    prompt_id: str
    paper_id: str
    first: str
    second: str
    winner: Winner
    rater: str
    question: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Both models in alphabetical order."""
        return (self.first, self.second) if self.first < self.second else (self.second, self.first)

    @property
    def outcome(self) -> int:
        """1 when the alphabetically first model won, -1 when the other won, 0 for a tie."""
        if self.winner == "tie":
            return 0
        return 1 if (self.winner == "first") == (self.first < self.second) else -1

    def document(self) -> dict[str, str]:
        """Returns the JSON object of the vote; ``question`` only where there is one."""
        record = {name: str(getattr(self, name)) for name in FIELDS}
        return {**record, "question": self.question} if self.question else record


def read_votes(path: str | Path) -> list[Vote]:
    """Reads votes from a JSON Lines file.

    Unknown fields are ignored; empty lines are skipped.

    Args:
        path: File with one vote a line.

    Returns:
        Votes in the order of the file.

    Raises:
        UserError: If the file cannot be read, is empty, or has invalid lines. Each invalid line is
            named with its number, up to 20 of them.
    """
    source = Path(path)
    votes: list[Vote] = []
    problems: list[str] = []
    for number, line in enumerate(read_lines(source), start=1):
        if not line.strip():
            continue
        try:
            votes.append(parse_vote(json.loads(line)))
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number}: {error}")
    raise_for_lines(source, problems, f"Each line must be {SCHEMA}")
    if not votes:
        raise UserError(f"{source}: no votes.", remedy=f"Each line must be {SCHEMA}")
    return votes


def read_lines(source: Path) -> list[str]:
    """Returns the lines of a UTF-8 file, split at line feeds only.

    Raises:
        UserError: If the file is absent, too large, or not UTF-8.
    """
    try:
        size = source.stat().st_size
        if size > MAX_BYTES:
            raise UserError(f"{source}: {size:,} bytes exceed the limit of {MAX_BYTES:,}.")
        return source.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{source}: not UTF-8 at byte {error.start}.") from None
    except OSError as error:
        raise UserError(
            f"{source}: cannot be read ({error.strerror}).", remedy="Check the path."
        ) from None


def raise_for_lines(source: Path, problems: Sequence[str], remedy: str) -> None:
    """Raises a UserError that lists the invalid lines, if there are any.

    Args:
        source: File, for the message.
        problems: A sentence for each invalid line.
        remedy: What to change.
    """
    if problems:
        more = len(problems) - MAX_ERRORS
        listed = "\n  ".join(problems[:MAX_ERRORS]) + (f"\n  and {more} more" if more > 0 else "")
        count = f"{len(problems)} invalid line{'s' if len(problems) > 1 else ''}"
        raise UserError(f"{source}: {count}:\n  {listed}", remedy=remedy)


def parse_vote(record: Any) -> Vote:
    """Returns the vote of a JSON object.

    Args:
        record: Mapping with the six fields of the schema and, optionally, ``question``.

    Raises:
        ValueError: If a field is absent, of the wrong type or value, or both models are the same.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"expected an object, got {type(record).__name__}")
    absent = [name for name in FIELDS if name not in record]
    if absent:
        raise ValueError(f"without {', '.join(absent)}")
    texts = {name: record[name] for name in FIELDS}
    texts["question"] = record.get("question") or ""
    for name, value in texts.items():
        if not isinstance(value, str) or (not value and name != "question"):
            raise ValueError(f"{name} must be a non-empty string, got {value!r}")
    if texts["winner"] not in get_args(Winner):
        raise ValueError(f"winner must be first, second or tie, got {texts['winner']!r}")
    if texts["first"] == texts["second"]:
        raise ValueError(f"first and second are the same model, {texts['first']!r}")
    return Vote(**texts)


def as_votes(votes: str | Path | Iterable[Vote | Mapping[str, Any]] | Any) -> list[Vote]:
    """Returns votes from a path, an iterable of votes or mappings, or a pandas DataFrame.

    Raises:
        UserError: If a record is invalid; it is named with its number, from 1.
    """
    if isinstance(votes, str | Path):
        return read_votes(votes)
    if hasattr(votes, "to_dict") and hasattr(votes, "columns"):
        votes = votes.to_dict("records")
    parsed: list[Vote] = []
    problems: list[str] = []
    for number, record in enumerate(votes, start=1):
        try:
            parsed.append(record if isinstance(record, Vote) else parse_vote(record))
        except ValueError as error:
            problems.append(f"record {number}: {error}")
    raise_for_lines(Path("votes"), problems, f"Each record must be {SCHEMA}")
    if not parsed:
        raise UserError("There are no votes.", remedy=f"Each record must be {SCHEMA}")
    return parsed


def write_votes(votes: Iterable[Vote], path: Path) -> None:
    """Writes votes as JSON Lines, atomically."""
    lines = (json.dumps(vote.document(), ensure_ascii=False) for vote in votes)
    write_text_atomic(path, "".join(f"{line}\n" for line in lines))
