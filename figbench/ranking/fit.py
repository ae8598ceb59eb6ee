"""Strengths of models: the fit of the votes, and of resamples of papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.io.optional import require
from figbench.ranking.connection import Separation, needs_regularisation, separation
from figbench.ranking.counts import Array, PairCounts
from figbench.ranking.davidson import fit_davidson

CHUNK = 250
"""Resamples that are fitted at once."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """Fitted strengths.

    Attributes:
        estimate: Log strengths with mean 0, shape (models,).
        replicates: Those of resamples of papers, shape (resamples, models).
        covariance: Inverse information under independent votes, shape (models, models).
        tie: Davidson's nu; 0 without ties.
        separation: Groups without a finite estimate.
        regularised: Whether virtual votes were added to the fit of all votes.
        regularised_replicates: Number of resamples with virtual votes.
        library: Package of the point estimate.
    """

    estimate: Array
    replicates: Array
    covariance: Array
    tie: float
    separation: Separation
    regularised: bool
    regularised_replicates: int
    library: str


def fit_strengths(counts: PairCounts, weights: Array) -> Strengths:
    """Fits all votes and each resample.

    Votes without ties are fitted by the package evalica, unless the estimate is infinite; ties,
    resamples and regularised fits use :func:`fit_davidson`.

    Args:
        counts: Connected comparisons.
        weights: How often each paper is drawn, shape (resamples, papers).
    """
    table = counts.total[None]
    regularised = needs_regularisation(counts, table)
    fitted = fit_davidson(counts, table, regularised)
    estimate, library = fitted.strengths[0], "figbench"
    if not regularised[0] and table[0, :, 2].sum() == 0:
        estimate, library = fit_without_ties(counts), "evalica"
    replicates, flags = [], []
    for start in range(0, len(weights), CHUNK):
        tables = counts.resampled(weights[start : start + CHUNK])
        flags.append(_flags(counts, tables, regularised[0]))
        replicates.append(fit_davidson(counts, tables, flags[-1]).strengths)
    return Strengths(
        estimate,
        np.concatenate(replicates),
        fitted.covariance,
        float(fitted.tie[0]),
        separation(counts, table[0]),
        bool(regularised[0]),
        int(sum(flag.sum() for flag in flags)),
        library,
    )


def _flags(counts: PairCounts, tables: Array, all_votes: np.bool_) -> npt.NDArray[np.bool_]:
    """A resample without a finite estimate is regularised; all are when the votes are."""
    if all_votes:
        return np.ones(len(tables), dtype=np.bool_)
    return needs_regularisation(counts, tables)


def fit_without_ties(counts: PairCounts) -> Array:
    """Returns the maximum likelihood log strengths of evalica, mean 0, shape (models,)."""
    evalica: Any = require("evalica", purpose="The Bradley-Terry fit")

    table = counts.total
    won = [(a, b, n) for a, b, n in zip(counts.first, counts.second, table[:, 0], strict=True)]
    lost = [(b, a, n) for a, b, n in zip(counts.first, counts.second, table[:, 1], strict=True)]
    votes = [(int(a), int(b), float(n)) for a, b, n in (*won, *lost) if n]
    winners, losers, weights = zip(*votes, strict=True)
    result = evalica.bradley_terry(
        winners,
        losers,
        [evalica.Winner.X] * len(votes),
        weights=list(weights),
        tolerance=1e-12,
        limit=100_000,
    )
    scores = np.array([result.scores[index] for index in range(len(counts.models))])
    strengths = np.log(scores)
    return np.asarray(strengths - strengths.mean(), np.float64)
