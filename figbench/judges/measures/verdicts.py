"""Answers become verdicts, and verdicts of both orders become comparisons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from figbench.judges.answer import Status, Verdict, answer_model, interpret
from figbench.judges.calls.ledger import Ledger, Reply
from figbench.judges.measures.aggregate import by_margin, craftbench_total, two_tier
from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import INTACT, REFERENCE, Purpose, Trial

TIE, BOTH_BAD = "tie", "both-bad"


@dataclass(frozen=True, slots=True)
class Judged:
    """A trial with its answer.

    Attributes:
        trial: The call.
        key: Cache key.
        verdict: Validated answer or failure.
        reply: Raw answer; None when there is none.
        position: ``first``, ``second`` or ``tie`` of a comparison; None otherwise.
        aspects: Position by aspect.
        score: Number of a call that judges one figure alone; None otherwise.
    """

    trial: Trial
    key: str
    verdict: Verdict
    reply: Reply | None
    position: str | None = None
    aspects: Mapping[str, str] = field(default_factory=dict)
    score: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the answer is valid."""
        return self.verdict.status == "ok"

    @property
    def winner(self) -> str | None:
        """System that the answer prefers, ``tie``, or None without a valid comparison."""
        if self.position is None:
            return None
        return _system(self.trial, self.position)


def _system(trial: Trial, position: str) -> str:
    if position == "first":
        return trial.first
    if position == "second" and trial.second is not None:
        return trial.second
    return TIE


def judge_trials(
    trials: Sequence[Trial], ledger: Ledger, protocol: JudgeProtocol, model: str
) -> list[Judged]:
    """Returns every trial with its verdict, in order; the same log gives the same verdicts.

    Args:
        trials: Calls of the plan.
        ledger: Holds the answers.
        protocol: Of the judge.
        model: As requested from the server.
    """
    judged = []
    for trial in trials:
        key = trial.key(model, protocol)
        reply = ledger.replies.get(key)
        if reply is None:
            problem = ledger.failures.get(key)
            status: Status = "not-run" if problem is None else "failed"
            judged.append(Judged(trial, key, Verdict(status, {}, problem or ""), None))
            continue
        judged.append(_judged(trial, key, reply, protocol))
    return judged


def _judged(trial: Trial, key: str, reply: Reply, protocol: JudgeProtocol) -> Judged:
    if reply.problem:
        status: Status = "oversized" if reply.problem.startswith("oversized") else "malformed"
        return Judged(trial, key, Verdict(status, {}, reply.problem), reply)
    schema = answer_model(protocol, trial.aspect_of(protocol), trial.options)
    verdict = interpret(
        reply.text, schema, finish_reason=reply.finish_reason, refusal=reply.refusal
    )
    if verdict.status != "ok":
        return Judged(trial, key, verdict, reply)
    answer = verdict.answer
    if protocol.mode == "pairwise":
        aspects = _positions(answer, trial, protocol)
        overall = aspects[""] if "" in aspects else _overall(aspects, protocol)
        aspects.pop("", None)
        return Judged(trial, key, verdict, reply, overall, aspects)
    return Judged(trial, key, verdict, reply, score=_score(answer, trial, protocol))


def _positions(answer: Mapping[str, Any], trial: Trial, protocol: JudgeProtocol) -> dict[str, str]:
    words = protocol.answers
    flip = protocol.reveal is not None and trial.first not in (REFERENCE, INTACT)
    first, second = (words.second, words.first) if flip else (words.first, words.second)
    given = {"": answer} if not protocol.aspects else answer
    positions = {first: "first", second: "second"}
    for word in words.ties:
        positions[word] = BOTH_BAD if "bad" in word.lower() else TIE
    return {name: positions[value["winner"]] for name, value in given.items()}


def _overall(aspects: Mapping[str, str], protocol: JudgeProtocol) -> str:
    if protocol.rule == "paperbanana":
        return two_tier(aspects)
    weights = {aspect.id: aspect.weight for aspect in protocol.aspects}
    signs = {"first": 1.0, "second": -1.0}
    total = sum(weights[name] * signs.get(value, 0.0) for name, value in aspects.items())
    return "first" if total > 0 else "second" if total < 0 else TIE


