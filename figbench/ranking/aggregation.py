"""Named rules that turn raw votes into the votes that are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from figbench.errors import UserError
from figbench.ranking.votes import Vote

FIRST_TIER = ("faithfulness", "readability")
SECOND_TIER = ("conciseness", "aesthetics")


def each_vote(votes: Sequence[Vote]) -> tuple[list[Vote], list[str]]:
    """Every vote counts once."""
    _require_single_question(votes, "each")
    return list(votes), []


def majority(votes: Sequence[Vote]) -> tuple[list[Vote], list[str]]:
    """One vote for each prompt and pair of models: the side with more votes, else a tie."""
    _require_single_question(votes, "majority")
    groups = _grouped(votes, lambda vote: (vote.prompt_id, vote.pair))
    merged = [_merged(group, sum(vote.outcome for vote in group), "majority") for group in groups]
    return merged, [f"{len(votes)} votes became {len(merged)} majority votes"]


def both_orders(votes: Sequence[Vote]) -> tuple[list[Vote], list[str]]:
    """One vote for each rater, prompt and pair: a verdict that flips with the order is a tie.

    Votes of a rater who saw only one order stay as they are and are counted in a note.
    """
    _require_single_question(votes, "both-orders")
    groups = _grouped(votes, lambda vote: (vote.prompt_id, vote.pair, vote.rater))
    merged, flips, single = [], 0, 0
    for group in groups:
        outcomes = [vote.outcome for vote in group]
        if len({vote.first for vote in group}) < 2:
            single += 1
        flips += 1 in outcomes and -1 in outcomes
        agreed = outcomes[0] if len(set(outcomes)) == 1 else 0
        merged.append(_merged(group, agreed, group[0].rater))
    notes = [f"{flips} of {len(merged)} verdicts flipped with the order and count as ties"]
    if single:
        notes.append(f"{single} of {len(merged)} verdicts were given in one order only")
    return merged, notes


def two_tier(votes: Sequence[Vote]) -> tuple[list[Vote], list[str]]:
    """PaperBanana's rule: faithfulness and readability decide, else conciseness and aesthetics.

    A tier decides when a side wins one of its questions and the other question does not go to the
    other side. When neither tier decides, the overall vote is a tie. Votes are merged for each
    rater, prompt and order. A group without all four questions is left out and counted.

    Source: PaperBanana, the released evaluation toolkit at revision 8364555.
    """
    _require_questions(votes)
    key: Callable[[Vote], object] = lambda vote: (  # noqa: E731 # key of a group
        vote.prompt_id,
        vote.first,
        vote.second,
        vote.rater,
    )
    merged, incomplete = [], 0
    for group in _grouped(votes, key):
        by_question = {vote.question: vote.outcome for vote in group}
        if not {*FIRST_TIER, *SECOND_TIER} <= by_question.keys():
            incomplete += 1
            continue
        merged.append(_merged(group, two_tier_outcome(by_question), group[0].rater))
    if not merged:
        raise UserError(
            "paperbanana: no vote answers all four questions.",
            remedy=f"Needed: {', '.join((*FIRST_TIER, *SECOND_TIER))}.",
        )
    notes = [f"{incomplete} comparisons without all four questions were left out"]
    return merged, notes if incomplete else []


def two_tier_outcome(outcomes: dict[str, int]) -> int:
    """Returns the overall outcome, -1, 0 or 1, of the outcomes of the four questions."""
    for tier in (FIRST_TIER, SECOND_TIER):
        total = sum(outcomes[question] for question in tier)
        if total:
            return 1 if total > 0 else -1
    return 0


Rule = Callable[[Sequence[Vote]], tuple[list[Vote], list[str]]]
RULES: dict[str, Rule] = {
    "each": each_vote,
    "majority": majority,
    "both-orders": both_orders,
    "paperbanana": two_tier,
}


def aggregate(votes: Sequence[Vote], rule: str) -> tuple[list[Vote], list[str]]:
    """Applies a named rule.

    Args:
        votes: Raw votes.
        rule: ``each``, ``majority``, ``both-orders`` or ``paperbanana``.

    Returns:
        The votes to rank, and notes on merged or omitted ones.

    Raises:
        UserError: If the rule does not exist or the votes do not fit it.
    """
    if rule not in RULES:
        raise UserError(
            f"Unknown aggregation '{rule}'.", remedy=f"Choose from: {', '.join(RULES)}."
        )
    return RULES[rule](votes)


def _require_single_question(votes: Iterable[Vote], rule: str) -> None:
    questions = sorted({vote.question for vote in votes})
    if len(questions) > 1:
        names = ", ".join(question or "(none)" for question in questions)
        raise UserError(
            f"The votes answer {len(questions)} questions ({names}); rule '{rule}' ranks one.",
            remedy="Select one with --question NAME, or use --aggregation paperbanana.",
        )


def _require_questions(votes: Iterable[Vote]) -> None:
    missing = sorted({*FIRST_TIER, *SECOND_TIER} - {vote.question for vote in votes})
    if missing:
        raise UserError(
            f"paperbanana: no votes on {', '.join(missing)}.",
            remedy="Each vote needs the field question with one of: "
            f"{', '.join((*FIRST_TIER, *SECOND_TIER))}.",
        )


def _grouped(votes: Sequence[Vote], key: Callable[[Vote], object]) -> list[list[Vote]]:
    groups: dict[object, list[Vote]] = defaultdict(list)
    for vote in votes:
        groups[key(vote)].append(vote)
    return list(groups.values())


def _merged(group: Sequence[Vote], outcome: int, rater: str) -> Vote:
    """Returns one vote for a group; a positive outcome is a win of the alphabetically first."""
    base = group[0]
    if outcome == 0:
        return replace(base, winner="tie", rater=rater, question="")
    first_won = (outcome > 0) == (base.first < base.second)
    return replace(base, winner="first" if first_won else "second", rater=rater, question="")
