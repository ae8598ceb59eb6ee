"""Sample numbers from image names ``<id>_<k>`` in indexes without ids and samples."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from figbench.data.dataset_index import MAX_SAMPLE, Candidate, DatasetIndex
from figbench.data.naming import IdIndex, bare, sample_of


def by_numbered_names(dataset_index: DatasetIndex, index: IdIndex) -> DatasetIndex:
    """Makes ``a_0.png`` and ``a_1.png`` samples of the reference ``a``.

    Only ids that the importer took from the name of the image are changed, and only where no
    reference has this id and no two images would become the same sample.

    Args:
        dataset_index: Candidates of an index.
        index: Ids of the reference set.

    Returns:
        The index with the changed candidates, or the same index.
    """
    if dataset_index.layout != "records":
        return dataset_index
    numbered: dict[int, tuple[str, int]] = {}
    for at, candidate in enumerate(dataset_index.candidates):
        sample = _sample(candidate, index)
        if sample is not None:
            numbered[at] = sample
    plain = {
        index.find(candidate.figure_id)
        for at, candidate in enumerate(dataset_index.candidates)
        if at not in numbered
    }
    claims = set(numbered.values())
    if not numbered or len(claims) < len(numbered) or plain & {name for name, _ in claims}:
        return dataset_index
    ranks = _ranks(claims)
    candidates = [
        candidate if at not in numbered else _renamed(candidate, *numbered[at], ranks)
        for at, candidate in enumerate(dataset_index.candidates)
    ]
    note = f"{len(numbered)} image names were read as <figure id>_<sample>"
    return replace(dataset_index, candidates=candidates, notes=(*dataset_index.notes, note))


def _sample(candidate: Candidate, index: IdIndex) -> tuple[str, int] | None:
    if (
        candidate.sample
        or candidate.figure_id != bare(candidate.path)
        or index.find(candidate.figure_id) is not None
    ):
        return None
    sample = sample_of(candidate.figure_id)
    figure_id = None if sample is None else index.find(sample[0])
    return None if sample is None or figure_id is None else (figure_id, sample[1])


def _ranks(claims: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Returns the rank of each number of an id where a number is a seed; else nothing."""
    if all(number <= MAX_SAMPLE for _, number in claims):
        return {}
    numbers: dict[str, list[int]] = defaultdict(list)
    for figure_id, number in sorted(claims):
        numbers[figure_id].append(number)
    return {
        (name, number): at for name, every in numbers.items() for at, number in enumerate(every)
    }


def _renamed(
    candidate: Candidate, figure_id: str, number: int, ranks: dict[tuple[str, int], int]
) -> Candidate:
    if not ranks:
        return replace(candidate, figure_id=figure_id, sample=number)
    seed = number if candidate.seed is None else candidate.seed
    return replace(candidate, figure_id=figure_id, sample=ranks[figure_id, number], seed=seed)
