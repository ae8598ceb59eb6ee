"""Intervals of win rates and strengths from resamples of whole papers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from figbench.ranking.counts import Array

LEVEL = 0.95


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
    from scipy.stats import t

    if papers < 2:
        return 0.0
    quantile = float(t.ppf((1 + level) / 2, papers - 1))
    return NormalDist().cdf(-quantile * math.sqrt(papers / (papers - 1)))


def percentile(value: float, replicates: Array, papers: int, level: float = LEVEL) -> Estimate:
    """Returns the expanded percentile interval of a statistic over resamples of papers."""
    if papers < 2:
        return Estimate(value, None, None, "none: one paper")
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
    """
    if papers < 2:
        return Estimate(value, None, None, "none: one paper")
    if np.ptp(replicates) > 1e-12:
        found = percentile(value, replicates, papers, level)
        low, high = found.low or 0.0, found.high if found.high is not None else 1.0
        return Estimate(value, max(0.0, low), min(1.0, high), found.method)
    low, high = wilson(value * papers, papers, level)
    return Estimate(value, low, high, f"Wilson, {papers} papers: no paper differs")


def wilson(successes: float, trials: float, level: float = LEVEL) -> tuple[float, float]:
    """Returns Wilson's score interval of a proportion; (0, 1) without trials."""
    if trials <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials)
    half *= math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
