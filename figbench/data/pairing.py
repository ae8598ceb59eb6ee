"""Which generated figure answers which reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from figbench.data.naming import IdIndex
from figbench.data.types import Figure, Reject


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
        notes: How ids were matched where they differ, and repeated reference ids.
    """

    rows: tuple[Row, ...]
    samples_per_prompt: int
    extra: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Row, ...]:
        """Rows without a figure."""
        return tuple(row for row in self.rows if row.generated is None)


def pair(
    generated: Sequence[Figure],
    reference: Sequence[Figure],
    samples_per_prompt: int | None = None,
    rejects: Sequence[Reject] = (),
) -> Pairing:
    """Pairs by figure id.

    An id that no reference has is tried again by its spelling (NFC, plain spaces and hyphens, no
    zero-width marks), then as a bare name, without folders and image suffix (``run/a.png`` answers
    ``a``), where that name is one reference's alone.

    Args:
        generated: The model's figures.
        reference: The references; the first of an id counts.
        samples_per_prompt: Expected samples per id; None takes the largest number offered for an
            id of the reference, rejected files included.
        rejects: Files of the model that cannot be used.

    Returns:
        One row per reference and sample. A figure id without any figure has all its rows
        missing: a model that skips hard prompts is not rewarded.
    """
    references = {figure.figure_id: figure for figure in reversed(reference)}
    ids = _Matcher(references)
    offered: dict[str, list[Figure]] = defaultdict(list)
    extra = []
    taken = {(one.figure_id, one.sample) for one in generated if one.figure_id in references}
    for figure in generated:
        figure_id = ids.match(figure.figure_id)
        renamed = figure_id != figure.figure_id
        if figure_id is None or (renamed and (figure_id, figure.sample) in taken):
            extra.append(figure)
        else:
            taken.add((figure_id, figure.sample))
            offered[figure_id].append(figure)
    counts = Counter({figure_id: len(figures) for figure_id, figures in offered.items()})
    counts.update(filter(None, (ids.match(one.figure_id or "") for one in rejects)))
    expected = samples_per_prompt or max(counts.values(), default=1)
    rows = []
    for figure_id in dict.fromkeys(figure.figure_id for figure in reference):
        figures = sorted(offered.get(figure_id, []), key=lambda figure: figure.sample)
        extra.extend(figures[expected:])
        rows += _rows(references[figure_id], figures, expected)
    notes = ids.notes()
    if len(reference) > len(references):
        notes.append(
            f"{len(reference) - len(references)} references repeat an id; the first counts"
        )
    return Pairing(tuple(rows), expected, tuple(extra), tuple(notes))


class _Matcher:
    """Reference ids by their own name, then by spelling, then by their bare name."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._index = IdIndex(ids)
        self._renamed: set[str] = set()

    def match(self, figure_id: str) -> str | None:
        found = self._index.find(figure_id)
        if found is not None and found != figure_id:
            self._renamed.add(figure_id)
        return found

    def notes(self) -> list[str]:
        if not self._renamed:
            return []
        return [
            f"{len(self._renamed)} ids were matched by their bare name (no folder, no suffix) or "
            "by another spelling of it"
        ]


def _rows(reference: Figure, figures: Sequence[Figure], expected: int) -> list[Row]:
    present = [Row(reference, one.sample, one) for one in figures[:expected]]
    taken = {one.sample for one in figures}
    free = [index for index in range(expected + len(figures)) if index not in taken]
    return present + [Row(reference, index, None) for index in free[: expected - len(present)]]
