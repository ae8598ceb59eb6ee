"""Rank ranges: two models have an order only where a test separates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from figbench.ranking.counts import Array
from figbench.ranking.fit import Strengths
from figbench.statistics.effects import ALPHA, holm


@dataclass(frozen=True, slots=True)
class RankRange:
    """Ranks that a model may have, both ends included."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


@dataclass(frozen=True, slots=True)
class PairTest:
    """Test of two strengths.

    Attributes:
        first: Model.
        second: Other model.
        difference: Log strength of first minus that of second.
        p_value: Two-sided; None with one paper.
        p_holm: Adjusted for all pairs of models (Holm, 1979); None with one paper.
    """

    first: str
    second: str
    difference: float
    p_value: float | None
    p_holm: float | None


def standard_errors(strengths: Strengths) -> Array:
    """Returns the standard error of each difference of strengths, shape (models, models).

    It is the larger of the bootstrap's and the one of independent votes: where one side won every
    vote the bootstrap shows no spread. Independent votes only count in the regularised fit.
    """
    spread = np.cov(strengths.replicates, rowvar=False)
    errors = _contrast_errors(np.atleast_2d(spread))
    if strengths.regularised:
        errors = np.maximum(errors, _contrast_errors(strengths.covariance))
    return errors


def _contrast_errors(covariance: Array) -> Array:
    variances = np.diag(covariance)
    contrast = variances[:, None] + variances[None, :] - 2 * covariance
    return np.asarray(np.sqrt(np.maximum(contrast, 0.0)), np.float64)


def pair_tests(models: tuple[str, ...], strengths: Strengths, papers: int) -> list[PairTest]:
    """Returns a t-test with (papers - 1) degrees of freedom for each pair of models.

    Args:
        models: Names.
        strengths: Estimates and resamples.
        papers: Number of papers.
    """
    from scipy.stats import t

    errors = standard_errors(strengths)
    raw: dict[str, float] = {}
    pairs: list[tuple[int, int, float]] = []
    for i in range(len(models)):
        for j in range(i + 1, len(models)):
            difference = float(strengths.estimate[i] - strengths.estimate[j])
            pairs.append((i, j, difference))
            if papers > 1:
                error = errors[i, j]
                statistic = abs(difference) / error if error > 0 else 0.0
                raw[f"{i},{j}"] = float(2 * t.sf(statistic, papers - 1))
    adjusted = holm(raw)
    return [
        PairTest(models[i], models[j], gap, raw.get(f"{i},{j}"), adjusted.get(f"{i},{j}"))
        for i, j, gap in pairs
    ]


def rank_ranges(models: tuple[str, ...], tests: list[PairTest]) -> Mapping[str, RankRange]:
    """Returns the ranks that the tests leave open.

    The best rank is 1 + the number of significantly stronger models, the worst is n minus the
    number of significantly weaker ones; significant is p (Holm) <= 0.05.
    """
    stronger, weaker = dict.fromkeys(models, 0), dict.fromkeys(models, 0)
    for test in tests:
        if test.p_holm is None or test.p_holm > ALPHA:
            continue
        ahead = test.difference > 0
        winner, loser = (test.first, test.second) if ahead else (test.second, test.first)
        weaker[winner] += 1
        stronger[loser] += 1
    return {name: RankRange(1 + stronger[name], len(models) - weaker[name]) for name in models}
