"""Intervals of win rates and strengths from resamples of whole papers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from figbench.ranking.counts import Array

LEVEL = 0.95
FEW_PAPERS = 20
"""Below this number of papers the bootstrap's quantiles are replaced by a t-interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; ``low`` and ``high`` are None when there is no interval."""

    value: float
    low: float | None
    high: float | None
    method: str

    def document(self) -> dict[str, float | str | None]:
        """Returns a JSON-ready mapping."""
        return {"value": self.value, "low": self.low, "high": self.high, "method": self.method}


def expanded_tail(papers: int, level: float = LEVEL) -> float:
    """Returns the tail probability whose bootstrap quantiles have about the nominal coverage.

    Phi(-t_{n-1} sqrt(n / (n - 1))): the percentile bootstrap is too narrow for few clusters.

    Source:
        Hesterberg, What teachers should know about the bootstrap, Am. Statistician 69, 2015.
    """
    if papers < 2:
        return 0.0
    return NormalDist().cdf(-_t_quantile(papers, level) * math.sqrt(papers / (papers - 1)))


def _t_quantile(papers: int, level: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, papers - 1))


def bounded(estimate: Estimate, low: float, high: float) -> Estimate:
    """Returns the estimate with its interval cut to the range of the statistic.

    Args:
        estimate: Value with its interval.
        low: Smallest possible value.
        high: Largest possible value.
    """
    if estimate.low is None or estimate.high is None:
        return estimate
    return Estimate(
        estimate.value, max(low, estimate.low), min(high, estimate.high), estimate.method
    )


def percentile(value: float, replicates: Array, papers: int, level: float = LEVEL) -> Estimate:
    """Returns the interval of a statistic from its resamples of papers.

    The expanded percentile interval; with fewer than ``FEW_PAPERS`` papers, whose resamples are
    too alike, value +- t_{n-1} SE sqrt(n / (n - 1)) with the bootstrap's standard error.

    Args:
        value: Of all votes.
        replicates: Of the resamples, shape (resamples,).
        papers: Number of papers.
        level: Nominal coverage.
    """
    if papers < 2:
        return Estimate(value, None, None, "none: one paper")
    if papers < FEW_PAPERS:
        half = _t_quantile(papers, level) * float(replicates.std(ddof=1))
        half *= math.sqrt(papers / (papers - 1))
        method = f"t, bootstrap standard error over {papers} papers"
        return Estimate(value, value - half, value + half, method)
    tail = expanded_tail(papers, level)
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return Estimate(
        value,
        min(float(low), value),
        max(float(high), value),
        f"bootstrap over {papers} papers, expanded percentile",
    )


def rate(value: float, replicates: Array, papers: int, level: float = LEVEL) -> Estimate:
    """Returns the interval of a win rate in 0..1.

    When every resample gives the same rate the bootstrap shows no spread; the interval is then
    Wilson's with the number of papers as the number of trials.

    Args:
        value: Of all votes.
        replicates: Of the resamples, shape (resamples,).
        papers: Number of papers.
        level: Nominal coverage.
    """
    if papers < 2:
        return Estimate(value, None, None, "none: one paper")
    if np.ptp(replicates) > 1e-12:
        return bounded(percentile(value, replicates, papers, level), 0.0, 1.0)
    low, high = wilson(value * papers, papers, level)
    return Estimate(value, low, high, f"Wilson, {papers} papers: no paper differs")


def wilson(successes: float, trials: float, level: float = LEVEL) -> tuple[float, float]:
    """Returns Wilson's score interval of a proportion; (0, 1) without trials.

    Args:
        successes: May be fractional.
        trials: May be fractional.
        level: Nominal coverage.
    """
    if trials <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials)
    half *= math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
