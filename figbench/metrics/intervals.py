"""Confidence intervals of measurements."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from figbench.metrics.base import Measurement, OutputSpec
from figbench.results.schema import Interval
from figbench.statistics.bounded import logit_t_bounds, t_quantile
from figbench.statistics.influence import variance_of_mean

ROUNDING = 1e-12
"""Means of papers closer than this (relative) do not vary."""


def interval_of(measurement: Measurement, clusters: Sequence[str], level: float) -> Interval | None:
    """Returns the two-sided interval of a measurement, or None where no valid interval exists.

    Values per figure give the standard error of their mean, clustered by paper; other measurements
    have a standard error of their own. A score from 0 to 1 has an interval on the logit scale
    (see :func:`figbench.statistics.bounded.logit_t_bounds`), any other value +- t SE, cut at the
    ends of the output's range; t has as many degrees of freedom as there are papers less one.
    Scores that all equal one end of the range have the exact bound for that number of
    papers without variation.

    Args:
        measurement: Of a metric.
        clusters: Paper of each row of ``measurement.per_figure``.
        level: Nominal coverage, e.g. 0.95.
    """
    output, value = measurement.output, measurement.value
    papers = len(set(clusters))
    error, method = measurement.standard_error, measurement.method or "standard error"
    if error is None:
        if measurement.per_figure is None:
            return None
        values = np.asarray(measurement.per_figure, np.float64)
        entered = np.isfinite(values)
        names = np.asarray(clusters)[entered]
        papers = len(np.unique(names))
        variance = variance_of_mean(values[entered], names.tolist()) if papers > 1 else None
        if variance is None:
            return None
        error = math.sqrt(variance)
        method = "logit t by paper" if _is_share(output) else "t by paper"
        if error <= ROUNDING * max(1.0, abs(value)):
            error = 0.0
    if not math.isfinite(error) or error < 0.0:
        return None
    if error == 0.0:
        return _without_variation(output, value, papers, level) if papers > 1 else None
    if _is_share(output) and papers > 1:
        return _interval(*logit_t_bounds(value, error, papers, level), level, method)
    reach = t_quantile(level, papers - 1) * error
    low = max(value - reach, min(output.low, value))
    high = min(value + reach, max(output.high, value))
    return _interval(low, high, level, method)


def _without_variation(
    output: OutputSpec, value: float, papers: int, level: float
) -> Interval | None:
    """A mean mu on [0, 1] yields n ones with probability <= mu^n: the Clopper-Pearson bound."""
    if not math.isfinite(output.high - output.low) or value not in (output.low, output.high):
        return None
    slack = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / papers)
    reach = slack * (output.high - output.low)
    method = "exact bound over papers, no variation"
    if value == output.high:
        return _interval(value - reach, value, level, method)
    return _interval(value, value + reach, level, method)


def _is_share(output: OutputSpec) -> bool:
    return (output.low, output.high) == (0.0, 1.0)


def _interval(low: float, high: float, level: float, method: str) -> Interval:
    return Interval(low=low, high=high, level=level, method=method)
