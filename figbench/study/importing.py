"""Import of a study: answers become votes or ratings, with agreement and rater reliability."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.ranking.votes import Vote, Winner
from figbench.study.agreement import Alpha, alphas
from figbench.study.answers import Answer, expected_answers, read_answers
from figbench.study.key import StudyKey, Trial, load_key
from figbench.study.raters import RaterReport, rater_reports


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating of one figure, 1 to the scale of the study."""

    prompt_id: str
    paper_id: str
    model: str
    value: int
    rater: str
    question: str

    def document(self) -> dict[str, Any]:
        """Returns the JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ImportedStudy:
    """Outcome of an import.

    Attributes:
        key: Of the study.
        votes: Pairwise studies: votes of the judged trials.
        ratings: Likert studies: ratings of the judged trials.
        alphas: Agreement of the raters by question and level.
        raters: Reliability by rater, all of them.
        excluded: Raters whose answers were left out of votes, ratings and alphas.
        n_answers: Answers read.
        n_expected: Answers of a complete study.
        notes: Remarks.
    """

    key: StudyKey
    votes: tuple[Vote, ...]
    ratings: tuple[Rating, ...]
    alphas: tuple[Alpha, ...]
    raters: tuple[RaterReport, ...]
    excluded: tuple[str, ...]
    n_answers: int
    n_expected: int
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping without the votes themselves."""
        return {
            "study": self.key.study,
            "title": self.key.title,
            "mode": self.key.mode,
            "n_votes": len(self.votes),
            "n_ratings": len(self.ratings),
            "n_answers": self.n_answers,
            "n_expected": self.n_expected,
            "alphas": [alpha.document() for alpha in self.alphas],
            "raters": [rater.document() for rater in self.raters],
            "excluded": list(self.excluded),
            "notes": list(self.notes),
        }

    def write(self, path: Path) -> None:
        """Writes votes or ratings as JSON Lines, atomically."""
        records: list[dict[str, Any]] = [{**vote.document()} for vote in self.votes]
        records += [rating.document() for rating in self.ratings]
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        write_text_atomic(path, "".join(f"{line}\n" for line in lines))


def import_study(
    key: StudyKey | str | Path,
    files: Iterable[str | Path],
    *,
    exclude_failed: bool = False,
    seed: int = 0,
) -> ImportedStudy:
    """Reads the answers of a study.

    Args:
        key: Key or its file.
        files: Answer files that raters saved.
        exclude_failed: Leave out raters with an attention failure.
        seed: Of the resamples of the intervals.

    Raises:
        UserError: If an answer is invalid, or none is left.
        IntegrityError: If a file belongs to another study.
    """
    study_key = key if isinstance(key, StudyKey) else load_key(key)
    answers, notes = read_answers(study_key, [Path(file) for file in files])
    if not answers:
        raise UserError("The files hold no answer.", remedy="Import the files of the raters.")
    reports = rater_reports(study_key, answers)
    excluded = tuple(report.rater for report in reports if report.flags) if exclude_failed else ()
    used = [answer for answer in answers if answer.rater not in excluded]
    if not used:
        raise UserError(
            "Every rater failed the attention checks.", remedy="Drop --exclude-failed to see them."
        )
    absent = sorted(set(study_key.sessions) - {report.rater for report in reports})
    if absent:
        notes.append(f"no answers of {len(absent)} raters: {', '.join(absent)}")
    judged = [a for a in used if study_key.trials[a.trial].kind == "judge"]
    pairwise = study_key.mode == "pairwise"
    return ImportedStudy(
        key=study_key,
        votes=tuple(_votes(study_key, judged)) if pairwise else (),
        ratings=() if pairwise else tuple(_ratings(study_key, judged)),
        alphas=tuple(alphas(study_key, used, seed=seed)),
        raters=tuple(reports),
        excluded=excluded,
        n_answers=len(answers),
        n_expected=expected_answers(study_key),
        notes=tuple(notes),
    )


def _votes(key: StudyKey, answers: Sequence[Answer]) -> Iterable[Vote]:
    for answer in answers:
        trial = key.trials[answer.trial]
        first, second = trial.models
        winner: Winner = "tie"
        if answer.value != "tie":
            winner = "first" if answer.value == "left" else "second"
        yield Vote(
            trial.prompt_id,
            trial.paper_id,
            first,
            second,
            winner,
            answer.rater,
            _question(key, answer),
        )


def _ratings(key: StudyKey, answers: Sequence[Answer]) -> Iterable[Rating]:
    for answer in answers:
        trial: Trial = key.trials[answer.trial]
        yield Rating(
            trial.prompt_id,
            trial.paper_id,
            trial.models[0],
            int(answer.value),
            answer.rater,
            answer.question,
        )


def _question(key: StudyKey, answer: Answer) -> str:
    """A study with one question gives votes without the field ``question``."""
    return answer.question if len(key.questions) > 1 else ""
