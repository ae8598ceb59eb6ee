"""Power of a win rate: the number of pairs that shows it, and the rate that a number shows."""

from __future__ import annotations

import math
from statistics import NormalDist

from figbench.errors import UserError

ALPHA = 0.05
POWER = 0.8


def pairs_needed(
    win_rate: float, *, alpha: float = ALPHA, power: float = POWER, design_effect: float = 1.0
) -> int:
    """Returns the independent pairs at which a two-sided test of 0.5 finds a true win rate.

    n = ((z_{1-alpha/2} / 2 + z_power sqrt(p (1 - p))) / (p - 1/2))^2, times the design effect.
    Ties lower the variance, so for votes with ties the number is an upper bound.

    Args:
        win_rate: True win rate p, above 0 and below 1, not 0.5.
        alpha: Level of the test.
        power: Probability of a significant result.
        design_effect: Variance with clusters over variance of independent votes, above 0.

    Raises:
        UserError: If an argument is out of its range.

    Source:
        Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, chapter 2.
    """
    if not 0 < win_rate < 1 or win_rate == 0.5:
        raise UserError(f"win_rate must be inside (0, 1) and not 0.5, got {win_rate}.")
    if not 0 < alpha < 1 or not 0 < power < 1 or design_effect <= 0:
        raise UserError("alpha and power must be inside (0, 1), design_effect above 0.")
    normal = NormalDist()
    spread = normal.inv_cdf(1 - alpha / 2) / 2
    spread += normal.inv_cdf(power) * math.sqrt(win_rate * (1 - win_rate))
    return math.ceil((spread / (win_rate - 0.5)) ** 2 * design_effect)


def detectable_win_rate(
    n: int, *, alpha: float = ALPHA, power: float = POWER, design_effect: float = 1.0
) -> float | None:
    """Returns the smallest win rate above 0.5 that ``n`` pairs show; None when there is none.

    Args:
        n: Number of pairs, at least 1.
        alpha: Level of the test.
        power: Probability of a significant result.
        design_effect: See :func:`pairs_needed`.
    """
    low, high = 0.5 + 1e-9, 1 - 1e-9
    arguments = {"alpha": alpha, "power": power, "design_effect": design_effect}
    if pairs_needed(high, **arguments) > n:
        return None
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if pairs_needed(middle, **arguments) > n else (low, middle)
    return high
