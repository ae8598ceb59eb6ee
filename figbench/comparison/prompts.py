"""Two runs prompt by prompt: wins and losses, and the prompts that differ most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.comparison.differences import Difference
from figbench.comparison.runs import Run

MOST_DIFFERENT = 12


def _by_prompt(run: Run, values: npt.NDArray[np.float64]) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for (figure_id, _), value in zip(run.rows, values, strict=True):
        if np.isfinite(value):
            sums.setdefault(figure_id, []).append(float(value))
    return {figure_id: sum(found) / len(found) for figure_id, found in sums.items()}


def wins(name: str, first: Run, second: Run, higher_is_better: bool) -> tuple[int, int, int] | None:
    """Returns (wins, losses, ties) of the second run over prompts."""
    if name not in first.columns or name not in second.columns:
        return None
    ours = _by_prompt(first, first.columns[name])
    theirs = _by_prompt(second, second.columns[name])
    signed = [theirs[one] - ours[one] for one in ours if one in theirs]
    better = sum((value > 0) == higher_is_better for value in signed if value != 0)
    ties = sum(value == 0 for value in signed)
    return better, len(signed) - ties - better, ties


def most_different(
    first: Run, second: Run, differences: Sequence[Difference]
) -> list[dict[str, Any]]:
    """The twelve prompts whose standardised differences, averaged over metrics, are largest."""
    totals: dict[str, list[tuple[float, str, float]]] = {}
    for one in differences:
        if one.metric not in first.columns or one.metric not in second.columns:
            continue
        ours = _by_prompt(first, first.columns[one.metric])
        theirs = _by_prompt(second, second.columns[one.metric])
        values = {key: theirs[key] - ours[key] for key in ours if key in theirs}
        spread = float(np.std(list(values.values()))) if values else 0.0
        if spread > 0:
            for key, value in values.items():
                totals.setdefault(key, []).append((abs(value) / spread, one.metric, value))
    ranked = sorted(totals.items(), key=lambda item: (-sum(part[0] for part in item[1]), item[0]))
    found = []
    for figure_id, parts in ranked[:MOST_DIFFERENT]:
        _, metric, value = max(parts)
        found.append({"figure_id": figure_id, "metric": metric, "difference": value})
    return found
