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
    for (figure_id, _), value in zip(run.keys, values, strict=True):
        if np.isfinite(value):
            sums.setdefault(figure_id, []).append(float(value))
    return {figure_id: sum(scores) / len(scores) for figure_id, scores in sums.items()}


def wins(name: str, first: Run, second: Run, higher_is_better: bool) -> tuple[int, int, int] | None:
    """Returns (wins, losses, ties) of the second run over prompts.

    Args:
        name: Output id.
        first: The baseline.
        second: The candidate.
        higher_is_better: Direction of the output.
    """
    if name not in first.columns or name not in second.columns:
        return None
    before = _by_prompt(first, first.columns[name])
    after = _by_prompt(second, second.columns[name])
    signed = [after[key] - before[key] for key in before if key in after]
    better = sum((value > 0) == higher_is_better for value in signed if value != 0)
    ties = sum(value == 0 for value in signed)
    return better, len(signed) - ties - better, ties


def most_different(
    first: Run, second: Run, differences: Sequence[Difference]
) -> list[dict[str, Any]]:
    """Returns the twelve prompts whose standardised differences, over all metrics, are largest.

    Args:
        first: The baseline.
        second: The candidate.
        differences: Of the tested outputs.
    """
    totals: dict[str, list[tuple[float, str, float]]] = {}
    for difference in differences:
        if difference.metric not in first.columns or difference.metric not in second.columns:
            continue
        before = _by_prompt(first, first.columns[difference.metric])
        after = _by_prompt(second, second.columns[difference.metric])
        values = {key: after[key] - before[key] for key in before if key in after}
        spread = float(np.std(list(values.values()))) if values else 0.0
        if spread > 0:
            for key, value in values.items():
                totals.setdefault(key, []).append((abs(value) / spread, difference.metric, value))
    ranked = sorted(
        totals.items(),
        key=lambda item: (-sum(share[0] for share in item[1]), item[0]),
    )
    listed = []
    for figure_id, shares in ranked[:MOST_DIFFERENT]:
        _, metric, value = max(shares)
        listed.append({"figure_id": figure_id, "metric": metric, "difference": value})
    return listed
