"""Aggregation rules, one function for each published evaluator and one of figbench.

Every function reproduces its source's treatment of missing figures and of judge failures, which
docs/judges.md compares. Sources: PaperBanana (dwzhu-pku, 8364555) and its independent
implementation (llmsresearch, 79b2f3d), AutoFigure (454ee86), AIBench (90eceff), SciForma (28cb997),
CraftBench (bd00ab4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Outcome = Literal["model", "reference", "tie", "both-bad", "missing", "judge-failure"]
"""``missing``: the model delivered no figure. ``judge-failure``: no valid answer."""

MISSING, JUDGE_FAILURE = "missing", "judge-failure"

SEVERITY = {"critical": 1.0, "moderate": 0.5}
LARGEST_INVENTORY = 30
CRAFTBENCH_TIE_BAND = 0.30


def blind_win_rate(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Returns figbench's rule: wins + ties / 2 over the valid pairs, with bounds for the others.

    Returns:
        ``value`` (0 to 1, None without a valid pair), ``failures_as_losses`` and
        ``failures_as_wins`` over all pairs, and the counts.
    """
    valid = [o for o in outcomes if o not in (MISSING, JUDGE_FAILURE)]
    wins = valid.count("model")
    ties = valid.count("tie") + valid.count("both-bad")
    points, failures, n = wins + ties / 2, len(outcomes) - len(valid), len(outcomes)
    return {
        "value": points / len(valid) if valid else None,
        "failures_as_losses": points / n if n else None,
        "failures_as_wins": (points + failures) / n if n else None,
        "pairs": n,
        "wins": wins,
        "ties": ties,
        "losses": valid.count("reference"),
        "missing_figures": outcomes.count("missing"),
        "judge_failures": outcomes.count("judge-failure"),
    }


def two_tier(aspects: Mapping[str, str], tie: str = "tie") -> str:
    """Returns PaperBanana's overall outcome from the four aspects' winners.

    Faithfulness and readability decide when one system wins at least one of them and the other
    none; else conciseness and aesthetics by the same rule; else it is a tie.

    Args:
        aspects: Winner by aspect, or ``tie`` (and ``both-bad``) for neither.
        tie: Word for neither.
    """
    for tier in (("faithfulness", "readability"), ("conciseness", "aesthetics")):
        winners = {aspects[name] for name in tier} - {tie, "both-bad"}
        if len(winners) == 1:
            return winners.pop()
    return tie


def paperbanana(outcomes: Sequence[Outcome]) -> float | None:
    """Returns PaperBanana's score, 0 to 100: 100 / 0 / 50 for model / reference / tie.

    A missing figure is a win of the reference; a judge failure stays in the denominator alone.
    """
    return _points(outcomes, {"model": 100.0, "tie": 50.0, "both-bad": 50.0})


def paperbanana_independent(outcomes: Sequence[Outcome]) -> float | None:
    """Returns the score of the independent implementation, 0 to 100.

    Missing figures are dropped; a judge failure counts 50.
    """
    present = [outcome for outcome in outcomes if outcome != MISSING]
    points = {"model": 100.0, "tie": 50.0, "both-bad": 50.0, JUDGE_FAILURE: 50.0}
    return _points(present, points)


def figurebench_pairwise(outcomes: Sequence[Outcome]) -> dict[str, float] | None:
    """Returns AutoFigure's shares of the valid comparisons; failures of both kinds are dropped."""
    valid = [o for o in outcomes if o not in (MISSING, JUDGE_FAILURE)]
    if not valid:
        return None
    names = {
        "win_rate": "model", "loss_rate": "reference", "both_good": "tie", "both_bad": "both-bad"
    }  # fmt: skip
    return {name: sum(o == value for o in valid) / len(valid) for name, value in names.items()}


def figurebench_pointwise(scores: Sequence[Mapping[str, float] | None]) -> float | None:
    """Returns the mean over figures of the plain mean of the scores; failures (None) are dropped.

    The range is that of the scores, 1 to 10.
    """
    means = [sum(given.values()) / len(given) for given in scores if given]
    return sum(means) / len(means) if means else None


def craftbench_total(
    scores: Mapping[str, float | None], weights: Mapping[str, float]
) -> float | None:
    """Returns the weighted mean of the aspects that have a score; None when none has."""
    given = {name: value for name, value in scores.items() if value is not None}
    weight = sum(weights.get(name, 1.0) for name in given)
    if not weight:
        return None
    return sum(weights.get(name, 1.0) * value for name, value in given.items()) / weight


def by_margin(
    model: float | None, reference: float | None, band: float = CRAFTBENCH_TIE_BAND
) -> Outcome:
    """Returns the outcome of two totals: a margin of at most ``band`` is a tie.

    Args:
        model: Total of the model's figure; None for a judge failure.
        reference: Total of the reference.
        band: Largest margin of a tie.
    """
    if model is None or reference is None:
        return "judge-failure"
    margin = model - reference
    # Totals such as 7.3 and 7.0 differ by 0.3 and a rounding error.
    if abs(margin) <= band + 1e-9:
        return "tie"
    return "model" if margin > 0 else "reference"


def craftbench(outcomes: Sequence[Outcome]) -> float | None:
    """Returns CraftBench's win rate, 0 to 100; both kinds of failure are wins of the reference."""
    return _points(outcomes, {"model": 100.0, "tie": 50.0})


def aibench(answers: Sequence[tuple[str, bool | None]]) -> dict[str, float] | None:
    """Returns AIBench's accuracy by level, 0 to 100, and their plain mean as ``overall``.

    Args:
        answers: (level, correct) of each question; None for a judge failure, which counts as
            wrong. Questions of missing figures are left out by the caller, as in the source.
    """
    levels: dict[str, list[bool]] = {}
    for level, correct in answers:
        levels.setdefault(level, []).append(bool(correct))
    if not levels:
        return None
    scores = {level: 100 * sum(given) / len(given) for level, given in sorted(levels.items())}
    return {**scores, "overall": sum(scores.values()) / len(scores)}


def sciforma_axis(errors: Sequence[Mapping[str, str]], count: int) -> float:
    """Returns SciForma's score of one axis, 0 to 1: 1 - weights / min(max(n, 1), 30).

    Critical errors weigh 1 and moderate ones 0.5; errors of type ``wrong`` weigh 0, as in the
    released code, although its prompt calls them critical.
    """
    weight = sum(SEVERITY[e["severity"]] for e in errors if e["type"] != "wrong")
    return max(0.0, 1.0 - weight / min(max(count, 1), LARGEST_INVENTORY))


def sciforma(axes: Mapping[str, tuple[Sequence[Mapping[str, str]] | None, int]]) -> float:
    """Returns SciForma's score of one figure, 0 to 100: the mean of the axes with an inventory.

    Args:
        axes: (errors, inventory size) by axis; None for a judge failure, which the released code
            treats as an empty list, so that the axis scores 1.
    """
    scores = [sciforma_axis(errors or (), count) for errors, count in axes.values() if count > 0]
    if not scores:
        return 100.0
    return 100 * max(0.01, sum(scores) / len(scores))


def _points(outcomes: Sequence[Outcome], points: Mapping[str, float]) -> float | None:
    if not outcomes:
        return None
    return sum(points.get(outcome, 0.0) for outcome in outcomes) / len(outcomes)
