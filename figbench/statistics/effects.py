"""Many tests at once, smallest effects that could be seen, and differences without pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from figbench.statistics.bounded import t_cdf, t_quantile

ALPHA = 0.05
POWER = 0.8
UNSEEN_PAPERS = 0.25
"""Papers with the largest possible difference that may have gone unseen, in either direction."""


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Returns p-values adjusted for testing several metrics (Holm, 1979); in 0..1.

    The i-th smallest of m is multiplied by m - i + 1, and none may be below the one before.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, p_value * (len(p_values) - rank)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def minimum_detectable_effect(
    standard_error: float | None,
    *,
    papers: int | None = None,
    tests: int = 1,
    smallest_p: float | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float | None:
    """Returns the true difference that a two-sided test finds with at least ``power``.

    (t_{1 - alpha/(2 tests)} + t_{power}) x SE, with as many degrees of freedom as there are papers
    less one. Holm tests the smallest p-value at alpha / tests and the others at more.

    Args:
        standard_error: Of the difference; None where it is unknown.
        papers: Independent units behind it; None for many.
        tests: Tests in the same table.
        smallest_p: What the p-value cannot fall below; None for no such floor.
        alpha: Of the whole table.
        power: Between 0.5 and 1.

    Returns:
        The difference; None without a standard error, and where no difference, however large,
        could be significant.
    """
    share = alpha / max(1, tests)
    if standard_error is None or (smallest_p is not None and smallest_p >= share):
        return None
    degrees = 0 if papers is None else papers - 1
    return (t_quantile(1 - share, degrees) + t_quantile(2 * power - 1, degrees)) * standard_error


def equal_means_p_value(difference: float, standard_error: float, papers: int) -> float:
    """Returns the two-sided p of a t-test of a difference.

    Args:
        difference: Of two means or statistics.
        standard_error: Of it, positive, papers taken together.
        papers: Independent units, at least 2.
    """
    return 2.0 * t_cdf(-abs(difference) / standard_error, papers - 1)


def rare_failure_p_value(
    difference: float, standard_error: float | None, papers: int, width: float
) -> float | None:
    """Returns the two-sided p of equal means where rare failures may have gone unseen.

    A swap test asks whether the models' outputs can be exchanged. Where one model fails rarely
    and badly and the other is a little worse throughout, the means can be equal while a sample of
    few papers shows the small difference alone. A quarter of a paper with the largest possible
    difference is added in either direction, and a t-test taken of the result.

    Args:
        difference: Mean difference.
        standard_error: Of it, papers taken together.
        papers: Independent units, at least 2.
        width: Range of the score: its largest less its smallest possible value.

    Returns:
        The p-value, 0 to 1; None without a standard error.
    """
    if standard_error is None or papers < 2:
        return None
    weight = UNSEEN_PAPERS / papers
    extra = weight * math.hypot(width - difference, width + difference)
    spread = math.hypot(standard_error, extra)
    if spread == 0.0:
        return 1.0 if difference == 0 else 0.0
    return 2.0 * t_cdf(-abs(difference) / spread, papers - 1)


def unpaired_p_value(difference: float, first: float | None, second: float | None) -> float | None:
    """Returns the two-sided p of a z-test from two independent standard errors.

    None where a standard error is unknown or both are 0 with a difference: no test is sound then.
    """
    if first is None or second is None:
        return None
    spread = math.hypot(first, second)
    if spread == 0:
        return 1.0 if difference == 0 else None
    return math.erfc(abs(difference) / spread / math.sqrt(2))
