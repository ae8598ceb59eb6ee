"""From a measurement to its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from figbench.metrics.base import Measurement, OutputSpec
from figbench.results.schema import Interval
from figbench.statistics.resampling import (
    RESAMPLES,
    ClusterTotals,
    bca_bounds,
    bootstrap_means,
    cluster_totals,
)

ROUNDING = 1e-12
"""Cluster means closer than this (relative) do not vary."""


def interval_of(
    measurement: Measurement,
    clusters: Sequence[str],
    level: float,
    rng: np.random.Generator,
) -> Interval | None:
    """Returns the two-sided interval of a measurement, or None where none is sound.

    A standard error gives value +- z SE, cut at the ends of the output's range, under the
    measurement's own method name. Values per figure
    give a BCa bootstrap over clusters (papers). Values that all sit at one end of the output's
    range give the exact bound that many papers without variation allow.

    Args:
        measurement: What a metric returned.
        clusters: Cluster of each row of ``measurement.per_figure``.
        level: Nominal coverage, e.g. 0.95.
        rng: Generator of the resamples.
    """
    error = measurement.standard_error
    if error is not None:
        if not math.isfinite(error) or error <= 0.0:
            return None
        reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * error
        method = measurement.method or "standard error"
        value, output = measurement.value, measurement.output
        low = max(value - reach, min(output.low, value))
        high = min(value + reach, max(output.high, value))
        return _interval(low, high, level, method)
    if measurement.per_figure is None:
        return None
    totals = cluster_totals(np.asarray(measurement.per_figure, np.float64), clusters)
    if len(totals.sums) < 2:
        return None
    if np.ptp(totals.sums / totals.counts) <= ROUNDING * max(1.0, abs(totals.mean)):
        return _without_variation(measurement, totals, level)
    replicates = bootstrap_means(totals, RESAMPLES, rng)
    low, high = bca_bounds(totals.mean, replicates, totals.leave_one_out(), level)
    return _interval(low, high, level, "bootstrap clustered by paper (BCa)")


def _without_variation(
    measurement: Measurement, totals: ClusterTotals, level: float
) -> Interval | None:
    """A mean mu on [0, 1] yields n ones with probability <= mu^n: the Clopper-Pearson bound."""
    output, value = measurement.output, measurement.value
    if not _at_an_end(output, value):
        return None
    slack = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / len(totals.sums))
    reach = slack * (output.high - output.low)
    method = "exact bound over papers, no variation"
    if value == output.high:
        return _interval(value - reach, value, level, method)
    return _interval(value, value + reach, level, method)


def _at_an_end(output: OutputSpec, value: float) -> bool:
    finite = math.isfinite(output.low) and math.isfinite(output.high)
    return finite and value in (output.low, output.high)


def _interval(low: float, high: float, level: float, method: str) -> Interval:
    return Interval(low=low, high=high, level=level, method=method)
