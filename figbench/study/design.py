"""Balanced incomplete design: which rater judges which pair of models on which prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from figbench.errors import UserError


@dataclass(frozen=True, slots=True)
class Item:
    """Models to compare on one prompt; a single model when figures are rated one by one."""

    prompt_id: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """An item for one rater, models in the order on the page."""

    item: Item
    order: tuple[str, ...]


def all_items(available: Mapping[str, Sequence[str]], *, pairwise: bool) -> list[Item]:
    """Returns every item of the prompts.

    Args:
        available: Models that have a figure, by prompt.
        pairwise: Whether an item is a pair of models or one model.
    """
    size = 2 if pairwise else 1
    return [
        Item(prompt, models)
        for prompt, names in available.items()
        for models in combinations(sorted(names), size)
    ]


def order_items(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Returns the items so that each beginning is balanced over prompts and models.

    In each round every prompt gives one item, and consecutive prompts give different models.
    """
    by_prompt: dict[str, list[Item]] = {}
    for item in items:
        by_prompt.setdefault(item.prompt_id, []).append(item)
    groups = sorted({item.models for item in items})
    order = {models: index for index, models in enumerate(rng.permutation(len(groups)))}
    rank = {models: int(order[index]) for index, models in enumerate(groups)}
    prompts = [list(by_prompt)[index] for index in rng.permutation(len(by_prompt))]
    rounds: list[tuple[int, int, Item]] = []
    for position, prompt in enumerate(prompts):
        for item in by_prompt[prompt]:
            rounds.append(((rank[item.models] + position) % len(groups), position, item))
    return [item for _, _, item in sorted(rounds, key=lambda entry: entry[:2])]


def assign(
    items: Sequence[Item],
    raters: Sequence[str],
    votes_per_item: int,
    trials: int | None,
    rng: np.random.Generator,
) -> dict[str, list[Assignment]]:
    """Assigns items to raters and sides to models.

    Every item is judged by ``votes_per_item`` different raters. The numbers of trials of two
    raters differ by 1 at most. Each item shows its models on either side equally often (to 1),
    and within these limits every rater sees every model on either side equally often.

    Args:
        items: All items, in an order whose beginning is balanced.
        raters: Rater ids.
        votes_per_item: Raters of each item, 1 to the number of raters.
        trials: Trials of a rater; None gives as many as all items need.
        rng: Of tie breaks and of the order of trials.

    Returns:
        Assignments by rater, in random order, the same prompt apart where possible.

    Raises:
        UserError: If the numbers do not fit together.
    """
    if not 1 <= votes_per_item <= len(raters):
        raise UserError(
            f"{votes_per_item} votes per pair need at least as many raters, got {len(raters)}.",
            remedy=f"Use --raters {votes_per_item} or more.",
        )
    if trials is not None:
        number = trials * len(raters) // votes_per_item
        if number == 0:
            raise UserError(
                f"{len(raters)} raters x {trials} trials are fewer than {votes_per_item} votes."
            )
        items = items[:number]
    loads: Counter[str] = Counter()
    seen: Counter[tuple[str, object]] = Counter()
    sides: Counter[tuple[str, str]] = Counter()
    plan: dict[str, list[Assignment]] = {rater: [] for rater in raters}
    for number, item in enumerate(items):
        jitter = rng.permutation(len(raters))
        ranked = sorted(
            range(len(raters)),
            key=lambda k: (
                loads[raters[k]],
                seen[raters[k], item.prompt_id],
                seen[raters[k], item.models],
                jitter[k],
            ),
        )
        swaps = 0
        for index, k in enumerate(ranked[:votes_per_item]):
            rater = raters[k]
            swapped = _swap(item, rater, sides, swaps, index - swaps, number)
            swaps += swapped
            order = item.models[::-1] if swapped else item.models
            plan[rater].append(Assignment(item, order))
            loads[rater] += 1
            seen[rater, item.prompt_id] += 1
            seen[rater, item.models] += 1
            sides[rater, order[0]] += 1
            sides[rater, order[-1]] -= 1
    return {rater: _spread(plan[rater], rng) for rater in raters}


def _swap(
    item: Item,
    rater: str,
    sides: Counter[tuple[str, str]],
    swapped: int,
    straight: int,
    number: int,
) -> bool:
    """Swaps where the item has more straight votes, else where the rater's balance asks for it."""
    if len(item.models) < 2:
        return False
    if swapped != straight:
        return straight > swapped
    first, second = item.models
    balance = sides[rater, first] - sides[rater, second]
    return balance > 0 if balance else number % 2 == 1


def _spread(assignments: list[Assignment], rng: np.random.Generator) -> list[Assignment]:
    """Returns a random order in which neighbours have different prompts where possible."""
    remaining = [assignments[index] for index in rng.permutation(len(assignments))]
    ordered: list[Assignment] = []
    while remaining:
        counts = Counter(entry.item.prompt_id for entry in remaining)
        last = ordered[-1].item.prompt_id if ordered else None
        candidates = [entry for entry in remaining if entry.item.prompt_id != last] or remaining
        most = max(counts[entry.item.prompt_id] for entry in candidates)
        urgent = most > len(remaining) / 2
        following = next(
            entry for entry in candidates if not urgent or counts[entry.item.prompt_id] == most
        )
        remaining.remove(following)
        ordered.append(following)
    return ordered
