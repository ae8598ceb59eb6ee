"""The result of a run: the published rule's number, figbench's win rate and the bounds."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

from figbench.judges.measures import aggregate
from figbench.judges.measures.aggregate import Outcome
from figbench.judges.measures.intervals import estimate
from figbench.judges.measures.verdicts import BOTH_BAD, TIE, Comparison, Judged, comparisons
from figbench.judges.plan import Plan
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import GENERATED, REFERENCE

_OUTCOMES: dict[str | None, Outcome] = {
    GENERATED: "model", REFERENCE: "reference", TIE: "tie", BOTH_BAD: "both-bad",
    None: "judge-failure",
}  # fmt: skip


def scores(judged: Sequence[Judged], plan: Plan, protocol: JudgeProtocol) -> dict[str, Any]:
    """Returns ``published`` (the protocol's rule) and, where figures are compared, ``win_rate``.

    ``win_rate`` is over pairs with two valid answers; its bounds count every missing figure and
    every judge failure as a loss, and as a win.

    Args:
        judged: Every trial with its verdict.
        plan: Lists the missing figures.
        protocol: Of the run.
    """
    main = [item for item in judged if item.trial.purpose == "comparison"]
    document: dict[str, Any] = {"published": _published(main, plan, protocol)}
    if protocol.mode in ("pairwise", "pointwise"):
        document["win_rate"] = win_rate(comparisons(main, protocol), plan)
    else:
        values = [i for i in main if i.score is not None]
        document["mean_score"] = {
            **estimate([float(i.score or 0) for i in values], [i.trial.paper_id for i in values]),
            "missing_figures": len(plan.missing),
            "judge_failures": sum(not item.ok for item in main),
        }
    return document


def win_rate(pairs: Sequence[Comparison], plan: Plan) -> dict[str, Any]:
    """Returns figbench's win rate of the generated set with its interval, bounds and counts."""
    outcomes = [_OUTCOMES[pair.winner] for pair in pairs]
    outcomes += ["missing"] * len(plan.missing)
    points = {GENERATED: 1.0, REFERENCE: 0.0, TIE: 0.5}
    valid = [pair for pair in pairs if pair.winner is not None]
    measured = estimate(
        [points[str(pair.winner)] for pair in valid], [pair.paper_id for pair in valid]
    )
    flips = sum(pair.flipped for pair in pairs)
    return {**measured, **aggregate.blind_win_rate(outcomes), "flips": flips}


def _published(main: Sequence[Judged], plan: Plan, protocol: JudgeProtocol) -> Any:
    missing: list[Outcome] = ["missing"] * len(plan.missing)
    if protocol.mode == "pairwise":
        first_order = [item for item in main if item.trial.first == _first_of(item, protocol)]
        if protocol.rule == "blind-win-rate":
            pairs = comparisons(main, protocol)
            outcomes = [_OUTCOMES[pair.winner] for pair in pairs] + missing
            return aggregate.blind_win_rate(outcomes)["value"]
        outcomes = [_OUTCOMES[_winner(item)] for item in first_order] + missing
        if protocol.rule == "paperbanana":
            return aggregate.paperbanana(outcomes)
        return aggregate.figurebench_pairwise(outcomes)
    if protocol.rule == "figurebench-pointwise":
        alone = [item for item in main if item.trial.first == GENERATED]
        return aggregate.figurebench_pointwise(
            [item.verdict.answer["scores"] if item.ok else None for item in alone]
        )
    if protocol.rule == "craftbench":
        outcomes = [_OUTCOMES[pair.winner] for pair in comparisons(main, protocol)] + missing
        return aggregate.craftbench(outcomes)
    if protocol.rule == "aibench":
        return aggregate.aibench(
            [(item.trial.level, bool(item.score) if item.ok else None) for item in main]
        )
    return _sciforma(main)


def _winner(item: Judged) -> str | None:
    return BOTH_BAD if item.position == BOTH_BAD else item.winner


def _first_of(item: Judged, protocol: JudgeProtocol) -> str:
    """Returns the system that the published protocol displays first for a pair."""
    order = protocol.published_order
    if order == "random":
        trial = item.trial
        coin = random.Random(f"{trial.prompt_id}#{trial.sample}").random()  # nosec B311 # timing and sampling, no secret
        return GENERATED if coin < 0.5 else REFERENCE
    return REFERENCE if order == "reference-first" else GENERATED


def _sciforma(main: Sequence[Judged]) -> float | None:
    figures: dict[tuple[str, int, int], list[Judged]] = defaultdict(list)
    for item in main:
        figures[item.trial.prompt_id, item.trial.sample, item.trial.repeat].append(item)
    values = []
    for group in figures.values():
        if any(i.ok and not i.verdict.answer["usable"] and i.score == 0.0 for i in group):
            values.append(0.0)
            continue
        axes = {
            i.trial.aspect: (i.verdict.answer["errors"] if i.ok else None, i.trial.count)
            for i in group
        }
        values.append(aggregate.sciforma(axes))
    return sum(values) / len(values) if values else None


def votes(
    judged: Sequence[Judged], protocol: JudgeProtocol, names: dict[str, str], rater: str
) -> list[dict[str, Any]]:
    """Returns one vote for each comparison with a winner or a tie, for ``figbench rank``.

    Args:
        judged: Every trial.
        protocol: Of the run.
        names: Name of each system.
        rater: Name of the judge.
    """
    lines = []
    for pair in comparisons(judged, protocol):
        if pair.purpose != "comparison" or pair.winner is None:
            continue
        positions = {pair.systems[0]: "first", pair.systems[1]: "second", TIE: "tie"}
        lines.append(
            {
                "prompt_id": pair.prompt_id,
                "paper_id": pair.paper_id,
                "sample": pair.sample,
                "first": names[pair.systems[0]],
                "second": names[pair.systems[1]],
                "winner": positions[pair.winner],
                "rater": rater,
                "flipped": pair.flipped,
            }
        )
    return lines


def verdict_columns(judged: Sequence[Judged]) -> dict[str, list[Any]]:
    """Returns the columns of the verdict table: one row for each trial, raw answers included."""
    columns: dict[str, list[Any]] = defaultdict(list)
    for item in judged:
        trial, reply = item.trial, item.reply
        record = {
            "key": item.key, "purpose": trial.purpose, "prompt_id": trial.prompt_id,
            "paper_id": trial.paper_id, "sample": trial.sample, "repeat": trial.repeat,
            "aspect": trial.aspect, "first": trial.first, "second": trial.second,
            "pictures": json.dumps([image.digest for image in trial.images]),
            "prompt_sha256": trial.prompt.sha256, "correct": trial.correct, "flaw": trial.flaw,
            "strength": trial.strength, "status": item.verdict.status,
            "problem": item.verdict.problem, "position": item.position, "winner": item.winner,
            "aspects": json.dumps(dict(item.aspects)), "score": item.score,
            "answer": json.dumps(item.verdict.answer), "raw": reply.text if reply else None,
            "finish_reason": reply.finish_reason if reply else None,
            "model": reply.model if reply else None,
            "system_fingerprint": reply.system_fingerprint if reply else None,
            "prompt_tokens": reply.prompt_tokens if reply else None,
            "completion_tokens": reply.completion_tokens if reply else None,
            "usd": reply.usd if reply else None,
            "milliseconds": reply.milliseconds if reply else None,
            "attempts": reply.attempts if reply else None,
        }  # fmt: skip
        for name, value in record.items():
            columns[name].append(value)
    return cast("dict[str, list[Any]]", dict(columns))
