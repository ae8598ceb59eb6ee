"""Ids, samples and store keys of the figures of an ``Evaluator``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from figbench.data.manifest import Manifest
from figbench.data.types import Figure
from figbench.evaluation.planning.prepare import Prepared
from figbench.evaluation.planning.tasks import GENERATED
from figbench.evaluation.planning.workload import Group, image_key, pair_key


def renumbered(batch: Manifest, offset: int) -> Manifest:
    """Returns a batch whose numeric ids continue after ``offset`` earlier figures."""
    figures = tuple(
        replace(figure, figure_id=f"{int(figure.figure_id) + offset:06d}")
        for figure in batch.figures
    )
    return replace(batch, figures=figures)


def count_samples(
    figures: Sequence[Figure], counts: dict[str, int], *, given: bool
) -> tuple[Figure, ...]:
    """Returns figures whose sample index continues after the earlier ones of their id.

    Args:
        figures: New figures; their samples count from 0 within the batch.
        counts: Number of samples by id so far; updated.
        given: Whether the caller gave the sample indices, which are then not changed.
    """
    counted = []
    for figure in figures:
        first = 0 if given else counts.get(figure.figure_id, 0)
        counted.append(replace(figure, sample=figure.sample + first))
    for figure in counted:
        counts[figure.figure_id] = max(counts.get(figure.figure_id, 0), figure.sample + 1)
    return tuple(counted)


def keys_of(prepared: Prepared) -> Iterator[bytes]:
    """Yields the keys of everything that is stored about the generated figures."""
    for pair in prepared.inputs.sides.pairs:
        if pair.generated is not None:
            yield image_key(pair.generated)
            yield pair_key(pair.generated, pair.reference)


def own_jobs(group: Group) -> Group:
    """Returns the jobs of delivered images; ``compute`` runs the others."""
    jobs = [job for job in group.jobs if job.side == GENERATED and job.figure is not None]
    return Group(group.ordinal, jobs)


def add_figure(figures: dict[tuple[str, int], Figure], figure: Figure) -> None:
    """Adds a figure: an equal one counts once, a different one gets the next sample index."""
    sample = figure.sample
    while (figure.figure_id, sample) in figures:
        if figures[figure.figure_id, sample].sha256 == figure.sha256:
            return
        sample += 1
    figures[figure.figure_id, sample] = replace(figure, sample=sample)
