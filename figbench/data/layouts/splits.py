"""Splits of a data set: never merged without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from figbench.data.layouts.filenames import Names
from figbench.data.naming import SPLIT, split_in, split_name
from figbench.data.types import Reject
from figbench.errors import UserError


def choose(
    title: str,
    names: Sequence[str],
    split: str | None,
    of: Callable[[str], str | None] = split_in,
) -> tuple[list[str], list[str]]:
    """Returns the names of the split that is asked for, and notes.

    Args:
        title: The set, for messages.
        names: Relative names of shards, indexes or images.
        split: The split, or None where the user chose none.
        of: Tells the split of a name.

    Raises:
        UserError: If there are several splits and none is chosen, or the chosen one is not there.
    """
    splits = {name: of(name) for name in names}
    counts = Counter(one for one in splits.values() if one is not None)
    if not counts:
        return list(names), []
    listed = ", ".join(f"{name} ({count} files)" for name, count in sorted(counts.items()))
    if split is None:
        if len(counts) > 1:
            raise UserError(
                f"{title}: holds {len(counts)} splits: {listed}.",
                remedy=f"Choose one: --split {max(counts, key=lambda name: name == 'test')}, or "
                "give the path of its folder or file.",
            )
        return list(names), []
    asked = split_name(split)
    if asked not in counts:
        raise UserError(f"{title}: has no split '{split}'; it has {listed}.")
    chosen = [name for name, one in splits.items() if one == asked]
    return chosen, [f"split '{asked}' of {listed}"]


def of_records(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    split: str | None,
    *,
    required: bool,
    folder_of: Callable[[Mapping[str, Any]], str | None] = lambda _row: None,
) -> tuple[list[Mapping[str, Any] | None], list[str]]:
    """Returns the records of one split by their field ``split`` or folder; else None.

    Args:
        title: The index, for messages.
        rows: Records of one index.
        split: The split that is asked for, or None.
        required: Whether several splits without a choice are an error.
        folder_of: Tells the split whose folder the image of a record lies in.

    Returns:
        The records of the split, and notes.

    Raises:
        UserError: If several splits have to be chosen from, or the chosen one is not there.
    """
    values = [one.get("split") or folder_of(one) for one in rows]
    counts = Counter(one for one in values if isinstance(one, str) and one)
    if not counts or (split is None and (len(counts) < 2 or not required)):
        return list(rows), []
    listed = ", ".join(f"{name} ({count} records)" for name, count in sorted(counts.items()))
    if split is None:
        first = max(sorted(counts), key=lambda name: name == "test")
        raise UserError(
            f"{title}: holds {len(counts)} splits: {listed}.", remedy=f"Choose one: --split {first}"
        )
    asked = next((one for one in (split, split_name(split)) if one in counts), None)
    if asked is None:
        raise UserError(f"{title}: has no split '{split}'; it has {listed}.")
    chosen = [row if one == asked else None for row, one in zip(rows, values, strict=True)]
    return chosen, [f"split '{asked}' of {listed}"]


def split_folder(name: str) -> str | None:
    """Returns the split whose folder an image lies in: the first part of its path."""
    top, separator, rest = name.partition("/")
    if top == "data" and separator:
        top, separator, _ = rest.partition("/")
    return split_name(top) if separator and SPLIT.fullmatch(top.lower()) else None


class Part:
    """Some names of a folder or archive; see :class:`Names`."""

    def __init__(self, whole: Names, chosen: Sequence[str], notes: Sequence[str] = ()) -> None:
        self.root, self.title = whole.root, whole.title
        self._whole, self._chosen, self._notes = whole, list(chosen), list(notes)

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._chosen)

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return self._whole.path_of(name)

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return self._whole.text(name)

    def data(self, name: str) -> bytes:
        """See :class:`Names`."""
        return self._whole.data(name)

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._whole.rejects()

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return [*self._whole.notes(), *self._notes]
