"""Metrics and judges against people, with paired differences and the ceiling of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.ranking.counts import paper_weights
from figbench.ranking.intervals import Estimate, bounded, percentile
from figbench.statistics.effects import holm
from figbench.statistics.paired import sign_flip_test
from figbench.study.association import Agreement, agreement, ceiling, predicted
from figbench.study.instruments import Instrument, judge_instrument, metric_instruments
from figbench.study.opinions import Pair, read_opinions, vote_counts

RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class AccuracyDifference:
    """Paired difference of the accuracy of two instruments on the pairs that both have.

    Attributes:
        first: Instrument.
        second: Other instrument.
        difference: Accuracy of first minus that of second, -1..1.
        p_value: Of swapping the two paper by paper; None without a decided vote.
        p_holm: Adjusted for all pairs of instruments.
        n_votes: Decided votes.
    """

    first: str
    second: str
    difference: Estimate
    p_value: float
    p_holm: float
    n_votes: int

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference.document(),
            "p_value": self.p_value,
            "p_holm": self.p_holm,
            "n_votes": self.n_votes,
        }


@dataclass(frozen=True, slots=True)
class Correlation:
    """Outcome of :func:`correlate`.

    Attributes:
        instruments: Highest accuracy first.
        ceiling: One person against another.
        differences: Paired differences between instruments.
        n_pairs: Pairs with an opinion.
        n_papers: Papers.
        tied_votes: Votes of people that are ties and enter no accuracy.
        notes: Remarks.
    """

    instruments: tuple[Agreement, ...]
    ceiling: Agreement
    differences: tuple[AccuracyDifference, ...]
    n_pairs: int
    n_papers: int
    tied_votes: int
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        return {
            "instruments": [entry.document() for entry in self.instruments],
            "ceiling": self.ceiling.document(),
            "differences": [entry.document() for entry in self.differences],
            "n_pairs": self.n_pairs,
            "n_papers": self.n_papers,
            "tied_votes": self.tied_votes,
            "notes": list(self.notes),
        }


def correlate(
    opinions: str | Path,
    runs: Mapping[str, str | Path],
    judges: Mapping[str, str | Path] | None = None,
    *,
    question: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Correlation:
    """Compares every per-figure metric and every judge with people.

    Args:
        opinions: Votes or ratings of people, JSON Lines.
        runs: Run folder by model name; may be empty when judges are given.
        judges: File of votes by name of the judge.
        question: Question of the opinions; needed when there are several.
        resamples: Bootstrap resamples of papers, at least 100.
        seed: Of the resamples.

    Raises:
        UserError: If a file is invalid, a model has no run, or nothing can be compared.
    """
    if resamples < 100:
        raise UserError(f"resamples must be at least 100, got {resamples}.")
    pairs = read_opinions(opinions, question)
    if not pairs:
        raise UserError(f"{opinions}: no prompt has opinions on two models.")
    instruments: list[Instrument] = []
    notes: list[str] = []
    if runs:
        instruments, notes = metric_instruments(runs, pairs)
    instruments += [
        judge_instrument(name, path, pairs) for name, path in sorted((judges or {}).items())
    ]
    if not instruments:
        raise UserError(
            "There is nothing to compare with people.",
            remedy="Add --run MODEL=FOLDER of runs with per-figure metrics, or --judge NAME=VOTES.",
        )
    agreements = [
        agreement(
            item.name,
            item.kind,
            item.differences,
            pairs,
            resamples=resamples,
            seed=seed,
        )
        for item in instruments
    ]
    notes += [
        f"{result.name}: {len(pairs) - result.n_pairs} pairs without a value"
        for result in agreements
        if result.n_pairs < len(pairs)
    ]
    papers = len({pair.paper_id for pair in pairs})
    if papers < 30:
        notes.append(f"only {papers} papers: intervals are rough")
    return Correlation(
        tuple(
            sorted(
                agreements,
                key=lambda result: (
                    -(result.accuracy.value if result.accuracy else -1.0),
                    result.name,
                ),
            )
        ),
        ceiling(pairs, resamples=resamples, seed=seed),
        tuple(_differences(instruments, pairs, resamples, seed)),
        len(pairs),
        papers,
        sum(value == 0 for pair in pairs for _, value in pair.votes),
        tuple(notes),
    )


def _differences(
    instruments: Sequence[Instrument], pairs: Sequence[Pair], resamples: int, seed: int
) -> list[AccuracyDifference]:
    counts = vote_counts(pairs)
    differences = []
    for first, second in combinations(instruments, 2):
        both = np.isfinite(first.differences) & np.isfinite(second.differences)
        index = [int(k) for k in np.flatnonzero(both & (counts.sum(axis=1) > 0))]
        if len(index) == 0:
            continue
        gap = predicted(first.differences[index], counts[index])
        gap = gap - predicted(second.differences[index], counts[index])
        votes = counts[index].sum(axis=1)
        papers = [pairs[k].paper_id for k in index]
        codes = np.unique(np.asarray(papers), return_inverse=True)[1]
        sums, sizes = np.bincount(codes, weights=gap), np.bincount(codes, weights=votes)
        weights = paper_weights(len(sums), resamples, np.random.default_rng(seed))
        value = float(gap.sum() / votes.sum())
        shares = (weights @ sums) / (weights @ sizes)
        estimate = bounded(percentile(value, shares, len(sums)), -1.0, 1.0)
        test = sign_flip_test(gap, papers, np.random.default_rng(seed))
        differences.append((first.name, second.name, estimate, test.p_value, int(votes.sum())))
    adjusted = holm({f"{a}\n{b}": p for a, b, _, p, _ in differences})
    return [
        AccuracyDifference(a, b, estimate, p, adjusted[f"{a}\n{b}"], n)
        for a, b, estimate, p, n in differences
    ]
