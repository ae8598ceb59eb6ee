"""Strata of the reference of a board: thirds by aspect, number of labels and caption length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from figbench.data.types import Figure, TextLine

Array = npt.NDArray[np.float64]

PREFIX = "stratum."
NAMES = {"aspect": "width/height", "labels": "labels", "caption": "caption words"}
THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Figures whose property lies in one part of its range."""

    label: str
    figure_ids: frozenset[str]


def properties(figures: Sequence[Figure], lines: Sequence[Sequence[TextLine]]) -> dict[str, Array]:
    """Returns the properties of reference figures by name, shape (figures,), NaN where unknown.

    Args:
        figures: Of the reference.
        lines: Text read from each of them.
    """
    return {
        f"{PREFIX}aspect": np.array([item.width / item.height for item in figures], np.float64),
        f"{PREFIX}labels": np.array([len(texts) for texts in lines], np.float64),
        f"{PREFIX}caption": np.array(
            [len(item.prompt.split()) if item.prompt else np.nan for item in figures],
            np.float64,
        ),
    }


def strata_of(figure_ids: Sequence[str], values: Mapping[str, Array]) -> list[Stratum]:
    """Returns the thirds of each property; a constant property gives none.

    Args:
        figure_ids: Of the reference.
        values: Of :func:`properties`, for these figures.

    Thirds are cut at values of figures: equal figures stay together, and ties can make thirds
    uneven.
    """
    ids = np.array(figure_ids)
    strata = []
    for key, title in NAMES.items():
        column = values.get(PREFIX + key)
        finite = column[np.isfinite(column)] if column is not None else np.zeros(0)
        if column is None or len(set(finite)) < 2:
            continue
        cuts = sorted(set(np.quantile(finite, THIRDS, method="lower")) - {finite.max()})
        edges = [-np.inf, *cuts, np.inf]
        for low, high in pairwise(edges):
            inside = (column > low) & (column <= high)
            below = "" if low == -np.inf else f"{low:.3g} < "
            above = "" if high == np.inf else f" ≤ {high:.3g}"
            label = below + title + above
            strata.append(Stratum(label, frozenset(map(str, ids[inside]))))
    return strata


def stratum_means(figure_ids: Sequence[str], values: Array, strata: Sequence[Stratum]) -> Array:
    """Returns the mean of a metric in every stratum, shape (strata,), NaN where it has no value.

    Args:
        figure_ids: Of the generated figures, in the order of ``values``.
        values: Of the metric, NaN where a figure has none.
        strata: Of the reference.
    """
    means = np.full(len(strata), np.nan)
    for index, stratum in enumerate(strata):
        inside = np.array([name in stratum.figure_ids for name in figure_ids], np.bool_)
        scored = values[inside & np.isfinite(values)]
        if len(scored):
            means[index] = scored.mean()
    return means
