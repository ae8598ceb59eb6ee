"""Resampling of whole clusters: figures of one paper are drawn together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

RESAMPLES = 2000
CHUNK = 4_000_000
"""Largest number of weights in memory at once."""


@dataclass(frozen=True, slots=True)
class ClusterTotals:
    """Sum and number of values in each cluster, shape (clusters,) each."""

    sums: Array
    counts: Array

    @property
    def mean(self) -> float:
        """Mean over all values."""
        return float(self.sums.sum() / self.counts.sum())

    def leave_one_out(self) -> Array:
        """Returns the mean without each cluster, shape (clusters,); needs two clusters."""
        sums, counts = self.sums.sum() - self.sums, self.counts.sum() - self.counts
        return np.asarray(sums / counts, np.float64)


def cluster_totals(values: Array, clusters: Sequence[str]) -> ClusterTotals:
    """Returns the totals of finite ``values`` (n,) by cluster; NaN rows do not enter."""
    kept = np.isfinite(values)
    names = np.asarray(clusters)[kept]
    codes = np.unique(names, return_inverse=True)[1]
    return ClusterTotals(
        np.bincount(codes, weights=values[kept]).astype(np.float64),
        np.bincount(codes).astype(np.float64),
    )


def bootstrap_means(totals: ClusterTotals, resamples: int, rng: np.random.Generator) -> Array:
    """Returns the mean of ``resamples`` draws of whole clusters with replacement."""
    groups = len(totals.sums)
    means = np.empty(resamples)
    step = max(1, CHUNK // groups)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, groups, size=(rows, groups))
        sums, counts = totals.sums[drawn].sum(axis=1), totals.counts[drawn].sum(axis=1)
        means[start : start + rows] = sums / counts
    return means


def bca_bounds(
    estimate: float, replicates: Array, left_out: Array, level: float
) -> tuple[float, float]:
    """Returns bias-corrected and accelerated bounds (Efron 1987).

    Args:
        estimate: The statistic on the data.
        replicates: Its bootstrap replicates, not all equal.
        left_out: Its leave-one-cluster-out values, for the acceleration.
        level: Nominal coverage.
    """
    normal = NormalDist()
    below = np.mean(replicates < estimate) + 0.5 * np.mean(replicates == estimate)
    edge = 0.5 / len(replicates)
    bias = normal.inv_cdf(float(np.clip(below, edge, 1.0 - edge)))
    deviation = left_out.mean() - left_out
    spread = float(np.square(deviation).sum())
    acceleration = float((deviation**3).sum()) / (6.0 * spread**1.5) if spread else 0.0
    tails = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    low, high = (_bca_quantile(normal, bias, acceleration, tail) for tail in tails)
    bounds = np.quantile(replicates, [low, high])
    return float(bounds[0]), float(bounds[1])


def _bca_quantile(normal: NormalDist, bias: float, acceleration: float, tail: float) -> float:
    shifted = bias + normal.inv_cdf(tail)
    return normal.cdf(bias + shifted / (1.0 - acceleration * shifted))
