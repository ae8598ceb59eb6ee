"""The instrument card: a judge's measured biases, failures, agreement, controls and cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from figbench.judges.measures.intervals import estimate
from figbench.judges.measures.verdicts import TIE, Comparison, Judged, comparisons
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import BLANK, INTACT, OTHER, REFERENCE

PARSE_FAILURES = ("malformed", "truncated", "oversized")
SIGN = {"first": 1.0, "second": -1.0, TIE: 0.0, "both-bad": 0.0}


def instrument_card(judged: Sequence[Judged], protocol: JudgeProtocol) -> dict[str, Any]:
    """Returns the card of a run as a JSON-ready object.

    ``position_bias`` is P(first wins) - P(second wins) over pairs with two valid orders: -1 to 1, 0
    without bias, and equal to b for a judge that answers "first" with probability b whatever it
    sees. Every estimate has ``value``, ``interval``, ``n`` and ``papers``; ``value`` is None, with
    a ``reason``, where the run does not measure it.

    Args:
        judged: Every trial of the run.
        protocol: Of the run.
    """
    pairs = comparisons(judged, protocol)
    main = [pair for pair in pairs if pair.purpose == "comparison"]
    answered = [item for item in judged if item.reply is not None]
    card: dict[str, Any] = {
        **_order_effects(main, judged, protocol),
        "self_agreement": _self_agreement(judged),
        "parse_failure_rate": _rate(answered, lambda item: item.verdict.status in PARSE_FAILURES),
        "refusal_rate": _rate(answered, lambda item: item.verdict.status == "refusal"),
        "transport_failures": sum(item.verdict.status == "failed" for item in judged),
        "not_run": sum(item.verdict.status == "not-run" for item in judged),
        "failures": dict(sorted(Counter(i.verdict.status for i in judged if not i.ok).items())),
        "controls": _controls(judged, pairs, protocol),
        "known_order": anchor_accuracy(pairs),
    }
    return {**card, **costs(judged)}


def _order_effects(
    main: Sequence[Comparison], judged: Sequence[Judged], protocol: JudgeProtocol
) -> dict[str, Any]:
    names = ("position_bias", "flip_rate", "inconsistency_rate", "position_bias_same_picture")
    if protocol.mode != "pairwise":
        reason = f"mode {protocol.mode} compares no two positions"
        return {name: _missing(reason) for name in names}
    both = [pair for pair in main if None not in pair.orders]
    papers = [pair.paper_id for pair in both]
    bias = []
    for pair in both:
        # systems[0] is displayed first in the first order and second in the other.
        values = {pair.systems[0]: 1.0, pair.systems[1]: -1.0}
        first, second = (values.get(str(order), 0.0) for order in pair.orders)
        bias.append((first - second) / 2)
    same = [i for i in judged if i.trial.purpose == "same-picture" and i.position is not None]
    return {
        "position_bias": estimate(bias, papers, low=-1.0),
        "flip_rate": estimate([float(pair.flipped) for pair in both], papers),
        "inconsistency_rate": estimate(
            [float(pair.orders[0] != pair.orders[1]) for pair in both], papers
        ),
        "position_bias_same_picture": estimate(
            [SIGN[str(i.position)] for i in same], [i.trial.paper_id for i in same], low=-1.0
        ),
    }


def _self_agreement(judged: Sequence[Judged]) -> dict[str, Any]:
    """Share of pairs of repeats that give the same verdict (same position, or equal score)."""
    groups: dict[tuple[Any, ...], list[Judged]] = defaultdict(list)
    for item in judged:
        trial = item.trial
        if trial.purpose in ("comparison", "repeat") and item.ok:
            groups[trial.prompt_id, trial.sample, trial.aspect, trial.first].append(item)
    values, papers = [], []
    for group in groups.values():
        pairs = [(a, b) for a, b in combinations(group, 2) if a.trial.repeat != b.trial.repeat]
        if pairs:
            agree = [a.position == b.position and a.score == b.score for a, b in pairs]
            values.append(sum(agree) / len(agree))
            papers.append(group[0].trial.paper_id)
    if not values:
        return _missing("no call was repeated with success: use --repeats 2 or --controls")
    return estimate(values, papers)


def _rate(items: Sequence[Judged], event: Callable[[Judged], bool]) -> dict[str, Any]:
    # A key that serves several trials is one answer.
    unique = {item.key: item for item in items}.values()
    return estimate(
        [float(event(item)) for item in unique], [item.trial.paper_id for item in unique]
    )


def _controls(
    judged: Sequence[Judged], pairs: Sequence[Comparison], protocol: JudgeProtocol
) -> dict[str, Any]:
    """Three controls: small values are good for every one of them in comparisons."""
    text = [item for item in judged if item.trial.purpose == "text-only" and item.ok]
    papers = [item.trial.paper_id for item in text]
    if protocol.mode in ("pairwise", "pointwise"):
        blank = _wrong_wins(pairs, "blank-page", BLANK)
        other = _wrong_wins(pairs, "other-paper", OTHER)
    else:
        blank, other = _mean_score(judged, "blank-page"), _mean_score(judged, "other-paper")
    if protocol.mode == "pairwise":
        decides = estimate([float(item.position in ("first", "second")) for item in text], papers)
    else:
        decides = _mean_score(judged, "text-only", protocol.scale)
    return {
        "blank_page": {"meaning": _meaning(protocol, "a blank page"), **blank},
        "other_paper": {"meaning": _meaning(protocol, "another paper's figure"), **other},
        "text_only": {
            "meaning": "share of calls that name a winner without seeing a picture"
            if protocol.mode == "pairwise"
            else "mean score without a picture",
            **decides,
        },
    }


def _meaning(protocol: JudgeProtocol, wrong: str) -> str:
    if protocol.mode in ("pairwise", "pointwise"):
        return f"share of pairs in which {wrong} wins or ties against the right figure"
    return f"mean score of {wrong}"


def _wrong_wins(pairs: Sequence[Comparison], purpose: str, wrong: str) -> dict[str, Any]:
    valid = [p for p in pairs if p.purpose == purpose and p.winner is not None]
    values = [float(pair.winner != REFERENCE) for pair in valid]
    document = estimate(values, [pair.paper_id for pair in valid])
    wins = sum(pair.winner == wrong for pair in valid)
    return {**document, "wins": wins, "ties": sum(pair.winner == TIE for pair in valid)}


def _mean_score(
    judged: Sequence[Judged], purpose: str, scale: tuple[float, float] = (0.0, 1.0)
) -> dict[str, Any]:
    items = [i for i in judged if i.trial.purpose == purpose and i.score is not None]
    papers = [item.trial.paper_id for item in items]
    scores = [float(item.score or 0.0) for item in items]
    low, high = scale if items and items[0].trial.second is None else (0.0, 1.0)
    if items and items[0].trial.options:
        low, high = 0.0, 1.0
    return estimate(scores, papers, low=low, high=high)


def anchor_points(pair: Comparison) -> float:
    """Returns 1 for the intact figure, 0.5 for a tie and 0 for the flawed figure."""
    return 1.0 if pair.winner == INTACT else 0.5 if pair.winner == TIE else 0.0


def anchor_accuracy(pairs: Sequence[Comparison]) -> dict[str, Any]:
    """Returns the accuracy on anchors, in all, by flaw and by strength; a tie counts one half."""
    anchors = [pair for pair in pairs if pair.purpose == "anchor" and pair.winner is not None]
    if not anchors:
        return _missing("no anchors in this run: use --anchors or judge calibrate")

    def accuracy(selected: Sequence[Comparison]) -> dict[str, Any]:
        return estimate([anchor_points(p) for p in selected], [p.paper_id for p in selected])

    flaws = sorted({pair.flaw for pair in anchors})
    strengths = sorted({pair.strength for pair in anchors})
    return {
        **accuracy(anchors),
        "by_flaw": {flaw: accuracy([p for p in anchors if p.flaw == flaw]) for flaw in flaws},
        "by_strength": {
            f"{strength:g}": accuracy([p for p in anchors if p.strength == strength])
            for strength in strengths
        },
    }


def costs(judged: Sequence[Judged]) -> dict[str, Any]:
    """Returns calls, tokens, price and latency of the answers; a shared answer counts once."""
    replies = [r for r in {item.key: item.reply for item in judged}.values() if r is not None]
    times = np.asarray([reply.milliseconds for reply in replies], np.float64) / 1000
    return {
        "cost": {
            "answers": len(replies),
            "requests": sum(reply.attempts for reply in replies),
            "prompt_tokens": sum(reply.prompt_tokens or 0 for reply in replies),
            "completion_tokens": sum(reply.completion_tokens or 0 for reply in replies),
            "answers_without_usage": sum(reply.prompt_tokens is None for reply in replies),
            "usd": sum(reply.usd for reply in replies),
        },
        "latency_s": {
            "median": float(np.median(times)) if len(times) else None,
            "p95": float(np.quantile(times, 0.95)) if len(times) else None,
        },
        "models": sorted({reply.model for reply in replies if reply.model}),
        "system_fingerprints": sorted(
            {reply.system_fingerprint for reply in replies if reply.system_fingerprint}
        ),
    }


def _missing(reason: str) -> dict[str, Any]:
    return {"value": None, "interval": None, "n": 0, "papers": 0, "reason": reason}
