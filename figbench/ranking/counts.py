"""Votes as counts: wins and ties of each pair of models in each paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.ranking.votes import Vote

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Outcomes by paper.

    Attributes:
        models: Names in alphabetical order.
        first: Index of the alphabetically first model of each compared pair, shape (pairs,).
        second: Index of the other one, shape (pairs,).
        papers: Names of the clusters.
        by_paper: Wins of first, wins of second, ties; shape (papers, pairs, 3).
    """

    models: tuple[str, ...]
    first: Indices
    second: Indices
    papers: tuple[str, ...]
    by_paper: Array

    @property
    def total(self) -> Array:
        """Counts over all papers, shape (pairs, 3)."""
        return np.asarray(self.by_paper.sum(axis=0), np.float64)

    def resampled(self, weights: Array) -> Array:
        """Returns counts under paper weights (replicates, papers), shape (replicates, pairs, 3)."""
        flat = self.by_paper.reshape(len(self.papers), -1)
        return (weights @ flat).reshape(len(weights), len(self.first), 3)


def count(votes: Sequence[Vote]) -> PairCounts:
    """Returns the counts of votes; only pairs that were compared have an entry."""
    models = tuple(sorted({name for vote in votes for name in vote.pair}))
    pairs = sorted({vote.pair for vote in votes})
    papers = tuple(sorted({vote.paper_id for vote in votes}))
    model_of = {name: index for index, name in enumerate(models)}
    pair_of = {pair: index for index, pair in enumerate(pairs)}
    paper_of = {paper: index for index, paper in enumerate(papers)}
    by_paper = np.zeros((len(papers), len(pairs), 3))
    for vote in votes:
        column = {1: 0, -1: 1, 0: 2}[vote.outcome]
        by_paper[paper_of[vote.paper_id], pair_of[vote.pair], column] += 1
    return PairCounts(
        models,
        np.array([model_of[a] for a, _ in pairs], dtype=np.intp),
        np.array([model_of[b] for _, b in pairs], dtype=np.intp),
        papers,
        by_paper,
    )


def paper_weights(papers: int, resamples: int, rng: np.random.Generator) -> Array:
    """Returns how often each paper is drawn in each resample, shape (resamples, papers).

    Args:
        papers: Number of papers.
        resamples: Number of resamples.
        rng: Generator of the draws.
    """
    draws = rng.multinomial(papers, np.full(papers, 1 / papers), size=resamples)
    return draws.astype(np.float64)
