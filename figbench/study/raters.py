"""Reliability of each rater: gold and repeat trials, side bias, agreement with the others."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from figbench.ranking.intervals import wilson
from figbench.study.answers import Answer, by_trial
from figbench.study.key import StudyKey, Trial

GOLD_MINIMUM = 0.75
"""Share of gold answers below which a rater fails the attention check."""
SIDE_ALPHA = 0.01
"""Level of the test for side bias, divided by the number of raters."""
FAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """A share with Wilson's 95% interval; ``value`` is None without trials."""

    successes: float
    n: int

    @property
    def value(self) -> float | None:
        """The share, 0..1."""
        return self.successes / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval."""
        return wilson(self.successes, self.n)

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        low, high = self.interval
        return {"value": self.value, "low": low, "high": high, "n": self.n}


@dataclass(frozen=True, slots=True)
class RaterReport:
    """Reliability of one rater.

    Attributes:
        rater: Id.
        answered: Answers given.
        expected: Answers of a complete session.
        gold: Gold answers that were right.
        repeat: Repeated answers that agree with the first ones.
        error_rate: Share of wrong answers by the gold trials; ties count as half.
        repeat_error: Error rate that the repeats imply: a rater who errs with probability e agrees
            with themselves with probability (1 - e)^2 + e^2. None without decided repeats.
        left: Decided answers for the left figure, judged and repeat trials.
        left_p: Two-sided binomial p-value of no side bias.
        agreement: Answers that agree with the majority of the other raters.
        median_seconds: Median time of a trial; None without answers.
        flags: Attention failures, as sentences.
    """

    rater: str
    answered: int
    expected: int
    gold: Share
    repeat: Share
    error_rate: Share
    repeat_error: float | None
    left: Share
    left_p: float
    agreement: Share
    median_seconds: float | None
    flags: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        shares = {
            name: getattr(self, name).document()
            for name in ("gold", "repeat", "error_rate", "left", "agreement")
        }
        return {**asdict(self), **shares, "flags": list(self.flags)}


def rater_reports(key: StudyKey, answers: Sequence[Answer]) -> list[RaterReport]:
    """Returns the report of each rater who gave an answer."""
    index = by_trial(answers)
    opinions = _opinions(key, answers)
    grouped: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        grouped[answer.rater].append(answer)
    raters = len(grouped)
    return [_report(key, rater, given, index, opinions, raters) for rater, given in grouped.items()]


def outcome(trial: Trial, value: str | int) -> int:
    """Returns 1 when the alphabetically first model of a pair won, -1 or 0; a rating as it is."""
    if isinstance(value, int):
        return value
    if value == "tie":
        return 0
    winner, loser = trial.models if value == "left" else trial.models[::-1]
    return 1 if winner < loser else -1


Unit = tuple[str, tuple[str, ...], str]
"""Prompt, models in alphabetical order, question."""


def unit_of(trial: Trial, question: str) -> Unit:
    """Returns the unit that several raters judge."""
    return trial.prompt_id, tuple(sorted(trial.models)), question


def _opinions(key: StudyKey, answers: Sequence[Answer]) -> Mapping[Unit, dict[str, int]]:
    opinions: dict[Unit, dict[str, int]] = defaultdict(dict)
    for answer in answers:
        trial = key.trials[answer.trial]
        if trial.kind == "judge":
            opinions[unit_of(trial, answer.question)][answer.rater] = outcome(trial, answer.value)
    return opinions


def _report(
    key: StudyKey,
    rater: str,
    given: Sequence[Answer],
    index: Mapping[tuple[str, str], Answer],
    opinions: Mapping[Unit, dict[str, int]],
    raters: int,
) -> RaterReport:
    gold, errors, repeat, decided = _attention(key, given, index)
    left = _left(key, given)
    left_p = _side_test(left)
    seconds = {answer.trial: answer.seconds for answer in given}
    middle = median(seconds.values()) if seconds else None
    flags = []
    if gold.value is not None and gold.value < GOLD_MINIMUM:
        flags.append(f"gold: {gold.successes:g} of {gold.n} right")
    if repeat.n >= 2 and (repeat.value or 0) < 0.5:
        flags.append(f"repeat: {repeat.successes:g} of {repeat.n} consistent")
    if left_p < SIDE_ALPHA / raters:
        flags.append(f"side bias: {left.successes:g} of {left.n} decided answers for the left")
    if middle is not None and middle < FAST_SECONDS:
        flags.append(f"fast: median {middle:.1f} s a trial")
    return RaterReport(
        rater,
        len(given),
        len(key.sessions[rater]) * len(key.questions),
        gold,
        repeat,
        errors,
        _implied_error(decided),
        left,
        left_p,
        _agreement(rater, opinions),
        middle,
        tuple(flags),
    )


def _attention(
    key: StudyKey, given: Sequence[Answer], index: Mapping[tuple[str, str], Answer]
) -> tuple[Share, Share, Share, Share]:
    """Returns gold answers right, gold errors, repeats consistent, and decided repeats alone."""
    right, wrong, golds, same, repeats, decided_same, decided = 0, 0.0, 0, 0, 0, 0, 0
    for answer in given:
        trial = key.trials[answer.trial]
        if trial.kind == "gold":
            golds += 1
            passed = _passes(trial, answer.value, key.scale)
            right += passed
            wrong += 0.5 if answer.value == "tie" else float(not passed)
        elif trial.kind == "repeat" and (trial.repeats, answer.question) in index:
            earlier = index[str(trial.repeats), answer.question]
            before = outcome(key.trials[earlier.trial], earlier.value)
            now = outcome(trial, answer.value)
            repeats += 1
            consistent = abs(before - now) <= (1 if key.mode == "likert" else 0)
            same += consistent
            if key.mode == "pairwise" and before and now:
                decided += 1
                decided_same += before == now
    return (
        Share(right, golds),
        Share(wrong, golds),
        Share(same, repeats),
        Share(decided_same, decided),
    )


def _passes(trial: Trial, value: str | int, scale: int) -> bool:
    if isinstance(value, int):
        return value <= scale // 2
    return value == trial.expected


def _implied_error(decided: Share) -> float | None:
    """Solves (1 - e)^2 + e^2 = c for e <= 1/2."""
    if decided.value is None:
        return None
    return (1 - math.sqrt(max(0.0, 2 * decided.value - 1))) / 2


def _left(key: StudyKey, given: Sequence[Answer]) -> Share:
    values = [
        answer.value
        for answer in given
        if key.trials[answer.trial].kind != "gold" and answer.value in ("left", "right")
    ]
    return Share(values.count("left"), len(values))


def _side_test(left: Share) -> float:
    from scipy.stats import binomtest

    return float(binomtest(int(left.successes), left.n).pvalue) if left.n else 1.0


def _agreement(rater: str, opinions: Mapping[Unit, dict[str, int]]) -> Share:
    """Compares decided answers with the sign of the others' sum; ratings with their median."""
    agreed, n = 0.0, 0
    for unit, votes in opinions.items():
        others = [value for name, value in votes.items() if name != rater]
        if rater not in votes or not others:
            continue
        if len(unit[1]) == 1:
            n += 1
            agreed += abs(votes[rater] - median(others)) <= 1
            continue
        total = sum(others)
        if votes[rater] and total:
            n += 1
            agreed += (votes[rater] > 0) == (total > 0)
    return Share(agreed, n)
