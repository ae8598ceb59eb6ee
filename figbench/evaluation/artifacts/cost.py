"""The cost of a set of figures, summed over what their records state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from figbench.data.types import Figure
from figbench.results.schema import CostTotal

Unit = Literal["seconds", "tokens", "usd"]
UNITS: tuple[Unit, ...] = ("seconds", "tokens", "usd")


def cost_totals(figures: Sequence[Figure]) -> dict[Unit, CostTotal]:
    """Returns total, mean and count by unit; a unit that no figure states is absent.

    >>> figure = Figure("a", 0, "a.png", "", 8, 8, seconds=2.0)
    >>> cost_totals([figure, figure])["seconds"].total
    4.0
    """
    totals: dict[Unit, CostTotal] = {}
    for unit in UNITS:
        values = [value for figure in figures if (value := getattr(figure, unit)) is not None]
        if values:
            total = math.fsum(values)
            totals[unit] = CostTotal(total=total, mean=total / len(values), n=len(values))
    return totals
