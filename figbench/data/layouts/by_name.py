"""Flat and samples: figure ids and samples from file names, decided by the reference's ids."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from figbench.data.dataset_index import MAX_SAMPLE, Candidate, some
from figbench.data.layouts.claims import Named, claimed_twice, without_copies
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
"""Without a reference, ``a_0 a_1 b_0 b_1`` are samples if so many prompts have the same number."""
_NUMBERED = re.compile(r"(seed|sample)?[_-]?(\d{1,18})")
"""Names of samples in the folder of their figure: ``0``, ``sample_1``, ``seed42``."""


def one_format(images: Sequence[str]) -> tuple[list[str], list[LeftOut]]:
    """Returns the images without second formats of one figure (``a.png`` beside ``a.pdf``).

    Raises:
        UserError: If two files of the preferred format have one name (``a.png``, ``a.PNG``).
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in images:
        groups[without_suffix(name)].append(name)
    kept, dropped = [], []
    for group in groups.values():
        first, *rest = sorted(group, key=_preference)
        if rest and _preference(first)[:2] == _preference(rest[0])[:2]:
            raise claimed_twice(first, rest[0], without_suffix(first))
        kept.append(first)
        dropped += rest
    if not dropped:
        return list(images), []
    return kept, [
        LeftOut(
            len(dropped),
            "second formats of a figure of the same name were left out: " + some(sorted(dropped)),
            excused=True,
        )
    ]


def _preference(name: str) -> tuple[int, bool, str]:
    stem, suffix = stem_and_suffix(name)
    return PREFERENCE[suffix.rstrip().lower()], is_image(f"{stem}.png") is False, name


def of_references(images: Sequence[str]) -> tuple[list[Named], str]:
    """Returns the images of a reference set: no name of one is a sample of another.

    The id is the file's stem, or where stems repeat the relative path without suffix.
    """
    stems = [bare(name) for name in images]
    unique = len(set(stems)) == len(stems)
    ids = stems if unique else [without_suffix(name) for name in images]
    how = "file name without suffix" if unique else "relative path without suffix"
    return [Named(name, one) for name, one in zip(images, ids, strict=True)], how


def by_reference(
    images: Sequence[str], index: IdIndex, layout: str | None
) -> tuple[list[Named], list[LeftOut]] | None:
    """Returns the images under the reference's ids; None where no name is one of them.

    A name is tried as the reference has it, then as ``<id>_<number>``.

    Args:
        images: Relative names.
        index: The reference's ids.
        layout: ``flat`` or ``samples`` where the user chose one.

    Raises:
        UserError: If names can be read in two ways, or two files claim one sample.
    """
    exact: dict[str, str] = {}
    sampled: dict[str, tuple[str, int]] = {}
    for name in images:
        relative = without_suffix(name)
        found = index.find(relative)
        if found is not None and layout != "samples":
            exact[name] = found
        if layout != "flat":
            sample = _sampled(relative, index)
            if sample is not None:
                sampled[name] = sample
            elif found is not None:
                exact[name] = found
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
            named.append(Named(name, exact[name]))
        elif name in sampled:
            named.append(Named(name, *sampled[name]))
    named, left = without_copies(named, len(images), index)
    return named + _unmatched(images, exact.keys() | sampled.keys()), left


def _sampled(relative: str, index: IdIndex) -> tuple[str, int] | None:
    sample = sample_of(relative)
    if sample is None:
        return None
    figure_id = index.find(sample[0])
    return None if figure_id is None else (figure_id, sample[1])


def _unmatched(images: Sequence[str], matched: set[str]) -> list[Named]:
    rest = [name for name in images if name not in matched]
    return [Named(name, without_suffix(name)) for name in rest]


def by_folder(images: Sequence[str], index: IdIndex) -> list[Named] | None:
    """Returns the images whose folder is named by a reference's id; None where none is.

    Raises:
        UserError: If such a folder holds several images that are no numbered samples.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in images:
        parts = name.split("/")[:-1]
        found = next((one for one in map(index.find, reversed(parts)) if one is not None), None)
        if found is not None:
            groups[found].append(name)
    if not groups:
        return None
    named: list[Named] = []
    for figure_id, group in groups.items():
        stems = [bare(name) for name in group]
        if len(group) == 1:
            named.append(Named(group[0], figure_id))
        elif (numbers := _sample_numbers(stems)) is not None:
            pairs = zip(group, numbers, strict=True)
            named += [Named(name, figure_id, number) for name, number in pairs]
        else:
            raise _several(figure_id, group)
    return named + _unmatched(images, {one.name for one in named})


def _sample_numbers(stems: Sequence[str]) -> list[int] | None:
    """Returns the numbers of ``0``, ``1`` or ``seed_3``, ``seed_7``; None for other names."""
    matches = [_NUMBERED.fullmatch(stem) for stem in stems]
    found = [(match[1] or "", int(match[2])) for match in matches if match]
    if len(set(found)) < len(stems) or len({word for word, _ in found}) > 1:
        return None
    return [number for _, number in found]


def _several(figure_id: str, group: Sequence[str]) -> UserError:
    bases = sorted({name.rpartition("/")[2] for name in group})
    differing = bases if len(bases) > 1 else sorted("/".join(n.split("/")[-2:]) for n in group)
    return UserError(
        f"The folder of '{figure_id}' holds {len(group)} images: {some(differing, 8)}.",
        remedy=f"Choose the figure, for example with: --only '*/{differing[0]}'",
    )


def look_sampled(images: Sequence[str]) -> bool:
    """Tells whether most prompts have the same number (above 1) of ``<id>_<k>`` files."""
    counts = Counter(_prefix(bare(name)) for name in images)
    if len(counts) < 2 or "" in counts:
        return False
    usual, prompts = Counter(counts.values()).most_common(1)[0]
    return usual > 1 and prompts >= _REGULAR_SHARE * len(counts)


def _prefix(stem: str) -> str:
    sample = sample_of(stem)
    return sample[0] if sample else ""


def as_samples(images: Sequence[str]) -> list[Named]:
    """Returns the images by ``<id>_<k>``, without a reference to decide."""
    found = []
    for name in images:
        sample = sample_of(bare(name))
        found.append(Named(name, *sample) if sample else Named(name, bare(name)))
    return found


def candidates_of(
    named: Sequence[Named], names: Names, caption_of: Callable[[str], str | None]
) -> list[Candidate]:
    """Returns the candidates; numbers beyond a sample index become seeds, in their order."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for one in named:
        if one.number is not None:
            numbers[one.figure_id].add(one.number)
    seeds = any(number > MAX_SAMPLE for some_ in numbers.values() for number in some_)
    ranks = (
        {key: {number: at for at, number in enumerate(sorted(of))} for key, of in numbers.items()}
        if seeds
        else {}
    )
    found = []
    for one in named:
        sample, seed = one.number or 0, None
        if seeds and one.number is not None:
            sample, seed = ranks[one.figure_id][one.number], one.number
        path = names.path_of(one.name)
        found.append(Candidate(one.figure_id, sample, path, caption_of(one.name), seed))
    return found
