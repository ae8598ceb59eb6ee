"""Ranks as intervals: an order is shown only where a test can tell two entries apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from figbench.results.schema import MetricValue
from figbench.statistics.effects import ALPHA

METHOD = (
    "z-test from the two standard errors, alpha 0.05 with Bonferroni over the pairs of an entry; "
    "where an entry has no standard error it is taken from its interval's width"
)


@dataclass(frozen=True, slots=True)
class Rank:
    """Places that an entry may hold, both ends included."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


def standard_error(metric: MetricValue) -> float | None:
    """Returns the standard error, or the one that the interval's width implies."""
    if metric.standard_error is not None or metric.interval is None:
        return metric.standard_error
    interval = metric.interval
    quantile = NormalDist().inv_cdf(0.5 + interval.level / 2)
    return (interval.high - interval.low) / (2 * quantile)


def rank_all(metrics: Mapping[str, MetricValue]) -> dict[str, Rank]:
    """Returns the rank of every entry that has a value.

    The best place is 1 + the number of entries that are significantly better, the worst is n
    minus the number that are significantly worse. An entry without any uncertainty ties with
    everyone, since no test is possible.
    """
    scored = {name: one for name, one in metrics.items() if one.value is not None}
    alpha = ALPHA / max(1, len(scored) - 1)
    quantile = NormalDist().inv_cdf(1 - alpha / 2)
    facts = {name: (_goodness(one), standard_error(one)) for name, one in scored.items()}
    ranks = {}
    for name, (good, error) in facts.items():
        better = worse = 0
        for other, (theirs, their_error) in facts.items():
            if other == name or error is None or their_error is None or good == theirs:
                continue
            spread = math.hypot(error, their_error)
            if spread > 0 and abs(good - theirs) > quantile * spread:
                better, worse = better + (theirs > good), worse + (theirs < good)
        ranks[name] = Rank(1 + better, len(facts) - worse)
    return ranks


def _goodness(metric: MetricValue) -> float:
    value = metric.value or 0.0
    return value if metric.higher_is_better else -value
