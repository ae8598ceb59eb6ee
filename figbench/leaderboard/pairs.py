"""Tests between two entries of a board: paired where both have attachments."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from figbench.leaderboard.attachments import Attachment
from figbench.metrics import set_statistic
from figbench.results.schema import MetricValue
from figbench.statistics.effects import unpaired_p_value
from figbench.statistics.influence import variance_of_mean
from figbench.statistics.paired import sign_flip_test

Array = npt.NDArray[np.float64]
Pair = tuple[str, str]

MOST_SWAPPED = 11
"""Entries up to which outputs are swapped: with more, 199 swaps cannot reach the corrected alpha,
and the number of pairs makes a build slow."""

MOST_SWAPPED_FIGURES = 200
"""Figures per entry up to which a distance is recomputed for every swap."""

FALLBACK = "unpaired z-test from standard errors (rows are not attached)"
INFLUENCE = "paired z-test of influence values by paper"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of one test: p is None where no test is sound."""

    p_value: float | None
    method: str


def verdicts(
    metric_id: str,
    metrics: Mapping[str, MetricValue],
    attachments: Mapping[str, Attachment],
    reference: Attachment | None,
) -> dict[Pair, Verdict]:
    """Returns the test of every pair of entries, keyed by their names in sorted order.

    Args:
        metric_id: Which metric.
        metrics: Its value by entry; entries without a value are left out.
        attachments: By entry, for the entries that have one.
        reference: The board's reference rows; distances cannot be paired without them.
    """
    names = sorted(name for name, metric in metrics.items() if metric.value is not None)
    attached = {name: attachments[name] for name in names if name in attachments}
    spread = _Spread(metric_id, attached, reference)
    tests = {}
    for first, second in combinations(names, 2):
        paired = spread.test(first, second) if {first, second} <= attached.keys() else None
        tests[first, second] = paired or _unpaired(metrics[first], metrics[second])
    return tests


class _Spread:
    """Paired tests of one metric; what depends on one entry alone is computed once."""

    def __init__(
        self, metric_id: str, attached: Mapping[str, Attachment], reference: Attachment | None
    ) -> None:
        self._metric = metric_id
        self._statistic = set_statistic(metric_id)
        self._attached = attached
        self._reference = None if reference is None else reference.features_of(metric_id)
        self._own = {
            name: None if reference is None else attachment.own_references(reference)
            for name, attachment in attached.items()
        }
        self._few = len(attached) <= MOST_SWAPPED
        self._scores = {
            name: _by_key(self._values(name, attachment), attachment)
            for name, attachment in attached.items()
        }

    def test(self, first: str, second: str) -> Verdict | None:
        """Returns None where the two share fewer than three figures with a value."""
        first_scores, second_scores = self._scores[first], self._scores[second]
        shared = sorted(first_scores.keys() & second_scores.keys())
        if len(shared) < 3:
            return None
        differences = np.array([second_scores[key][0] - first_scores[key][0] for key in shared])
        if not differences.any():
            return Verdict(None, "identical in every figure")
        clusters = [first_scores[key][1] for key in shared]
        seed = hashlib.sha256(f"{self._metric}/{first}/{second}".encode()).digest()
        rng = np.random.default_rng(list(seed[:8]))
        if not self._few:
            return _influence_test(differences, clusters)
        if self._statistic is None:
            outcome = sign_flip_test(differences, clusters, rng)
        elif len(shared) > MOST_SWAPPED_FIGURES or self._reference is None:
            return _influence_test(differences, clusters)
        else:
            sides = [self._features(name, shared) for name in (first, second)]
            own = self._own[first]
            statistic = self._statistic.matched(None if own is None else own[sides[0][1]])
            outcome = statistic.paired_test(
                sides[0][0], sides[1][0], self._reference, clusters, rng
            )
        return Verdict(outcome.p_value, outcome.method)

    def _features(
        self, name: str, keys: list[tuple[str, int]]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]:
        attachment = self._attached[name]
        features = attachment.features_of(self._metric)
        assert features is not None  # nosec B101 # only entries with rows of features come here
        index_of = {key: index for index, key in enumerate(_present_keys(attachment))}
        indices = np.array([index_of[key] for key in keys], np.intp)
        return features[indices], indices

    def _values(self, name: str, attachment: Attachment) -> Array | None:
        """Per-figure values, or the influence of each figure on a distance."""
        if self._statistic is None:
            return attachment.values.get(self._metric)
        features = attachment.features_of(self._metric)
        if features is None or self._reference is None or len(features) < 3:
            return None
        values = np.full(len(attachment.header.sha256), np.nan)
        statistic = self._statistic.matched(self._own[name])
        values[attachment.present] = statistic.pseudo_values(features, self._reference)
        return values


def _influence_test(differences: Array, clusters: list[str]) -> Verdict | None:
    variance = variance_of_mean(differences, clusters)
    if not variance:
        return None
    z = abs(float(differences.mean())) / math.sqrt(variance)
    return Verdict(math.erfc(z / math.sqrt(2)), INFLUENCE)


def _present_keys(attachment: Attachment) -> list[tuple[str, int]]:
    return [
        key for key, present in zip(attachment.keys, attachment.present, strict=True) if present
    ]


def _by_key(
    values: Array | None, attachment: Attachment
) -> dict[tuple[str, int], tuple[float, str]]:
    if values is None:
        return {}
    records = zip(attachment.keys, values, attachment.header.papers, strict=True)
    return {key: (float(value), paper) for key, value, paper in records if math.isfinite(value)}


def _unpaired(first: MetricValue, second: MetricValue) -> Verdict:
    a, b = first.value or 0.0, second.value or 0.0
    p_value = unpaired_p_value(b - a, first.implied_standard_error, second.implied_standard_error)
    return Verdict(p_value, FALLBACK)
