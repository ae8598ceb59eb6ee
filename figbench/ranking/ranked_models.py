"""Ranking of models from votes: win rates, strengths, rank ranges and power."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.ranking.aggregation import aggregate
from figbench.ranking.connection import require_connected
from figbench.ranking.counts import PairCounts, count, paper_weights
from figbench.ranking.fit import Strengths, fit_strengths
from figbench.ranking.intervals import Estimate, percentile, rate
from figbench.ranking.power import detectable_win_rate, pairs_needed
from figbench.ranking.tie_groups import (
    PairTest,
    RankRange,
    pair_tests,
    rank_ranges,
)
from figbench.ranking.votes import Vote, as_votes
from figbench.ranking.win_rates import HeadToHead, design_effect, first_share, head_to_head
from figbench.ranking.win_rates import overall as overall_rates

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class RankedModel:
    """One model's line of the table.

    Attributes:
        model: Name.
        ranks: Ranks that the tests leave open.
        win_rate: Share of its votes won, ties half, 0..1.
        strength: Log strength; the mean over the models is 0.
        wins: Number of votes.
        losses: Number of votes.
        ties: Number of votes.
    """

    model: str
    ranks: RankRange
    win_rate: Estimate
    strength: Estimate
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Models in the order of their strength.

    Attributes:
        models: Best first.
        pairs: Wins, losses, ties and win rate of each compared pair.
        tests: Test of each pair of models.
        n_votes: Votes that were ranked.
        n_papers: Papers, the units of resampling.
        n_raters: Raters.
        aggregation: Rule that made the ranked votes.
        tie: Davidson's tie parameter; 0 without ties.
        first_share: Share of the decided votes won by the first side; None without decided votes.
        design_effect: Variance of a win rate by papers over that of independent votes.
        regularised: Whether virtual votes were added.
        library: Package of the point estimate.
        notes: Remarks that belong next to the table.
    """

    models: tuple[RankedModel, ...]
    pairs: tuple[HeadToHead, ...]
    tests: tuple[PairTest, ...]
    n_votes: int
    n_papers: int
    n_raters: int
    aggregation: str
    tie: float
    first_share: Estimate | None
    design_effect: float
    regularised: bool
    library: str
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, model: str) -> RankedModel:
        """Returns the line of a model.

        Raises:
            KeyError: If it has no votes.
        """
        for line in self.models:
            if line.model == model:
                return line
        raise KeyError(model)

    def document(self) -> dict[str, Any]:
        """Returns a JSON-ready mapping."""
        return {
            "models": [_line_document(line) for line in self.models],
            "pairs": [pair.document() for pair in self.pairs],
            "tests": [
                {
                    "first": test.first,
                    "second": test.second,
                    "difference": test.difference,
                    "p_value": test.p_value,
                    "p_holm": test.p_holm,
                }
                for test in self.tests
            ],
            "n_votes": self.n_votes,
            "n_papers": self.n_papers,
            "n_raters": self.n_raters,
            "aggregation": self.aggregation,
            "tie_parameter": self.tie,
            "first_share": self.first_share.document() if self.first_share else None,
            "design_effect": self.design_effect,
            "regularised": self.regularised,
            "library": self.library,
            "power": {
                "detectable_win_rate": self.detectable_win_rate,
                "pairs_needed": {
                    f"{target:g}": pairs_needed(target, design_effect=self.design_effect)
                    for target in (0.52, 0.55, 0.6)
                },
            },
            "notes": list(self.notes),
        }

    @property
    def detectable_win_rate(self) -> float | None:
        """Smallest true win rate that the rarest pair's votes show with 80% power."""
        fewest = min(pair.n for pair in self.pairs)
        return detectable_win_rate(fewest, design_effect=self.design_effect)


def _line_document(line: RankedModel) -> dict[str, Any]:
    return {
        "model": line.model,
        "rank": {"best": line.ranks.best, "worst": line.ranks.worst},
        "win_rate": line.win_rate.document(),
        "strength": line.strength.document(),
        "wins": line.wins,
        "losses": line.losses,
        "ties": line.ties,
    }


