"""The layouts ``flat``, ``samples`` and ``folders``: figure ids and samples from file names.

The ids of the reference set decide which meaning a name has.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from figbench.data.dataset_index import MAX_SAMPLE, Candidate, some
from figbench.data.layouts.claims import NamedImage, claimed_twice, without_copies
from figbench.data.layouts.filenames import Names
from figbench.data.naming import (
    IdIndex,
    bare,
    is_image,
    sample_of,
    stem_and_suffix,
    without_suffix,
)
from figbench.data.types import LeftOut
from figbench.errors import UserError
from figbench.images.formats import PREFERENCE

_REGULAR_SHARE = 0.8
"""Share of the prompts with equally many files, from which ``a_0 a_1 b_0 b_1`` are samples.

It applies to a set without a reference.
"""
_NUMBERED = re.compile(r"(seed|sample)?[_-]?(\d{1,18})")
"""Names of samples in the folder of their figure: ``0``, ``sample_1``, ``seed42``."""


def without_second_formats(images: Sequence[str]) -> tuple[list[str], list[LeftOut]]:
    """Leaves out second formats of a figure, such as ``a.pdf`` with ``a.png``.

    Returns:
        The remaining images, and the count of the images that were left out.

    Raises:
        UserError: If two files of the preferred format have the same name (``a.png``, ``a.PNG``).
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in images:
        groups[without_suffix(name)].append(name)
    preferred, dropped = [], []
    for group in groups.values():
        first, *others = sorted(group, key=_preference)
        if others and _preference(first)[:2] == _preference(others[0])[:2]:
            raise claimed_twice(first, others[0], without_suffix(first))
        preferred.append(first)
        dropped += others
    if not dropped:
        return list(images), []
    return preferred, [
        LeftOut(
            len(dropped),
            "second formats of a figure of the same name were left out: " + some(sorted(dropped)),
            excused=True,
        )
    ]


def _preference(name: str) -> tuple[int, bool, str]:
    stem, suffix = stem_and_suffix(name)
    return PREFERENCE[suffix.rstrip().lower()], is_image(f"{stem}.png") is False, name


def of_references(images: Sequence[str]) -> tuple[list[NamedImage], str]:
    """Returns the images of a reference set, without sample numbers, and how ids were derived.

    The id is the stem of the file, or the relative path without suffix where stems repeat.
    """
    stems = [bare(name) for name in images]
    unique = len(set(stems)) == len(stems)
    ids = stems if unique else [without_suffix(name) for name in images]
    how = "file name without suffix" if unique else "relative path without suffix"
    return [NamedImage(name, figure_id) for name, figure_id in zip(images, ids, strict=True)], how


def by_reference(
    images: Sequence[str], index: IdIndex, layout: str | None
) -> tuple[list[NamedImage], list[LeftOut]] | None:
    """Assigns images to references by their names ``<id>`` and ``<id>_<number>``.

    Args:
        images: Relative names.
        index: Ids of the reference set.
        layout: ``flat`` or ``samples`` where the user selected a layout, else None.

    Returns:
        All images, and counts of the images that were left out; None where no name matches an id.

    Raises:
        UserError: If names are ambiguous, or two files claim the same sample.
    """
    exact: dict[str, str] = {}
    sampled: dict[str, tuple[str, int]] = {}
    for name in images:
        relative = without_suffix(name)
        figure_id = index.find(relative)
        if figure_id is not None and layout != "samples":
            exact[name] = figure_id
        if layout != "flat":
            sample = _sampled(relative, index)
            if sample is not None:
                sampled[name] = sample
            elif figure_id is not None:
                exact[name] = figure_id
    if not exact and not sampled:
        return None
    both = sorted(exact.keys() & sampled.keys())
    if both and sampled.keys() - exact.keys():
        raise UserError(
            f"{len(both)} names can be read in two ways, as a reference's own id or as a sample "
            f"of another: {some(both)}.",
            remedy="Choose with --layout flat (names are ids) or --layout samples "
            "(names are <id>_<k>).",
        )
    named = []
    for name in images:
        if name in exact:
            named.append(NamedImage(name, exact[name]))
        elif name in sampled:
            named.append(NamedImage(name, *sampled[name]))
    named, left = without_copies(named, len(images), index)
    return named + _unmatched(images, exact.keys() | sampled.keys()), left


