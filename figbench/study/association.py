"""Agreement of an instrument with people: pairwise accuracy, Kendall and Spearman."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from figbench.ranking.counts import Array, paper_weights
from figbench.ranking.intervals import Estimate, bounded, percentile, rate
from figbench.study.opinions import Pair, vote_counts


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement with people.

    Attributes:
        name: Instrument.
        kind: ``metric``, ``judge`` or ``people``.
        n_pairs: Pairs with a value.
        n_votes: Decided votes on them.
        accuracy: Share of decided votes that the instrument predicts, its ties half, 0..1.
        kendall: Tau-b of its difference and the preference of people, -1..1.
        spearman: Rank correlation of the same, -1..1.
    """

    name: str
    kind: str
    n_pairs: int
    n_votes: int
    accuracy: Estimate | None
    kendall: Estimate | None
    spearman: Estimate | None

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        estimates = {
            name: estimate.document() if estimate else None
            for name, estimate in (
                ("accuracy", self.accuracy),
                ("kendall", self.kendall),
                ("spearman", self.spearman),
            )
        }
        head = {"name": self.name, "kind": self.kind}
        return {**head, "n_pairs": self.n_pairs, "n_votes": self.n_votes, **estimates}


def predicted(differences: Array, counts: Array) -> Array:
    """Returns predicted votes of each pair, shape (pairs,); a difference of 0 predicts half."""
    halves = counts.sum(axis=1) / 2
    larger_side = np.where(differences > 0, counts[:, 0], counts[:, 1])
    return np.asarray(np.where(differences == 0, halves, larger_side), np.float64)


def agreement(
    name: str, kind: str, differences: Array, pairs: Sequence[Pair], *, resamples: int, seed: int
) -> Agreement:
    """Returns the agreement of an instrument with people.

    Kendall and Spearman use both orientations of each pair, so that they do not depend on which
    model comes first. Intervals are by bootstrap over papers.

    Args:
        name: Of the instrument.
        kind: Of the instrument.
        differences: Shape (pairs,); NaN where there is no value.
        pairs: Opinions of people.
        resamples: Of papers.
        seed: Of the resamples.
    """
    present = [int(k) for k in np.flatnonzero(np.isfinite(differences))]
    selected = [pairs[index] for index in present]
    values = differences[present]
    if not selected:
        return Agreement(name, kind, 0, 0, None, None, None)
    counts = vote_counts(selected)
    human = np.array([pair.preference for pair in selected])
    correct, decided = predicted(values, counts), counts.sum(axis=1)
    papers = [pair.paper_id for pair in selected]
    return _agreement(
        name, kind, (correct, decided), (values, human), papers, len(selected), resamples, seed
    )


def ceiling(pairs: Sequence[Pair], *, resamples: int, seed: int) -> Agreement:
    """Returns how well one person predicts another: the ceiling of any instrument.

    Accuracy is the share of a rater's decided votes that another rater of the same pair shares,
    ties of the other half. Kendall and Spearman compare each vote with the mean of the others.

    Args:
        pairs: Pairs of figures with the votes on them.
        resamples: Bootstrap resamples of papers.
        seed: Of the resamples.
    """
    correct, decided, values, human, papers = [], [], [], [], []
    shared = 0
    for pair in pairs:
        if len(pair.votes) < 2:
            continue
        shared += 1
        for rater, vote in pair.votes:
            others = np.array([value for name, value in pair.votes if name != rater])
            agreed = np.where(others == 0, 0.5, np.sign(others) == np.sign(vote)).mean()
            correct.append(float(agreed) if vote else 0.0)
            decided.append(float(vote != 0))
            values.append(vote)
            human.append(float(others.mean()))
            papers.append(pair.paper_id)
    if not values:
        return Agreement("person", "people", 0, 0, None, None, None)
    return _agreement(
        "person",
        "people",
        (np.array(correct), np.array(decided)),
        (np.array(values), np.array(human)),
        papers,
        shared,
        resamples,
        seed,
    )


def _agreement(
    name: str,
    kind: str,
    votes: tuple[Array, Array],
    ranked: tuple[Array, Array],
    papers: Sequence[str],
    n_pairs: int,
    resamples: int,
    seed: int,
) -> Agreement:
    codes = np.unique(np.asarray(papers), return_inverse=True)[1]
    number = int(codes.max()) + 1
    weights = paper_weights(number, resamples, np.random.default_rng(seed))
    correct, decided = (np.bincount(codes, weights=each) for each in votes)
    accuracy = None
    if decided.sum() > 0:
        totals = weights @ decided
        shares = (weights @ correct)[totals > 0] / totals[totals > 0]
        accuracy = rate(float(correct.sum() / decided.sum()), shares, number)
    kendall, spearman = _correlations(*ranked, codes, weights)
    return Agreement(name, kind, n_pairs, int(votes[1].sum()), accuracy, kendall, spearman)


def _correlations(
    values: Array, human: Array, codes: Any, weights: Array
) -> tuple[Estimate | None, Estimate | None]:
    members = [np.flatnonzero(codes == code) for code in range(weights.shape[1])]
    full = rank_correlations(values, human)
    if not all(np.isfinite(full)):
        return None, None
    resampled = []
    for counts in weights:
        index = np.concatenate(
            [np.tile(members[code], int(counts[code])) for code in np.flatnonzero(counts)]
        )
        resampled.append(rank_correlations(values[index], human[index]))
    replicates = np.array(resampled)
    replicates = replicates[np.isfinite(replicates).all(axis=1)]
    papers = len(members)
    kendall, spearman = (
        bounded(percentile(full[k], replicates[:, k], papers), -1.0, 1.0) for k in (0, 1)
    )
    return kendall, spearman


def rank_correlations(values: Array, human: Array) -> tuple[float, float]:
    """Returns Kendall's tau-b and Spearman's rho over both orientations; NaN when constant."""
    from scipy.stats import kendalltau, spearmanr

    both, people = np.concatenate([values, -values]), np.concatenate([human, -human])
    if np.ptp(both) == 0 or np.ptp(people) == 0:
        return float("nan"), float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tau, rho = kendalltau(both, people).statistic, spearmanr(both, people).statistic
    return float(tau), float(rho)
