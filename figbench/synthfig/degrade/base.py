"""A graded change of figures: its name, family, strengths and the function that makes it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.scene import Scene

T = TypeVar("T")

LEVELS = (1, 2, 3, 4, 5)
FAMILIES = ("text", "structure", "layout", "appearance", "set")
"""Families of flaws; neutral changes have the family ``neutral``."""

SceneChange = Callable[[Scene, float, np.random.Generator], Scene]
ImageChange = Callable[[RGBImage, float, np.random.Generator], RGBImage]
RenderedChange = Callable[[Scene, float, np.random.Generator], RGBImage]
FileChange = Callable[[RGBImage, float], tuple[bytes, str]]
SetChange = Callable[[int, float, np.random.Generator], Sequence["Slot"]]


@dataclass(frozen=True, slots=True)
class Slot:
    """The file that a set-level change puts in place of one figure.

    Attributes:
        source: Index of the figure that is delivered; None for no file.
        reference: Deliver the reference's own drawing instead of the model's.
        broken: Deliver a file that cannot be decoded.
    """

    source: int | None
    reference: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Flaw:
    """One graded change; exactly one of the five functions is given.

    Attributes:
        name: Registry name, e.g. ``arrows-reversed``.
        family: One of ``FAMILIES``, or ``neutral``.
        title: For tables and plots.
        unit: What ``strengths`` measures.
        strengths: One number per level 1 to 5, from the weakest to the strongest change. For
            neutral changes without an order (palettes, fonts) the number of the variant.
        scene: Changes a scene, which is then rendered.
        rendered: Renders a scene with the change (text blurred alone).
        image: Changes pixels; runs on real figures too.
        file: Changes the encoding of a figure: returns the bytes and the file suffix.
        set_: Chooses the figure that each prompt receives.
        ordered: Whether a higher level is a larger change.
    """

    name: str
    family: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    scene: SceneChange | None = None
    rendered: RenderedChange | None = None
    image: ImageChange | None = None
    file: FileChange | None = None
    set_: SetChange | None = None
    ordered: bool = True

    @property
    def neutral(self) -> bool:
        """Whether the change must not count."""
        return self.family == "neutral"

    @property
    def needs_scene(self) -> bool:
        """Whether the change runs on SynthFig scenes alone, not on real figures."""
        return self.scene is not None or self.rendered is not None

    def strength(self, level: int) -> float:
        """Returns the strength of a level.

        Raises:
            UserError: If the level is not 1 to 5.
        """
        if level not in LEVELS:
            raise UserError(
                f"'{self.name}' has no level {level}.", remedy="Levels are 1, 2, 3, 4 and 5."
            )
        return self.strengths[level - 1]

    def rng(self, seed: int, index: int = 0) -> np.random.Generator:
        """Returns the generator of one figure.

        It does not depend on the level, so that a higher level changes what a lower one changed
        and more.

        Args:
            seed: Non-negative.
            index: Number of the figure.
        """
        return np.random.default_rng([seed, index, zlib.crc32(self.name.encode())])


def part_of(items: Sequence[T], share: float, rng: np.random.Generator) -> list[T]:
    """Returns a random share of the items, nested in ``share`` for one state of ``rng``.

    The count is ``share * len(items)`` rounded up or down at random, so that its expectation is
    exact and small figures are changed at weak levels too.

    Args:
        items: To choose from.
        share: 0 to 1.
        rng: Draws the order and the rounding.
    """
    order = rng.permutation(len(items))
    count = int(np.floor(share * len(items) + rng.random()))
    return [items[i] for i in order[: min(count, len(items))]]