def _sampled(relative: str, index: IdIndex) -> tuple[str, int] | None:
    sample = sample_of(relative)
    if sample is None:
        return None
    figure_id = index.find(sample[0])
    return None if figure_id is None else (figure_id, sample[1])


def _unmatched(images: Sequence[str], matched: set[str]) -> list[NamedImage]:
    rest = [name for name in images if name not in matched]
    return [NamedImage(name, without_suffix(name)) for name in rest]


def by_folder(images: Sequence[str], index: IdIndex) -> list[NamedImage] | None:
    """Assigns images to references by the names of their folders; None where no name matches.

    Raises:
        UserError: If a matching folder holds several images that are no numbered samples.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in images:
        folders = name.split("/")[:-1]
        matches = map(index.find, reversed(folders))
        matched = next((match for match in matches if match is not None), None)
        if matched is not None:
            groups[matched].append(name)
    if not groups:
        return None
    named: list[NamedImage] = []
    for figure_id, group in groups.items():
        stems = [bare(name) for name in group]
        if len(group) == 1:
            named.append(NamedImage(group[0], figure_id))
        elif (numbers := _sample_numbers(stems)) is not None:
            pairs = zip(group, numbers, strict=True)
            named += [NamedImage(name, figure_id, number) for name, number in pairs]
        else:
            raise _several(figure_id, group)
    return named + _unmatched(images, {image.name for image in named})


def _sample_numbers(stems: Sequence[str]) -> list[int] | None:
    """Returns the numbers of names like ``0``, ``1`` or ``seed_3``, ``seed_7``, else None."""
    matches = [_NUMBERED.fullmatch(stem) for stem in stems]
    prefixed_numbers = [(match[1] or "", int(match[2])) for match in matches if match]
    if len(set(prefixed_numbers)) < len(stems) or len({word for word, _ in prefixed_numbers}) > 1:
        return None
    return [number for _, number in prefixed_numbers]


def _several(figure_id: str, group: Sequence[str]) -> UserError:
    bases = sorted({name.rpartition("/")[2] for name in group})
    differing = bases if len(bases) > 1 else sorted("/".join(n.split("/")[-2:]) for n in group)
    return UserError(
        f"The folder of '{figure_id}' holds {len(group)} images: {some(differing, 8)}.",
        remedy=f"Select the figure, for example with: --only '*/{differing[0]}'",
    )


def have_equal_counts(images: Sequence[str]) -> bool:
    """Tells whether most ids have the same number of ``<id>_<k>`` files, and more than one."""
    counts = Counter(_prefix(bare(name)) for name in images)
    if len(counts) < 2 or "" in counts:
        return False
    most_common_count, prompts = Counter(counts.values()).most_common(1)[0]
    return most_common_count > 1 and prompts >= _REGULAR_SHARE * len(counts)


def _prefix(stem: str) -> str:
    sample = sample_of(stem)
    return sample[0] if sample else ""


def as_samples(images: Sequence[str]) -> list[NamedImage]:
    """Returns the images with the ids and numbers of their names ``<id>_<k>``.

    It is for sets without a reference. A name without a number is an id.
    """
    named = []
    for name in images:
        sample = sample_of(bare(name))
        named.append(NamedImage(name, *sample) if sample else NamedImage(name, bare(name)))
    return named


def candidates_of(
    named: Sequence[NamedImage], names: Names, caption_of: Callable[[str], str | None]
) -> list[Candidate]:
    """Returns the candidates of named images.

    Numbers above the largest sample index are seeds: the samples of a figure are then in the order
    of their seeds.

    Args:
        named: Images with their ids and numbers.
        names: The folder or archive.
        caption_of: Returns the caption of an image by its relative name, or None.
    """
    numbers: dict[str, set[int]] = defaultdict(set)
    for image in named:
        if image.number is not None:
            numbers[image.figure_id].add(image.number)
    seeds = any(max(numbers_of_id) > MAX_SAMPLE for numbers_of_id in numbers.values())
    ranks = (
        {
            figure_id: {number: rank for rank, number in enumerate(sorted(numbers_of_id))}
            for figure_id, numbers_of_id in numbers.items()
        }
        if seeds
        else {}
    )
    candidates = []
    for image in named:
        sample, seed = image.number or 0, None
        if seeds and image.number is not None:
            sample, seed = ranks[image.figure_id][image.number], image.number
        path = names.path_of(image.name)
        candidates.append(Candidate(image.figure_id, sample, path, caption_of(image.name), seed))
    return candidates
