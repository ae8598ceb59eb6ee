"""Several files that claim one sample: copies are left out, contradictions refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from figbench.data.dataset_index import MAX_SAMPLE, some
from figbench.data.naming import IdIndex, bare
from figbench.data.types import LeftOut
from figbench.errors import UserError

_STRAY_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Named:
    """An image with the id and sample number that its name gives.

    Attributes:
        name: Relative name.
        figure_id: The reference's id where one is meant, else by the file's name.
        number: Sample number or seed; None where the name has none.
    """

    name: str
    figure_id: str
    number: int | None = None


def without_copies(
    named: Sequence[Named], total: int, index: IdIndex
) -> tuple[list[Named], list[LeftOut]]:
    """Leaves out files that lie below another of the same id and sample.

    Args:
        named: Images with their ids and samples.
        total: Number of images of the folder.
        index: The reference's ids.

    Returns:
        The images that stay, and what was left out.

    Raises:
        UserError: If two files claim one sample and none is a copy of the other.
    """
    named, apart = _without_plain_beside_numbered(named)
    claims: dict[tuple[str, int], list[Named]] = defaultdict(list)
    for one in named:
        claims[one.figure_id, one.number or 0].append(one)
    if len(claims) == len(named) and not apart:
        return list(named), []
    folders = Counter(_folder(one.name) for one in named)
    dropped: set[str] = set()
    copies, spelled_twice = list(apart), []
    for (figure_id, _), group in claims.items():
        if len(group) == 1:
            continue
        first = min(group, key=lambda one: _claim(one, figure_id))
        for one in group:
            if one is first:
                continue
            dropped.add(one.name)
            upper, lower = _folder(first.name), _folder(one.name)
            if upper == lower:
                if bare(first.name) != figure_id or first.number is not None or one.number == 0:
                    raise claimed_twice(first.name, one.name, figure_id)
                spelled_twice.append(one.name)
            elif not _below(lower, upper) and folders[lower] > _STRAY_SHARE * total:
                raise claimed_twice(first.name, one.name, figure_id)
            else:
                copies.append(one.name)
    left = []
    if copies:
        what = "images in other folders have the name of a figure that is scored, and were left out"
        left.append(LeftOut(len(copies), f"{what}: {some(copies)}", excused=True))
    if spelled_twice:
        what = "images whose name is another spelling of a scored figure's were left out"
        left.append(LeftOut(len(spelled_twice), f"{what}: {some(spelled_twice)}"))
    return [one for one in named if one.name not in dropped], left


def _without_plain_beside_numbered(
    named: Sequence[Named],
) -> tuple[list[Named], list[str]]:
    """Leaves out ``thumbs/a.png`` where the samples of ``a`` are ``a_0.png``, ``a_1.png``.

    Raises:
        UserError: If the plain name is no copy in a folder below, and cannot be sample 0: other ids
            have no such pair of names.
    """
    numbered: dict[str, list[Named]] = defaultdict(list)
    for one in named:
        if one.number is not None:
            numbered[one.figure_id].append(one)
    beside = {one.figure_id for one in named if one.number is None and one.figure_id in numbered}
    usual = 2 * len(beside) >= len({one.figure_id for one in named})
    apart = []
    for one in named:
        others = numbered.get(one.figure_id, ())
        if one.number is not None or not others:
            continue
        folders = {_folder(other.name) for other in others}
        mine = _folder(one.name)
        if mine not in folders and all(_below(mine, folder) for folder in folders):
            apart.append(one.name)
        elif (
            not usual
            or mine not in folders
            or any(other.number > MAX_SAMPLE for other in others if other.number)
        ):
            raise claimed_twice(others[0].name, one.name, one.figure_id)
    return [one for one in named if one.name not in apart], apart


def _claim(one: Named, figure_id: str) -> tuple[bool, int, str]:
    return bare(one.name) != figure_id, one.name.count("/"), one.name


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _below(lower: str, upper: str) -> bool:
    return not upper or lower.startswith(f"{upper}/")


def claimed_twice(first: str, second: str, figure_id: str) -> UserError:
    """Returns the error for two files that claim one sample of a figure."""
    return UserError(
        f"Two files claim one sample of '{figure_id}': {first} and {second}.",
        remedy="Give the folder of one run, choose with --only PATTERN, or name samples "
        "<id>_<k>; an index can say it in a 'sample' field.",
    )
