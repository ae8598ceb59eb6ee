"""Pairs of generated and reference figures, matched by figure id."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from figbench.data.naming import IdIndex
from figbench.data.types import Figure, Reject


@dataclass(frozen=True, slots=True)
class FigurePair:
    """An expected figure: its reference, its sample index, and the generated figure if present.

    Attributes:
        reference: The reference figure.
        sample: 0-based sample index.
        generated: The generated figure; None where it is missing.
    """

    reference: Figure
    sample: int
    generated: Figure | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """The result of pairing two sets.

    Attributes:
        pairs: Every expected (reference, sample), references in their order.
        samples_per_prompt: Expected samples per figure id.
        extra: Generated figures that match no reference, or exceed the expected samples.
        notes: How ids were matched where they differ, and repeated reference ids.
    """

    pairs: tuple[FigurePair, ...]
    samples_per_prompt: int
    extra: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[FigurePair, ...]:
        """Pairs without a generated figure."""
        return tuple(entry for entry in self.pairs if entry.generated is None)


def pair(
    generated: Sequence[Figure],
    reference: Sequence[Figure],
    samples_per_prompt: int | None = None,
    rejects: Sequence[Reject] = (),
) -> Pairing:
    """Pairs generated figures with references by figure id.

    An id that no reference has is compared again by its spelling (NFC, plain spaces and hyphens,
    no zero-width marks), then by its bare name without folders and image suffix (``run/a.png``
    matches ``a``). A bare name matches only where a single reference has it.

    Args:
        generated: The model's figures.
        reference: The references. Where an id repeats, the first reference counts.
        samples_per_prompt: Expected samples per id, at least 1; None takes the largest number
            offered for an id of the reference, rejected files included.
        rejects: Files of the model that cannot be used.

    Returns:
        One pair per reference and sample. All pairs of a figure id without any figure are
        missing: a model that skips hard prompts is not rewarded.
    """
    references = {figure.figure_id: figure for figure in reversed(reference)}
    ids = _Matcher(references)
    offered: dict[str, list[Figure]] = defaultdict(list)
    extra = []
    taken = {
        (figure.figure_id, figure.sample) for figure in generated if figure.figure_id in references
    }
    for figure in generated:
        figure_id = ids.match(figure.figure_id)
        renamed = figure_id != figure.figure_id
        if figure_id is None or (renamed and (figure_id, figure.sample) in taken):
            extra.append(figure)
        else:
            taken.add((figure_id, figure.sample))
            offered[figure_id].append(figure)
    counts = Counter({figure_id: len(figures) for figure_id, figures in offered.items()})
    counts.update(filter(None, (ids.match(reject.figure_id or "") for reject in rejects)))
    expected = samples_per_prompt or max(counts.values(), default=1)
    pairs = []
    for figure_id in dict.fromkeys(figure.figure_id for figure in reference):
        figures = sorted(offered.get(figure_id, []), key=lambda figure: figure.sample)
        extra.extend(figures[expected:])
        pairs += _pairs_of(references[figure_id], figures, expected)
    notes = ids.notes()
    if len(reference) > len(references):
        notes.append(
            f"{len(reference) - len(references)} references repeat an id; the first counts"
        )
    return Pairing(tuple(pairs), expected, tuple(extra), tuple(notes))


class _Matcher:
    """Matches reference ids by exact name, then by spelling, then by bare name."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._index = IdIndex(ids)
        self._renamed: set[str] = set()

    def match(self, figure_id: str) -> str | None:
        match = self._index.find(figure_id)
        if match is not None and match != figure_id:
            self._renamed.add(figure_id)
        return match

    def notes(self) -> list[str]:
        if not self._renamed:
            return []
        return [
            f"{len(self._renamed)} ids were matched by their bare name (no folder, no suffix) or "
            "by another spelling of it"
        ]


def _pairs_of(reference: Figure, figures: Sequence[Figure], expected: int) -> list[FigurePair]:
    present = [FigurePair(reference, figure.sample, figure) for figure in figures[:expected]]
    taken = {figure.sample for figure in figures}
    free = [index for index in range(expected + len(figures)) if index not in taken]
    absent = free[: expected - len(present)]
    return present + [FigurePair(reference, index, None) for index in absent]
