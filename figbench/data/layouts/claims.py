"""Files that claim the same sample of a figure: copies are left out, other claims are errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from figbench.data.dataset_index import MAX_SAMPLE, some
from figbench.data.naming import IdIndex, bare
from figbench.data.types import LeftOut
from figbench.errors import UserError

_STRAY_SHARE = 0.05
"""Largest share of the images that a folder of copies may hold."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image with the id and sample number that its name gives.

    Attributes:
        name: Relative name.
        figure_id: Id of the reference that the name matches, else the id from the file name.
        number: Sample number or seed; None where the name has none.
    """

    name: str
    figure_id: str
    number: int | None = None


def without_copies(
    named: Sequence[NamedImage], total: int, index: IdIndex
) -> tuple[list[NamedImage], list[LeftOut]]:
    """Leaves out copies of files with the same id and sample.

    A copy lies in another folder, or has another spelling of the name in the same folder.

    Args:
        named: Images with their ids and samples.
        total: Number of images of the folder.
        index: Ids of the reference set.

    Returns:
        The remaining images, and counts of the images that were left out.

    Raises:
        UserError: If two files claim the same sample and neither is a copy.
    """
    named, plain_copies = _without_plain_copies(named)
    claims: dict[tuple[str, int], list[NamedImage]] = defaultdict(list)
    for image in named:
        claims[image.figure_id, image.number or 0].append(image)
    if len(claims) == len(named) and not plain_copies:
        return list(named), []
    folders = Counter(_folder(image.name) for image in named)
    dropped: set[str] = set()
    copies, spelled_twice = list(plain_copies), []
    for (figure_id, _), group in claims.items():
        if len(group) == 1:
            continue
        first = min(group, key=lambda image: _preference(image, figure_id))
        for image in group:
            if image is first:
                continue
            dropped.add(image.name)
            upper, lower = _folder(first.name), _folder(image.name)
            if upper == lower:
                if bare(first.name) != figure_id or first.number is not None or image.number == 0:
                    raise claimed_twice(first.name, image.name, figure_id)
                spelled_twice.append(image.name)
            elif not _below(lower, upper) and folders[lower] > _STRAY_SHARE * total:
                raise claimed_twice(first.name, image.name, figure_id)
            else:
                copies.append(image.name)
    left = []
    if copies:
        what = "images in other folders have the name of a figure that is scored, and were left out"
        left.append(LeftOut(len(copies), f"{what}: {some(copies)}", excused=True))
    if spelled_twice:
        what = "images whose name is another spelling of a scored figure's were left out"
        left.append(LeftOut(len(spelled_twice), f"{what}: {some(spelled_twice)}"))
    return [image for image in named if image.name not in dropped], left


def _without_plain_copies(
    named: Sequence[NamedImage],
) -> tuple[list[NamedImage], list[str]]:
    """Leaves out ``thumbs/a.png`` where the samples of ``a`` are ``a_0.png``, ``a_1.png``.

    Raises:
        UserError: If the plain file is neither a copy in a sub-folder nor sample 0. It is sample 0
            where it lies in a folder of the numbered files, none of their numbers is a seed, and
            at least half of the ids have both kinds of files.
    """
    numbered: dict[str, list[NamedImage]] = defaultdict(list)
    for image in named:
        if image.number is not None:
            numbered[image.figure_id].append(image)
    plain_ids = {image.figure_id for image in named if image.number is None}
    has_convention = 2 * len(plain_ids & numbered.keys()) >= len(
        {image.figure_id for image in named}
    )
    plain_copies = []
    for image in named:
        others = numbered.get(image.figure_id, ())
        if image.number is not None or not others:
            continue
        folders = {_folder(other.name) for other in others}
        plain_folder = _folder(image.name)
        if plain_folder not in folders and all(_below(plain_folder, folder) for folder in folders):
            plain_copies.append(image.name)
        elif (
            not has_convention
            or plain_folder not in folders
            or any(other.number > MAX_SAMPLE for other in others if other.number)
        ):
            raise claimed_twice(others[0].name, image.name, image.figure_id)
    return [image for image in named if image.name not in plain_copies], plain_copies


def _preference(image: NamedImage, figure_id: str) -> tuple[bool, int, str]:
    return bare(image.name) != figure_id, image.name.count("/"), image.name


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _below(lower: str, upper: str) -> bool:
    return not upper or lower.startswith(f"{upper}/")


def claimed_twice(first: str, second: str, figure_id: str) -> UserError:
    """Returns the error for two files that claim the same sample of a figure.

    Args:
        first: Relative name of the first file.
        second: Relative name of the second file.
        figure_id: Id of the figure.
    """
    return UserError(
        f"Two files claim one sample of '{figure_id}': {first} and {second}.",
        remedy="Give the folder of one run, choose with --only PATTERN, or name samples "
        "<id>_<k>; an index can state it in a 'sample' field.",
    )
