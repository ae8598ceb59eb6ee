"""Selection of a split of a data set.

Several splits of a reference set are never merged: the user selects a split.
"""

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
    split_of: Callable[[str], str | None] = split_in,
) -> tuple[list[str], list[str]]:
    """Returns the names of the requested split, and notes.

    Args:
        title: The set, for messages.
        names: Relative names of shards, indexes or images.
        split: Requested split, or None.
        split_of: Returns the split of a name, or None.

    Returns:
        The selected names in their order, and notes for the manifest.

    Raises:
        UserError: If there are several splits and none is requested, or the requested split is
            missing.
    """
    splits = {name: split_of(name) for name in names}
    counts = Counter(value for value in splits.values() if value is not None)
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
    requested = split_name(split)
    if requested not in counts:
        raise UserError(f"{title}: has no split '{split}'; it has {listed}.")
    selection = [name for name, value in splits.items() if value == requested]
    return selection, [f"split '{requested}' of {listed}"]


def of_records(
    title: str,
    records: Sequence[Mapping[str, Any]],
    split: str | None,
    *,
    required: bool,
    folder_of: Callable[[Mapping[str, Any]], str | None] = lambda _record: None,
) -> tuple[list[Mapping[str, Any] | None], list[str]]:
    """Selects the records of a split by their field ``split``, or by the folder of their image.

    Args:
        title: The index, for messages.
        records: Records of an index.
        split: Requested split, or None.
        required: Whether several splits without a request are an error.
        folder_of: Returns the split whose folder holds the image of a record, or None.

    Returns:
        All records in their order, with None for records of other splits, and notes.

    Raises:
        UserError: If a split has to be requested, or the requested split is missing.
    """
    values = [record.get("split") or folder_of(record) for record in records]
    counts = Counter(value for value in values if isinstance(value, str) and value)
    if not counts or (split is None and (len(counts) < 2 or not required)):
        return list(records), []
    listed = ", ".join(f"{name} ({count} records)" for name, count in sorted(counts.items()))
    if split is None:
        first = max(sorted(counts), key=lambda name: name == "test")
        raise UserError(
            f"{title}: holds {len(counts)} splits: {listed}.", remedy=f"Choose one: --split {first}"
        )
    requested = next((name for name in (split, split_name(split)) if name in counts), None)
    if requested is None:
        raise UserError(f"{title}: has no split '{split}'; it has {listed}.")
    selection = [
        record if value == requested else None
        for record, value in zip(records, values, strict=True)
    ]
    return selection, [f"split '{requested}' of {listed}"]


def split_folder(name: str) -> str | None:
    """Returns the split that the top folder of a path names, or None.

    A top folder ``data`` is skipped.
    """
    top, separator, rest = name.partition("/")
    if top == "data" and separator:
        top, separator, _ = rest.partition("/")
    return split_name(top) if separator and SPLIT.fullmatch(top.lower()) else None


class NamesSubset:
    """Subset of the names of a folder or archive; see :class:`Names`."""

    def __init__(self, whole: Names, selection: Sequence[str], notes: Sequence[str] = ()) -> None:
        self.root, self.title = whole.root, whole.title
        self._whole, self._selection, self._notes = whole, list(selection), list(notes)

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._selection)

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
