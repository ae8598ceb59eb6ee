"""Effect of failures and position bias on each aggregation rule, with a scripted judge.

``python -m figbench.judges.measures.effects`` prints the table of docs/judges.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from figbench.judges.measures import aggregate
from figbench.judges.measures.aggregate import Outcome

PAIRS = 200_000
SEED = 18
FAILURES, BIAS = 0.10, 0.10


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scripted judge of a model whose true win rate is 50%.

    Attributes:
        missing: Share of figures that the model does not deliver.
        judge_failures: Share of calls without a valid answer.
        bias: Probability that the judge names the first figure whatever it sees.
    """

    missing: float = 0.0
    judge_failures: float = 0.0
    bias: float = 0.0


SCENARIOS = {
    "no fault": Scenario(),
    "10% missing figures": Scenario(missing=FAILURES),
    "10% judge failures": Scenario(judge_failures=FAILURES),
    "position bias 10 points": Scenario(bias=BIAS),
}


def simulate(scenario: Scenario) -> dict[str, list[Outcome]]:
    """Returns the outcomes of one set of pairs by order of display.

    ``reference-first``, ``random`` and ``both`` orders; in ``both`` a disagreement is a tie.
    """
    rng = np.random.default_rng(SEED)
    better = rng.random(PAIRS) < 0.5
    missing = rng.random(PAIRS) < scenario.missing
    orders = []
    for first_wins in (False, True):
        biased = rng.random(PAIRS) < scenario.bias
        failed = rng.random(PAIRS) < scenario.judge_failures
        orders.append((np.where(biased, first_wins, better), failed))
    (reference_first, reference_first_failed), (model_first, model_first_failed) = orders
    coin = rng.random(PAIRS) < 0.5
    return {
        "reference-first": _outcomes(reference_first, ~missing & reference_first_failed, missing),
        "random": _outcomes(
            np.where(coin, reference_first, model_first),
            ~missing & np.where(coin, reference_first_failed, model_first_failed),
            missing,
        ),
        "both": _outcomes(
            reference_first,
            ~missing & (reference_first_failed | model_first_failed),
            missing,
            reference_first != model_first,
        ),
    }


def _outcomes(
    wins: np.ndarray, failed: np.ndarray, missing: np.ndarray, tie: np.ndarray | None = None
) -> list[Outcome]:
    names = np.where(wins, "model", "reference")
    if tie is not None:
        names = np.where(tie, "tie", names)
    names = np.where(failed, "judge-failure", names)
    outcomes: list[Outcome] = np.where(missing, "missing", names).tolist()
    return outcomes


def _blind(outcomes: list[Outcome]) -> str:
    document = aggregate.blind_win_rate(outcomes)
    value, low, high = (
        100 * document[name] for name in ("value", "failures_as_losses", "failures_as_wins")
    )
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def _shares(outcomes: list[Outcome]) -> str:
    shares = aggregate.figurebench_pairwise(outcomes)
    return "-" if shares is None else f"{100 * shares['win_rate']:.1f}"


def _number(rule: Callable[[list[Outcome]], float | None]) -> Callable[[list[Outcome]], str]:
    def text(outcomes: list[Outcome]) -> str:
        value = rule(outcomes)
        return "-" if value is None else f"{value:.1f}"

    return text


RULES: dict[str, tuple[str, Callable[[list[Outcome]], str]]] = {
    "pairwise-blind (bounds)": ("both", _blind),
    "PaperBanana": ("reference-first", _number(aggregate.paperbanana)),
    "PaperBanana, independent implementation": (
        "reference-first", _number(aggregate.paperbanana_independent)
    ),
    "FigureBench pairwise": ("random", _shares),
    "CraftBench (each figure alone)": ("alone", _number(aggregate.craftbench)),
}  # fmt: skip


def scores_of_single_figures() -> list[tuple[str, str, str, str]]:
    """Returns rows for the rules that score figures alone: a model with a true score of 60%."""
    rng = np.random.default_rng(SEED)
    right = rng.random(PAIRS) < 0.6
    drop = rng.random(PAIRS) < FAILURES
    answers: list[tuple[str, bool | None]] = [("level", bool(value)) for value in right]
    present = [answer for answer, lost in zip(answers, drop, strict=True) if not lost]
    failed = [
        (level, None if lost else value)
        for (level, value), lost in zip(answers, drop, strict=True)
    ]  # fmt: skip
    aibench = [_overall(aggregate.aibench(given)) for given in (answers, present, failed)]
    error = [{"type": "missing", "severity": "critical"}]
    per_figure = [aggregate.sciforma({"components": (error * 4, 10)}) for _ in range(1)]
    whole = per_figure[0]
    perfect = aggregate.sciforma({"components": (None, 10)})
    lost = float(drop.mean())
    sciforma = [whole, whole, (1 - lost) * whole + lost * perfect]
    scores = [{"clarity": 6.0} for _ in range(10)]
    figurebench = [
        aggregate.figurebench_pointwise(given) or 0.0
        for given in (scores, scores[1:], [*scores[1:], None])
    ]
    lines = [("AIBench (true 60)", aibench), ("SciForma (true 60)", sciforma)]
    lines.append(("FigureBench scores (true 6.0 of 10)", figurebench))
    return [(name, *(f"{value:.1f}" for value in values)) for name, values in lines]  # type: ignore[misc]


def _overall(document: dict[str, float] | None) -> float:
    return document["overall"] if document else float("nan")


def table() -> str:
    """Returns the table as Markdown."""
    simulated = {name: simulate(scenario) for name, scenario in SCENARIOS.items()}
    lines = [
        f"| rule | {' | '.join(SCENARIOS)} |",
        "|---|" + "---|" * len(SCENARIOS),
    ]
    for rule, (order, text) in RULES.items():
        cells = []
        for name, scenario in SCENARIOS.items():
            # A figure that is judged alone has no position.
            source = simulated["no fault"] if order == "alone" and scenario.bias else None
            outcomes = (source or simulated[name])["reference-first" if order == "alone" else order]
            cells.append(text(outcomes))
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    for name, plain, missing, failed in scores_of_single_figures():
        lines.append(f"| {name} | {plain} | {missing} | {failed} | no position |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
