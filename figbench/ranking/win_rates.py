"""Win rates: overall, head to head, and of the side shown first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from figbench.ranking.counts import Array, PairCounts
from figbench.ranking.intervals import Estimate, rate
from figbench.ranking.votes import Vote


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """Outcomes of one pair; ``wins`` are those of ``first`` and the rate counts ties as half."""

    first: str
    second: str
    wins: int
    losses: int
    ties: int
    win_rate: Estimate

    @property
    def n(self) -> int:
        """Number of votes."""
        return self.wins + self.losses + self.ties

    def document(self) -> dict[str, object]:
        """Returns a JSON-ready mapping."""
        return {
            "first": self.first,
            "second": self.second,
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "win_rate": self.win_rate.document(),
        }


def head_to_head(counts: PairCounts, weights: Array) -> Iterator[HeadToHead]:
    """Yields each compared pair with the interval of its win rate.

    Args:
        counts: Votes by paper.
        weights: How often each paper is drawn, shape (resamples, papers).
    """
    for index, (i, j) in enumerate(zip(counts.first, counts.second, strict=True)):
        by_paper = counts.by_paper[:, index]
        present = by_paper.sum(axis=1) > 0
        wins, losses, ties = by_paper.sum(axis=0)
        share, shares = _share(by_paper, weights)
        yield HeadToHead(
            counts.models[i],
            counts.models[j],
            round(wins),
            round(losses),
            round(ties),
            rate(share, shares, int(present.sum())),
        )


def overall(counts: PairCounts, weights: Array) -> Iterator[tuple[Array, float, Array]]:
    """Yields counts, win rate and resamples of each model, in order.

    Counts are wins, losses and ties, shape (3,); resamples have the shape (resamples,).
    """
    for model in range(len(counts.models)):
        table = np.zeros((len(counts.papers), 3))
        as_first, as_second = counts.first == model, counts.second == model
        table += counts.by_paper[:, as_first].sum(axis=1)
        table += counts.by_paper[:, as_second][:, :, [1, 0, 2]].sum(axis=1)
        share, shares = _share(table, weights)
        yield table.sum(axis=0), share, shares


def _share(by_paper: Array, weights: Array) -> tuple[float, Array]:
    """Returns the win rate and those of the resamples that have a vote."""
    points = by_paper[:, 0] + by_paper[:, 2] / 2
    votes = by_paper.sum(axis=1)
    totals = weights @ votes
    return float(points.sum() / votes.sum()), (weights @ points)[totals > 0] / totals[totals > 0]


def first_share(votes: Sequence[Vote], weights: Array) -> Estimate | None:
    """Returns the share of decided votes that the first side won; None without decided votes."""
    papers: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for name in sorted({vote.paper_id for vote in votes}):
        papers[name] = [0, 0, 0]
    for vote in votes:
        if vote.winner != "tie":
            papers[vote.paper_id][vote.winner != "first"] += 1
    table = np.array(list(papers.values()), dtype=np.float64)
    if table.sum() == 0:
        return None
    share, shares = _share(table, weights)
    return rate(share, shares, int((table.sum(axis=1) > 0).sum()))


def design_effect(counts: PairCounts) -> float:
    """Returns the variance of the win rates by papers over that of independent votes.

    The linearised variance of each pair's win rate is divided by that of votes drawn one by one;
    pairs are averaged with their votes as weights. At least 1; 1 where it cannot be estimated.
    """
    ratios, sizes = [], []
    for index in range(len(counts.first)):
        by_paper = counts.by_paper[:, index]
        votes = by_paper.sum(axis=1)
        papers, n = int((votes > 0).sum()), votes.sum()
        share = (by_paper[:, 0] + by_paper[:, 2] / 2).sum() / n
        squares = by_paper.sum(axis=0) @ np.square(np.array([1.0, 0.0, 0.5]) - share)
        if papers < 2 or squares == 0:
            continue
        residuals = by_paper[:, 0] + by_paper[:, 2] / 2 - votes * share
        clustered = float(np.square(residuals).sum()) * papers / (papers - 1)
        ratios.append(clustered / (float(squares) * n / (n - 1)))
        sizes.append(float(n))
    return max(1.0, float(np.average(ratios, weights=sizes))) if ratios else 1.0
