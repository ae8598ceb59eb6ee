"""Many tests at once, smallest effects that could be seen, and differences without pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist

ALPHA = 0.05
POWER = 0.8


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
    standard_error: float | None, *, alpha: float = ALPHA, power: float = POWER
) -> float | None:
    """Returns the true difference that a two-sided test at ``alpha`` finds with ``power``.

    (z_{1 - alpha/2} + z_{power}) x SE; None without a standard error.
    """
    if standard_error is None:
        return None
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * standard_error


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
