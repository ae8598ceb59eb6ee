"""Sessions of a study: judged trials in order, with gold and repeat trials among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from figbench.study.design import Assignment
from figbench.study.key import Trial

GOLD = "jumbled"
"""Suffix of the name of an image whose tiles were shuffled."""


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A trial with the images that it shows.

    Attributes:
        trial: Entry of the key file.
        images: (model, prompt_id, jumbled) of each image, left first.
    """

    trial: Trial
    images: tuple[tuple[str, str, bool], ...]


def plan_sessions(
    assignments: Mapping[str, Sequence[Assignment]],
    papers: Mapping[str, str],
    *,
    gold: int,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[dict[str, PlannedTrial], dict[str, list[str]]]:
    """Returns all trials by random id, and the ids of each rater in order.

    Gold trials show a figure next to the same figure with its tiles shuffled, or only the latter
    when figures are rated one by one. Repeat trials show an earlier trial with swapped sides, at
    least a third of the session later. Neither comes first.

    Args:
        assignments: By rater.
        papers: Paper by prompt.
        gold: Gold trials of each rater.
        repeats: Repeat trials of each rater.
        rng: Of positions, sides and ids.
    """
    trials: dict[str, PlannedTrial] = {}
    sessions: dict[str, list[str]] = {}
    for rater, planned in assignments.items():
        ids = []
        for assignment in planned:
            name = _new_id(rng, trials)
            trials[name] = _judged(assignment, rater, papers)
            ids.append(name)
        sessions[rater] = ids
        judged = list(ids)
        for number in range(min(repeats, len(judged))):
            _insert_repeat(trials, ids, judged, number, min(repeats, len(judged)), rng)
        for number in range(gold if judged else 0):
            source = trials[judged[int(rng.integers(len(judged)))]]
            name = _new_id(rng, trials)
            trials[name] = _gold(source, number, rng)
            low = 1 + number * len(ids) // gold
            ids.insert(
                int(rng.integers(low, max(low + 1, (number + 1) * len(ids) // gold + 1))), name
            )
    return trials, sessions


def _judged(assignment: Assignment, rater: str, papers: Mapping[str, str]) -> PlannedTrial:
    prompt = assignment.item.prompt_id
    return PlannedTrial(
        Trial(
            rater=rater,
            kind="judge",
            prompt_id=prompt,
            paper_id=papers[prompt],
            models=assignment.order,
        ),
        tuple((model, prompt, False) for model in assignment.order),
    )


def _insert_repeat(
    trials: dict[str, PlannedTrial],
    ids: list[str],
    judged: Sequence[str],
    number: int,
    total: int,
    rng: np.random.Generator,
) -> None:
    """Repeats a trial of the first half at a position at least a third of the session later."""
    half = max(total, len(judged) // 2)
    earlier = judged[number * half // total]
    source = trials[earlier]
    name = _new_id(rng, trials)
    repeated = source.trial.model_copy(
        update={"kind": "repeat", "repeats": earlier, "models": source.trial.models[::-1]}
    )
    trials[name] = PlannedTrial(repeated, source.images[::-1])
    start = min(len(ids), ids.index(earlier) + max(1, len(judged) // 3))
    ids.insert(int(rng.integers(start, len(ids) + 1)), name)


def _gold(source: PlannedTrial, number: int, rng: np.random.Generator) -> PlannedTrial:
    model, prompt, _ = source.images[int(rng.integers(len(source.images)))]
    base = source.trial.model_copy(update={"kind": "gold"})
    if len(source.images) == 1:
        return PlannedTrial(
            base.model_copy(update={"models": (model,), "expected": "low"}),
            ((model, prompt, True),),
        )
    on_left = bool((number + int(rng.integers(2))) % 2)
    images = ((model, prompt, not on_left), (model, prompt, on_left))
    expected = "left" if on_left else "right"
    update = {"models": (model, model), "expected": expected}
    return PlannedTrial(base.model_copy(update=update), images)


def _new_id(rng: np.random.Generator, existing: Mapping[str, object]) -> str:
    """Returns a random id that tells nothing about kind, rater or order."""
    while True:
        name = rng.bytes(6).hex()
        if name not in existing:
            return name