def rank(
    votes: str | Path | Iterable[Vote | Mapping[str, Any]] | Any,
    *,
    aggregation: str = "each",
    question: str | None = None,
    models: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Ranking:
    """Ranks models from pairwise votes.

    Args:
        votes: JSON Lines file, :class:`Vote` objects, mappings with the fields ``prompt_id``,
            ``paper_id``, ``first``, ``second``, ``winner`` and ``rater``, or a DataFrame.
        aggregation: ``each``, ``majority``, ``both-orders`` or ``paperbanana``.
        question: Rank the votes on this question only.
        models: Rank these models only.
        resamples: Bootstrap resamples of papers, at least 100.
        seed: Of the resamples.

    Returns:
        Win rates, Bradley-Terry strengths with ties (Davidson) and rank ranges, with 95% intervals
        by bootstrap over papers.

    Raises:
        UserError: If a vote is invalid, a selection matches nothing, or the votes do not connect
            the models.

    Example:
        >>> vote = {"first": "a", "second": "b", "rater": "r"}
        >>> outcomes = ["first"] * 6 + ["second"] * 2
        >>> votes = [
        ...     {**vote, "prompt_id": str(i), "paper_id": str(i), "winner": winner}
        ...     for i, winner in enumerate(outcomes)
        ... ]
        >>> rank(votes)["a"].win_rate.value
        0.75
    """
    if resamples < 100:
        raise UserError(f"resamples must be at least 100, got {resamples}.")
    raw = _select(as_votes(votes), question, models)
    ranked, notes = aggregate(raw, aggregation)
    counts = count(ranked)
    require_connected(counts)
    papers = len(counts.papers)
    weights = paper_weights(papers, resamples, np.random.default_rng(seed))
    strengths = fit_strengths(counts, weights)
    tests = pair_tests(counts.models, strengths, papers)
    return Ranking(
        models=_lines(counts, strengths, weights, rank_ranges(counts.models, tests)),
        pairs=tuple(head_to_head(counts, weights)),
        tests=tuple(tests),
        n_votes=len(ranked),
        n_papers=papers,
        n_raters=len({vote.rater for vote in raw}),
        aggregation=aggregation,
        tie=strengths.tie,
        first_share=first_share(ranked, weights),
        design_effect=design_effect(counts),
        regularised=strengths.regularised,
        library=strengths.library,
        notes=(*notes, *_notes(strengths, papers, resamples)),
    )


def _select(votes: list[Vote], question: str | None, models: Sequence[str] | None) -> list[Vote]:
    if question is not None:
        questions = sorted({vote.question for vote in votes})
        votes = [vote for vote in votes if vote.question == question]
        if not votes:
            raise UserError(
                f"No vote answers the question '{question}'.",
                remedy=f"Questions in the votes: {', '.join(q or '(none)' for q in questions)}.",
            )
    if models is not None:
        names = {name for vote in votes for name in vote.pair}
        unknown = sorted(set(models) - names)
        if unknown:
            raise UserError(
                f"No vote on {', '.join(unknown)}.", remedy=f"Models: {', '.join(sorted(names))}."
            )
        votes = [vote for vote in votes if {*vote.pair} <= {*models}]
        if not votes:
            raise UserError(f"No vote compares two of {', '.join(models)}.")
    return votes


def _lines(
    counts: PairCounts,
    strengths: Strengths,
    weights: Any,
    ranks: Mapping[str, RankRange],
) -> tuple[RankedModel, ...]:
    papers = len(counts.papers)
    lines = []
    for index, (model, (totals, share, shares)) in enumerate(
        zip(counts.models, overall_rates(counts, weights), strict=True)
    ):
        wins, losses, ties = (round(total) for total in totals)
        lines.append(
            RankedModel(
                model,
                ranks[model],
                rate(share, shares, papers),
                _strength(strengths, index, papers),
                wins,
                losses,
                ties,
            )
        )
    return tuple(sorted(lines, key=lambda line: (-line.strength.value, line.model)))


def _strength(strengths: Strengths, index: int, papers: int) -> Estimate:
    value = float(strengths.estimate[index])
    if not strengths.regularised:
        return percentile(value, strengths.replicates[:, index], papers)
    if papers < 2:
        return Estimate(value, None, None, "none: one paper")
    from scipy.stats import t

    models = len(strengths.estimate)
    contrast = np.full(models, -1 / models)
    contrast[index] += 1
    model_based = float(contrast @ strengths.covariance @ contrast)
    error = max(model_based, float(strengths.replicates[:, index].var(ddof=1))) ** 0.5
    half = float(t.ppf(0.975, papers - 1)) * error
    return Estimate(value, value - half, value + half, "Wald, regularised fit")


def _notes(strengths: Strengths, papers: int, resamples: int) -> list[str]:
    notes = []
    if papers == 1:
        notes.append("all votes are on one paper: no interval and no test is possible")
    elif papers < 10:
        notes.append(f"only {papers} papers: intervals are rough")
    if strengths.separation.present:
        order = " > ".join(f"({', '.join(group)})" for group in strengths.separation.groups)
        notes.append(f"between {order} one side won every vote, so its lead has no upper limit")
    if strengths.regularised:
        notes.append(
            "the fit is regularised: each model gets half a win and half a loss against a virtual "
            "opponent of average strength"
        )
    elif strengths.regularised_replicates:
        notes.append(
            f"{strengths.regularised_replicates} of {resamples} resamples had no finite estimate "
            "and were regularised by half a win and half a loss for each model"
        )
    return notes
