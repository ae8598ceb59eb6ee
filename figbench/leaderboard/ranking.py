"""Ranks as intervals: an order is shown only where a test can tell two entries apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.pairs import Pair, Verdict, verdicts
from figbench.results.schema import MetricValue
from figbench.statistics.effects import ALPHA

NO_ATTACHMENTS: Mapping[str, Attachment] = {}


@dataclass(frozen=True, slots=True)
class Rank:
    """Ranks that an entry may hold, both ends included."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks of one metric by entry, with the test of each pair of entries."""

    ranks: Mapping[str, Rank]
    tests: Mapping[Pair, Verdict]

    @property
    def methods(self) -> dict[str, int]:
        """Number of pairs by the method that tested them."""
        counts: dict[str, int] = {}
        for verdict in self.tests.values():
            counts[verdict.method] = counts.get(verdict.method, 0) + 1
        return dict(sorted(counts.items()))


def rank_all(
    metric_id: str,
    metrics: Mapping[str, MetricValue],
    attachments: Mapping[str, Attachment] = NO_ATTACHMENTS,
    reference: Attachment | None = None,
) -> Ranking:
    """Returns the rank of every entry that has a value.

    The best place is 1 + the number of entries that are significantly better, the worst is n
    minus the number that are significantly worse; significant is p <= 0.05 with Bonferroni over
    the pairs of an entry. An entry that no test can place ties with everyone.

    Args:
        metric_id: Id of the output.
        metrics: Value of each entry by its name.
        attachments: Attachment of each entry that has one, by its name.
        reference: The board's own figures and features; None where it stores none.
    """
    scored = {name: metric for name, metric in metrics.items() if metric.value is not None}
    tests = verdicts(metric_id, scored, attachments, reference)
    alpha = ALPHA / max(1, len(scored) - 1)
    better = dict.fromkeys(scored, 0)
    worse = dict.fromkeys(scored, 0)
    for (first, second), verdict in tests.items():
        if verdict.p_value is None or verdict.p_value > alpha:
            continue
        ahead = _goodness(scored[first]) > _goodness(scored[second])
        winner, loser = (first, second) if ahead else (second, first)
        worse[winner] += 1
        better[loser] += 1
    ranks = {name: Rank(1 + better[name], len(scored) - worse[name]) for name in scored}
    return Ranking(ranks, tests)


def _goodness(metric: MetricValue) -> float:
    value = metric.value or 0.0
    return value if metric.higher_is_better else -value
