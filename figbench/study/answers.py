"""Answers that raters saved, checked against the key of their study."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.errors import IntegrityError
from figbench.ranking.votes import raise_for_lines, read_lines
from figbench.study.key import StudyKey

SIDES = ("left", "right", "tie")
REMEDY = "Use the files as the study page saved them."


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        rater: Who gave it.
        trial: Trial id.
        question: Question id.
        value: ``left``, ``right`` or ``tie``; a rating when figures are rated one by one.
        seconds: Time that the trial was on the screen.
    """

    rater: str
    trial: str
    question: str
    value: str | int
    seconds: float


def read_answers(key: StudyKey, files: Iterable[Path]) -> tuple[list[Answer], list[str]]:
    """Reads answer files.

    An answer that is repeated with the same value counts once.

    Args:
        key: Of the study.
        files: JSON Lines files, in any order and number for each rater.

    Returns:
        Answers in the order of the key's sessions, and notes.

    Raises:
        UserError: If a line is invalid or two lines contradict each other; each is named.
        IntegrityError: If a file belongs to another study.
    """
    answers: dict[tuple[str, str], Answer] = {}
    repeated = 0
    for path in files:
        problems: list[str] = []
        for number, line in enumerate(read_lines(path), start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                _require_study(key, record, path, number)
                answer = _answer(key, record)
                earlier = answers.get((answer.trial, answer.question))
                if earlier is not None:
                    if earlier.value != answer.value:
                        raise ValueError(
                            f"{answer.rater} already answered trial {answer.trial} with "
                            f"{earlier.value!r}, now {answer.value!r}"
                        )
                    repeated += 1
                answers[answer.trial, answer.question] = answer
            except (ValueError, RecursionError) as error:
                problems.append(f"line {number}: {error}")
        raise_for_lines(path, problems, REMEDY)
    order = [trial for ids in key.sessions.values() for trial in ids]
    ordered = [
        answers[trial, question.id]
        for trial in order
        for question in key.questions
        if (trial, question.id) in answers
    ]
    return ordered, [f"{repeated} answers came twice and count once"] if repeated else []


def _require_study(key: StudyKey, record: Any, path: Path, number: int) -> None:
    if not isinstance(record, dict):
        raise ValueError(f"expected an object, got {type(record).__name__}")
    if record.get("study") != key.study:
        other_study = str(record.get("study"))[:12]
        raise IntegrityError(
            f"{path}: line {number} belongs to study {other_study}, "
            f"the key is of {key.study[:12]}.",
            remedy="Import each answer file with the key of its own study.",
        )


def _answer(key: StudyKey, record: dict[str, Any]) -> Answer:
    name, question = record.get("trial"), record.get("question")
    trial = key.trials.get(name) if isinstance(name, str) else None
    if trial is None or not isinstance(name, str):
        raise ValueError(f"the study has no trial {name!r}")
    if record.get("rater") != trial.rater:
        raise ValueError(f"trial {name} is of {trial.rater}, not of {record.get('rater')!r}")
    if not isinstance(question, str) or question not in {entry.id for entry in key.questions}:
        raise ValueError(f"the study has no question {question!r}")
    value, seconds = record.get("answer"), record.get("seconds", 0)
    if key.mode == "pairwise":
        if value not in SIDES:
            raise ValueError(f"answer must be left, right or tie, got {value!r}")
    elif type(value) is not int or not 1 <= value <= key.scale:
        raise ValueError(f"answer must be an integer from 1 to {key.scale}, got {value!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e9:
        raise ValueError(f"seconds must be a number of at least 0, got {seconds!r}")
    return Answer(trial.rater, name, question, value, float(seconds))


def expected_answers(key: StudyKey) -> int:
    """Returns the number of answers of a complete study."""
    return len(key.trials) * len(key.questions)


def by_trial(answers: Sequence[Answer]) -> dict[tuple[str, str], Answer]:
    """Returns the answers by (trial, question)."""
    return {(answer.trial, answer.question): answer for answer in answers}
