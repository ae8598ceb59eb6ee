"""Opinions of people by pair of figures: the target that metrics and judges are compared with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.ranking.counts import Array
from figbench.ranking.votes import Vote, parse_vote, raise_for_lines, read_lines

RATING_FIELDS = ("prompt_id", "paper_id", "model", "value", "rater")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures of one prompt, and what people said.

    Attributes:
        prompt_id: Prompt.
        paper_id: Paper, the unit of resampling.
        first: Alphabetically first model.
        second: The other model.
        votes: Outcomes by rater: 1 when ``first`` won, -1, or 0 for a tie.
        preference: Mean outcome, or the mean difference of ratings.
    """

    prompt_id: str
    paper_id: str
    first: str
    second: str
    votes: tuple[tuple[str, float], ...]
    preference: float


def read_opinions(path: str | Path, question: str | None = None) -> list[Pair]:
    """Reads votes or ratings of people.

    Args:
        path: JSON Lines of votes, or of ratings as ``figbench study import`` wrote them.
        question: Use the records on this question; needed when there are several.

    Raises:
        UserError: If a line is invalid, or the question is ambiguous or absent.
    """
    source = Path(path)
    records: list[tuple[int, dict[str, Any]]] = []
    problems: list[str] = []
    for number, line in enumerate(read_lines(source), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError(f"expected an object, got {type(record).__name__}")
            records.append((number, record))
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number}: {error}")
    ratings = bool(records) and "model" in records[0][1]
    parsed: list[Any] = []
    for number, record in records:
        try:
            parsed.append(_rating(record) if ratings else parse_vote(record))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    raise_for_lines(source, problems, "Use the output of: figbench study import KEY FILES --out")
    if not parsed:
        raise UserError(f"{source}: no votes and no ratings.")
    return pairs_of_ratings(_on(parsed, question)) if ratings else pairs_of(_on(parsed, question))


@dataclass(frozen=True, slots=True)
class _Rating:
    prompt_id: str
    paper_id: str
    model: str
    value: float
    rater: str
    question: str


def _rating(record: dict[str, Any]) -> _Rating:
    absent = [name for name in RATING_FIELDS if name not in record]
    if absent:
        raise ValueError(f"without {', '.join(absent)}")
    value = record["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"value must be a number, got {value!r}")
    texts = [record[name] for name in ("prompt_id", "paper_id", "model", "rater")]
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("prompt_id, paper_id, model and rater must be non-empty strings")
    prompt, paper, model, rater = texts
    return _Rating(prompt, paper, model, float(value), rater, str(record.get("question") or ""))


def _on(records: Sequence[Any], question: str | None) -> list[Any]:
    questions = sorted({record.question for record in records})
    if question is None and len(questions) > 1:
        raise UserError(
            f"The records answer {len(questions)} questions.",
            remedy=f"Select one with --question: {', '.join(questions)}.",
        )
    if question is not None and question not in questions:
        raise UserError(
            f"No record answers '{question}'.", remedy=f"Questions: {', '.join(questions)}."
        )
    return [record for record in records if question is None or record.question == question]


def pairs_of(votes: Iterable[Vote]) -> list[Pair]:
    """Returns the pairs of votes, sorted; several votes of a rater on a pair are averaged."""
    given: dict[tuple[str, str, str, str], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for vote in votes:
        given[(vote.paper_id, vote.prompt_id, *vote.pair)][vote.rater].append(vote.outcome)
    pairs = []
    for (paper, prompt, first, second), by_rater in sorted(given.items()):
        outcomes = tuple((rater, float(np.mean(each))) for rater, each in sorted(by_rater.items()))
        mean = float(np.mean([value for _, value in outcomes]))
        pairs.append(Pair(prompt, paper, first, second, outcomes, mean))
    return pairs


def pairs_of_ratings(ratings: Iterable[_Rating]) -> list[Pair]:
    """Returns the pairs of rated figures of each prompt.

    The vote of a rater who rated both figures is the sign of the difference; the preference is
    the difference of the mean ratings.
    """
    given: dict[tuple[str, str], dict[str, dict[str, float]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for rating in ratings:
        given[rating.paper_id, rating.prompt_id][rating.model][rating.rater] = rating.value
    pairs = []
    for (paper, prompt), models in sorted(given.items()):
        for first, second in combinations(sorted(models), 2):
            left, right = models[first], models[second]
            common = sorted(left.keys() & right.keys())
            votes = tuple((name, float(np.sign(left[name] - right[name]))) for name in common)
            gap = float(np.mean(list(left.values())) - np.mean(list(right.values())))
            pairs.append(Pair(prompt, paper, first, second, votes, gap))
    return pairs


def vote_counts(pairs: Sequence[Pair]) -> Array:
    """Returns votes for first and for second, shape (pairs, 2); ties do not enter."""
    return np.array(
        [[sum(v > 0 for _, v in pair.votes), sum(v < 0 for _, v in pair.votes)] for pair in pairs],
        dtype=np.float64,
    )
