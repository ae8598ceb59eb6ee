"""Krippendorff's alpha of a study, with an interval by bootstrap over papers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from figbench.io.optional import require
from figbench.ranking.counts import paper_weights
from figbench.ranking.intervals import Estimate, bounded, percentile
from figbench.study.answers import Answer
from figbench.study.key import StudyKey
from figbench.study.raters import Unit, outcome, unit_of

RESAMPLES = 500
Level = Literal["nominal", "ordinal"]


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha of one question.

    Attributes:
        question: Id.
        level: ``nominal`` or ``ordinal``.
        estimate: Alpha, at most 1; None where no unit has two answers or all answers are the same.
        n_units: Units with at least two answers.
        n_answers: Answers on them.
    """

    question: str
    level: Level
    estimate: Estimate | None
    n_units: int
    n_answers: int

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        return {
            "question": self.question,
            "level": self.level,
            "alpha": self.estimate.document() if self.estimate else None,
            "n_units": self.n_units,
            "n_answers": self.n_answers,
        }


def alphas(
    key: StudyKey, answers: Sequence[Answer], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Alpha]:
    """Returns nominal and ordinal alpha of each question.

    A unit is a pair of models (or one model) on a prompt; gold and repeat trials are left out.
    The values of a pair are loss, tie and win of the alphabetically first model.

    Args:
        key: Of the study.
        answers: Of :func:`figbench.study.answers.read_answers`.
        resamples: Of papers.
        seed: Of the resamples.
    """
    levels: tuple[Level, ...] = ("nominal", "ordinal")
    values = list(range(1, key.scale + 1)) if key.mode == "likert" else [-1, 0, 1]
    results = []
    for question in key.questions:
        counts, papers = value_counts(key, answers, question.id, values)
        for level in levels:
            estimate = _estimate(counts, papers, values, level, resamples, seed)
            results.append(Alpha(question.id, level, estimate, len(counts), int(counts.sum())))
    return results


def value_counts(
    key: StudyKey, answers: Sequence[Answer], question: str, values: Sequence[int]
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Returns answers by unit and value, shape (units, values), and the paper of each unit.

    Args:
        key: Key file of the study.
        answers: Of all raters.
        question: Id of the question.
        values: Possible answers, in order.
    """
    units: Mapping[Unit, list[int]] = defaultdict(list)
    papers: dict[Unit, str] = {}
    for answer in answers:
        trial = key.trials[answer.trial]
        if trial.kind != "judge" or answer.question != question:
            continue
        unit = unit_of(trial, question)
        units[unit].append(outcome(trial, answer.value))
        papers[unit] = trial.paper_id
    shared = [unit for unit, given in units.items() if len(given) > 1]
    counts = np.zeros((len(shared), len(values)), dtype=np.int64)
    for index, unit in enumerate(shared):
        for value in units[unit]:
            counts[index, values.index(value)] += 1
    return counts, [papers[unit] for unit in shared]


def _estimate(
    counts: npt.NDArray[np.int64],
    papers: Sequence[str],
    values: Sequence[int],
    level: Level,
    resamples: int,
    seed: int,
) -> Estimate | None:
    if len(counts) == 0 or (counts.sum(axis=0) > 0).sum() < 2:
        return None
    alpha = _alpha(counts, values, level)
    codes = np.unique(np.asarray(papers), return_inverse=True)[1]
    number = int(codes.max()) + 1
    replicates = []
    for weights in paper_weights(number, resamples, np.random.default_rng(seed)):
        resampled = np.repeat(counts, weights[codes].astype(int), axis=0)
        if len(resampled) and (resampled.sum(axis=0) > 0).sum() > 1:
            replicates.append(_alpha(resampled, values, level))
    return bounded(percentile(alpha, np.array(replicates), number), -1.0, 1.0)


def _alpha(counts: npt.NDArray[np.int64], values: Sequence[int], level: Level) -> float:
    krippendorff: Any = require("krippendorff", purpose="Krippendorff's alpha")

    return float(
        krippendorff.alpha(
            value_counts=counts, value_domain=list(values), level_of_measurement=level
        )
    )
