"""Several samples of one prompt: their number and the best score of each prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def samples_per_prompt(figure_ids: Sequence[str]) -> int:
    """Returns the largest number of rows that share a figure id."""
    return int(np.unique(np.asarray(figure_ids), return_counts=True)[1].max(initial=0))


def best_of_samples(values: Array, figure_ids: Sequence[str], *, higher_is_better: bool) -> Array:
    """Returns the best value of each figure on its first row, NaN on its other rows.

    Args:
        values: One value per row, shape (n,); NaN for figures that do not enter.
        figure_ids: Per row.
        higher_is_better: Direction.

    Returns:
        Shape (n,); NaN also for a figure without any value.
    """
    _, first, codes = np.unique(np.asarray(figure_ids), return_index=True, return_inverse=True)
    worst = -np.inf if higher_is_better else np.inf
    best = np.full(len(first), worst)
    choose = np.maximum if higher_is_better else np.minimum
    choose.at(best, codes, np.where(np.isnan(values), worst, values))
    result = np.full(len(values), np.nan)
    result[first] = np.where(np.isfinite(best), best, np.nan)
    return result
