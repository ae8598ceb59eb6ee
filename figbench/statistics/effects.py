"""Many tests at once, smallest effects that could be seen, and differences without pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from figbench.statistics.bounded import t_cdf, t_quantile

ALPHA = 0.05
POWER = 0.8
UNSEEN_PAPERS = 1.0
"""Papers with the largest possible difference that may have gone unseen, in either direction.

A failure that occurs in 3 of m papers is absent from m papers with probability 0.05 (the rule of
three). With this weight, t times the added error is 2.8 to 3.6 times the range over m, so that such
a failure, even a total one, is called a difference in about 5% of samples.
"""


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
    width: float | None = None,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float | None:
    """Returns the true difference that a two-sided test finds with at least ``power``.

    (t_{1 - alpha/(2 tests)} + t_{power}) x SE, with as many degrees of freedom as there are papers
    less one. Holm tests the smallest p-value at alpha / tests and the others at more. With a
    ``width`` the test is that of :func:`rare_failure_p_value`, and the difference that it calls
    significant takes the place of the first term.

    Args:
        standard_error: Of the difference; None where it is unknown.
        papers: Independent units behind it; None for many.
        tests: Tests in the same table.
        smallest_p: What the p-value cannot fall below; None for no such floor.
        width: Range of the score, for a test that allows for unseen failures.
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
    threshold = t_quantile(1 - share, degrees)
    significant: float | None = threshold * standard_error
    if width is not None and papers is not None:
        significant = _significant_with_rare_failures(threshold, standard_error, papers, width)
    if significant is None:
        return None
    effect = significant + t_quantile(2 * power - 1, degrees) * standard_error
    return effect if width is None or effect <= width else None


def _significant_with_rare_failures(
    threshold: float, standard_error: float, papers: int, width: float
) -> float | None:
    """The difference d at which d = threshold x the spread of :func:`rare_failure_p_value`."""
    weight = threshold * UNSEEN_PAPERS / papers
    rest = 1.0 - 2.0 * weight**2
    if rest <= 0.0:
        return None
    squared = (threshold * standard_error) ** 2 + 2.0 * (weight * width) ** 2
    return math.sqrt(squared / rest)


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
    few papers shows the small difference alone. A paper with the largest possible difference is
    added in either direction, and a t-test taken of the result.

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

    Args:
        difference: Second value minus first value.
        first: Standard error of the first value.
        second: Standard error of the second value.
    """
    if first is None or second is None:
        return None
    spread = math.hypot(first, second)
    if spread == 0:
        return 1.0 if difference == 0 else None
    return math.erfc(abs(difference) / spread / math.sqrt(2))
