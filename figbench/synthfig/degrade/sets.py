"""Flaws of a set: every figure is a sound drawing, the set is not."""

from __future__ import annotations

import numpy as np

from figbench.synthfig.degrade.base import Flaw, Slot, part_of


def drop_modes(n: int, part: float, rng: np.random.Generator) -> list[Slot]:
    """Delivers only ``part`` of the contents, repeated over all prompts."""
    few = max(1, round(n * part))
    return [Slot(i % few) for i in range(n)]


def duplicate(n: int, share: float, rng: np.random.Generator) -> list[Slot]:
    """Delivers, for a share of the prompts, the file of another prompt once more."""
    gone = set(part_of(range(n), share, rng))
    stay = [i for i in range(n) if i not in gone] or [0]
    return [Slot(stay[i % len(stay)] if i in gone else i) for i in range(n)]


def copy_references(n: int, share: float, rng: np.random.Generator) -> list[Slot]:
    """Delivers, for a share of the prompts, the reference itself, as a model trained on it."""
    copied = set(part_of(range(n), share, rng))
    return [Slot(i, reference=i in copied) for i in range(n)]


def shuffle_captions(n: int, share: float, rng: np.random.Generator) -> list[Slot]:
    """Gives a share of the prompts each other's figures, in a circle."""
    circle = part_of(range(n), share, rng)
    takes = dict(zip(circle, [*circle[1:], *circle[:1]], strict=True))
    return [Slot(takes.get(i, i)) for i in range(n)]


def lose(n: int, share: float, rng: np.random.Generator) -> list[Slot]:
    """Delivers no file for a share of the prompts."""
    lost = set(part_of(range(n), share, rng)[: n - 2])
    return [Slot(None if i in lost else i) for i in range(n)]


def fail(n: int, share: float, rng: np.random.Generator) -> list[Slot]:
    """Delivers, for a share of the prompts, a file that is cut off and cannot be decoded."""
    lost = set(part_of(range(n), share, rng)[: n - 2])
    return [Slot(i, broken=i in lost) for i in range(n)]


_FEW = (0.02, 0.05, 0.1, 0.25, 0.5)

FLAWS = (
    Flaw("modes-dropped", "set", "modes dropped", "share of contents",
         (0.5, 0.25, 0.125, 0.0625, 0.03125), set_=drop_modes),
    Flaw("duplicates", "set", "duplicates", "share of figures", _FEW, set_=duplicate),
    Flaw("training-copies", "set", "copies of the references", "share of figures",
         (0.1, 0.25, 0.5, 0.75, 1.0), set_=copy_references),
    Flaw("captions-shuffled", "set", "captions shuffled", "share of figures",
         (0.05, 0.1, 0.25, 0.5, 1.0), set_=shuffle_captions),
    Flaw("missing", "set", "figures missing", "share of figures", _FEW, set_=lose),
    Flaw("failed", "set", "files unreadable", "share of figures", _FEW, set_=fail),
)  # fmt: skip