def _score(answer: Mapping[str, Any], trial: Trial, protocol: JudgeProtocol) -> float | None:
    if protocol.mode == "pointwise":
        weights = {aspect.id: aspect.weight for aspect in protocol.aspects}
        return craftbench_total(answer["scores"], weights)
    if protocol.mode == "questions":
        return float(answer["answer"] == trial.correct)
    from figbench.judges.measures.aggregate import sciforma_axis

    if not answer["usable"] and not answer["errors"]:
        return 0.0
    return sciforma_axis(answer["errors"], trial.count)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both orders of a pair, or both figures that were scored alone.

    Attributes:
        purpose: Of its trials.
        prompt_id: Figure id.
        paper_id: Cluster.
        sample: Sample index.
        repeat: Repeat index.
        systems: The two systems.
        winner: System, ``tie``, or None when a call of it failed.
        orders: Winner in each order, for pairs; None where the call failed.
        flipped: The orders name different systems.
        flaw: Of an anchor.
        strength: Of the flaw.
    """

    purpose: Purpose
    prompt_id: str
    paper_id: str
    sample: int
    repeat: int
    systems: tuple[str, str]
    winner: str | None
    orders: tuple[str | None, ...]
    flipped: bool
    flaw: str
    strength: float


def comparisons(judged: Sequence[Judged], protocol: JudgeProtocol) -> list[Comparison]:
    """Returns one comparison for each pair and repeat, in order.

    A pair whose orders do not agree is a tie. A pair with a failed call has no winner. Checklists
    compare the two figures of an anchor by their mean score over the axes.
    """
    if protocol.mode == "checklist":
        return _checklist_anchors(judged)
    groups: dict[tuple[Any, ...], list[Judged]] = defaultdict(list)
    for item in judged:
        trial = item.trial
        if protocol.mode == "questions" or trial.purpose == "same-picture":
            continue
        groups[trial.purpose, trial.prompt_id, trial.sample, trial.repeat].append(item)
    return [_comparison(group, protocol) for group in groups.values() if len(group) == 2]


def _checklist_anchors(judged: Sequence[Judged]) -> list[Comparison]:
    groups: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for item in judged:
        if item.trial.purpose == "anchor" and item.trial.second is not None:
            groups[item.trial.prompt_id][item.trial.second].append(item)
    return [_checklist_anchor(systems) for systems in groups.values() if len(systems) == 2]


def _checklist_anchor(systems: Mapping[str, Sequence[Judged]]) -> Comparison:
    names = tuple(systems)
    totals = [
        sum(item.score for item in items if item.score is not None) / len(items)
        if all(item.ok and item.score is not None for item in items)
        else None
        for items in systems.values()
    ]
    outcome = by_margin(totals[0], totals[1], 0.0)
    winner = {"model": names[0], "reference": names[1], "tie": TIE}.get(outcome)
    trial = systems[names[0]][0].trial
    return Comparison(
        trial.purpose, trial.prompt_id, trial.paper_id, trial.sample, trial.repeat,
        (names[0], names[1]), winner, (), False, trial.flaw, trial.strength,
    )  # fmt: skip


def _comparison(group: Sequence[Judged], protocol: JudgeProtocol) -> Comparison:
    first, second = group
    trial = first.trial
    orders: tuple[str | None, ...] = ()
    if protocol.mode == "pairwise":
        systems = (trial.first, trial.second or "")
        orders = (first.winner, second.winner)
        winner = orders[0] if orders[0] == orders[1] else TIE
        if None in orders:
            winner = None
    else:
        systems = (trial.first, second.trial.first)
        outcome = by_margin(first.score, second.score, protocol.tie_band)
        winners = {"model": systems[0], "reference": systems[1], "tie": TIE}
        winner = winners.get(outcome)
    flipped = None not in orders and len(set(orders) - {TIE}) == 2
    return Comparison(
        trial.purpose, trial.prompt_id, trial.paper_id, trial.sample, trial.repeat, systems,
        winner, orders, flipped, trial.flaw, trial.strength,
    )  # fmt: skip
