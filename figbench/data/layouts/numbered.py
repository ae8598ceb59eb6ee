"""Index records without an id or a sample whose image is called ``<id>_<k>``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from figbench.data.dataset_index import MAX_SAMPLE, Candidate, DatasetIndex
from figbench.data.naming import IdIndex, bare, sample_of


def by_numbered_names(listing: DatasetIndex, index: IdIndex) -> DatasetIndex:
    """Returns a listing in which ``a_0.png`` and ``a_1.png`` are samples of the reference ``a``.

    Only ids that the importer took from the image's name are read so, and only where no reference
    has the name itself and no two images would be the same sample.

    Args:
        listing: Candidates of an index.
        index: The reference's ids.
    """
    if listing.layout != "records":
        return listing
    numbered: dict[int, tuple[str, int]] = {}
    for at, one in enumerate(listing.candidates):
        sample = _sample(one, index)
        if sample is not None:
            numbered[at] = sample
    plain = {
        index.find(one.figure_id) for at, one in enumerate(listing.candidates) if at not in numbered
    }
    claims = set(numbered.values())
    if not numbered or len(claims) < len(numbered) or plain & {name for name, _ in claims}:
        return listing
    ranks = _ranks(claims)
    candidates = [
        one if at not in numbered else _renamed(one, *numbered[at], ranks)
        for at, one in enumerate(listing.candidates)
    ]
    note = f"{len(numbered)} image names were read as <figure id>_<sample>"
    return replace(listing, candidates=candidates, notes=(*listing.notes, note))


def _sample(one: Candidate, index: IdIndex) -> tuple[str, int] | None:
    if one.sample or one.figure_id != bare(one.path) or index.find(one.figure_id) is not None:
        return None
    sample = sample_of(one.figure_id)
    figure_id = None if sample is None else index.find(sample[0])
    return None if sample is None or figure_id is None else (figure_id, sample[1])


def _ranks(claims: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Returns the rank of each number of an id where some are seeds; else nothing."""
    if all(number <= MAX_SAMPLE for _, number in claims):
        return {}
    numbers: dict[str, list[int]] = defaultdict(list)
    for figure_id, number in sorted(claims):
        numbers[figure_id].append(number)
    return {(name, one): at for name, every in numbers.items() for at, one in enumerate(every)}


def _renamed(
    one: Candidate, figure_id: str, number: int, ranks: dict[tuple[str, int], int]
) -> Candidate:
    if not ranks:
        return replace(one, figure_id=figure_id, sample=number)
    seed = number if one.seed is None else one.seed
    return replace(one, figure_id=figure_id, sample=ranks[figure_id, number], seed=seed)
