"""Standard errors from per-sample influence values, with dependent samples taken together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def jackknife_influence(left_out: Array) -> Array:
    """Returns the empirical influence (n,) of each sample from its delete-1 values (n,)."""
    return np.asarray((len(left_out) - 1) * (left_out.mean() - left_out), np.float64)


def variance_of_mean(influence: Array, clusters: Sequence[str] = ()) -> float | None:
    """Variance of a statistic whose first-order error is the mean of ``influence``.

    Samples of one cluster (figures of one paper, samples of one prompt) are summed before they
    are squared, so that their dependence is kept; with clusters of one it is the textbook
    var / n.

    Args:
        influence: Shape (n,).
        clusters: Cluster of each sample; empty for independent samples.

    Returns:
        The variance, or None with fewer than two clusters.
    """
    n = len(influence)
    centred = influence - influence.mean()
    if len(clusters):
        codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
        centred = np.bincount(codes, weights=centred)
    groups = len(centred)
    if groups < 2:
        return None
    return float(groups / (groups - 1) * np.square(centred).sum() / n**2)


def joint_variance(
    first: Array, second: Array, clusters: Sequence[str], others: Sequence[str]
) -> float | None:
    """Variance of a statistic whose error is the mean of ``first`` plus that of ``second``.

    For two samples that are not independent: the influences of both are added within each cluster
    before they are squared. For clusters that never occur on both sides it is the sum of the
    two variances of :func:`variance_of_mean` but for the factor G / (G - 1).

    Args:
        first: Influence of each row of one sample, shape (n,).
        second: Of the other sample, shape (m,).
        clusters: Cluster of each row of ``first``.
        others: Cluster of each row of ``second``, under the same names.

    Returns:
        The variance, or None with fewer than two clusters on a side.
    """
    groups = min(len(set(clusters)), len(set(others)))
    if groups < 2:
        return None
    codes = np.unique([*clusters, *others], return_inverse=True)[1]
    influences = [(side - side.mean()) / len(side) for side in (first, second)]
    totals = np.bincount(codes, weights=np.concatenate(influences))
    return float(groups / (groups - 1) * np.square(totals).sum())


def standard_error(*variances: float | None) -> float | None:
    """Returns the standard error of a sum of independent parts; None if a part is unknown."""
    defined = [variance for variance in variances if variance is not None]
    return math.sqrt(sum(defined)) if len(defined) == len(variances) else None


def is_clustered(*sides: Sequence[str]) -> bool:
    """Returns whether any side has a cluster with more than one sample."""
    return any(len(set(side)) < len(side) for side in sides)
