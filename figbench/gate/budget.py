"""Alpha of many gates against one baseline: each gate spends a share of a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from figbench.errors import UserError
from figbench.gate.rules import Rule


def spend(rules: Sequence[Rule], budget: float | None, previous: int) -> list[Rule]:
    """Returns the rules with their share of an alpha budget over an unbounded sequence of gates.

    The k-th gate gets budget x 6 / (pi k)^2, whose sum over all k is the budget, split evenly
    over the rules with ``p<`` (Bonferroni); no rule tests at more than it was written with.

    Args:
        rules: As written.
        budget: Alpha over all gates, 0 to 1; None for rules as written.
        previous: Number of earlier gates.

    Raises:
        UserError: If the budget is not a probability, or ``previous`` is negative.
    """
    if budget is None:
        return list(rules)
    if not 0 < budget < 1 or previous < 0:
        raise UserError(
            "The alpha budget is between 0 and 1, and earlier gates are 0 or more.",
            remedy="Example: --alpha-budget 0.05 --previous-gates 12",
        )
    tested = sum(rule.alpha is not None for rule in rules)
    share = budget * 6 / (math.pi * (previous + 1)) ** 2 / max(1, tested)
    return [
        rule if rule.alpha is None else replace(rule, alpha=min(rule.alpha, share), budgeted=True)
        for rule in rules
    ]
