"""Which generated figure answers which reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from figbench.data.types import Figure


@dataclass(frozen=True, slots=True)
class Row:
    """One expected figure: a reference, a sample index, and the figure if it is there."""

    reference: Figure
    sample: int
    generated: Figure | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """How two sets fit together.

    Attributes:
        rows: Every expected (reference, sample), references in their order.
        samples_per_prompt: The k that was expected.
        extra: Generated figures that no reference asks for, or beyond k.
    """

    rows: tuple[Row, ...]
    samples_per_prompt: int
    extra: tuple[Figure, ...]

    @property
    def missing(self) -> tuple[Row, ...]:
        """Rows without a figure."""
        return tuple(row for row in self.rows if row.generated is None)


def pair(
    generated: Sequence[Figure],
    reference: Sequence[Figure],
    samples_per_prompt: int | None = None,
) -> Pairing:
    """Pairs by figure id, exactly.

    Args:
        generated: The model's figures.
        reference: The references; the first of an id counts.
        samples_per_prompt: Expected samples per id; None takes the largest number found for an
            id of the reference.

    Returns:
        One row per reference and sample. A figure id without any figure has all its rows
        missing: a model that skips hard prompts is not rewarded.
    """
    references = {figure.figure_id: figure for figure in reversed(reference)}
    offered: dict[str, list[Figure]] = defaultdict(list)
    extra = []
    for figure in generated:
        if figure.figure_id in references:
            offered[figure.figure_id].append(figure)
        else:
            extra.append(figure)
    found = max((len(figures) for figures in offered.values()), default=1)
    expected = samples_per_prompt or found
    rows = []
    for figure_id in dict.fromkeys(figure.figure_id for figure in reference):
        figures = sorted(offered.get(figure_id, []), key=lambda figure: figure.sample)
        extra.extend(figures[expected:])
        by_position: list[Figure | None] = [*figures[:expected]]
        by_position += [None] * (expected - len(by_position))
        for position, one in enumerate(by_position):
            sample = one.sample if one is not None else _free_sample(figures, position)
            rows.append(Row(references[figure_id], sample, one))
    return Pairing(tuple(rows), expected, tuple(extra))


def _free_sample(figures: Sequence[Figure], position: int) -> int:
    """Returns a sample index for a missing row that no present figure has."""
    taken = {figure.sample for figure in figures}
    free = [index for index in range(len(figures) + position + 1) if index not in taken]
    return free[position - len(figures)]
