"""Means of judge verdicts with intervals clustered by paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from figbench.statistics.influence import variance_of_mean

METHOD = "Wilson score with the effective sample size of papers"


def estimate(
    values: Sequence[float],
    clusters: Sequence[str],
    *,
    low: float = 0.0,
    high: float = 1.0,
    level: float = 0.95,
) -> dict[str, Any]:
    """Returns a mean of bounded values with its interval.

    Values are mapped to 0..1. The effective sample size is p (1 - p) / v with v the variance of the
    mean from sums over papers; Wilson's score interval is taken at that size with the quantile of
    Student's t at papers - 1 degrees of freedom (Korn and Graubard 1998 for the idea). Without
    variation the number of papers is the sample size.

    Args:
        values: Between ``low`` and ``high``.
        clusters: Paper of each value.
        low: Smallest possible value.
        high: Largest possible value.
        level: Nominal coverage.

    Returns:
        ``value``, ``interval`` (``low``, ``high``, ``level``, ``method``; None with fewer than
        two papers), ``n`` and ``papers``. ``value`` is None without values.
    """
    papers = len(set(clusters))
    document: dict[str, Any] = {
        "value": None, "interval": None, "n": len(values), "papers": papers
    }  # fmt: skip
    if not values:
        return document
    unit = (np.asarray(values, np.float64) - low) / (high - low)
    mean = float(unit.mean())
    document["value"] = low + mean * (high - low)
    if papers < 2:
        return document
    variance = variance_of_mean(unit, list(clusters)) or 0.0
    varies = variance > 1e-15 and 0.0 < mean < 1.0
    size = mean * (1 - mean) / variance if varies else float(papers)
    bounds = _wilson(mean, size, _student(papers - 1, level))
    document["interval"] = {
        "low": low + bounds[0] * (high - low),
        "high": low + bounds[1] * (high - low),
        "level": level,
        "method": METHOD,
    }
    return document


def _wilson(mean: float, size: float, quantile: float) -> tuple[float, float]:
    square = quantile**2
    centre = (mean + square / (2 * size)) / (1 + square / size)
    reach = quantile * math.sqrt(mean * (1 - mean) / size + square / (4 * size**2))
    reach /= 1 + square / size
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _student(degrees: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))
