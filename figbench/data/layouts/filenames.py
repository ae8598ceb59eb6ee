"""Folders and archives seen alike: relative names, and small text files beside the images."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from figbench.data.archives import archive_members
from figbench.data.dataset_index import shown
from figbench.data.sources import SEPARATOR, read_source
from figbench.data.types import Reject
from figbench.images.limits import DecodeError

MAX_TEXT_BYTES = 1_000_000


class Names(Protocol):
    """What the folder layouts need to know.

    Attributes:
        root: What manifest paths are relative to.
        title: Name of the folder that the relative names lie in.
    """

    root: Path
    title: str

    def names(self) -> list[str]:
        """Returns every file's relative name, sorted."""
        ...

    def path_of(self, name: str) -> str:
        """Returns the manifest path of a name."""
        ...

    def text(self, name: str) -> str | None:
        """Returns a small text file, or None."""
        ...

    def rejects(self) -> list[Reject]:
        """Returns what must not be read; complete after :meth:`names`."""
        ...

    def notes(self) -> list[str]:
        """Returns what was passed over; complete after :meth:`names`."""
        ...


class FolderNames:
    """A folder, sub-folders included; linked folders are not entered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.title = root.resolve().name
        self._linked: list[str] = []
        self._unreadable: list[Reject] = []

    def names(self) -> list[str]:
        """See :class:`Names`."""
        found = []
        for folder, folders, files in os.walk(self.root, onerror=self._refused):
            base = Path(folder)
            self._linked += [
                self._relative(base / one) for one in folders if (base / one).is_symlink()
            ]
            inside = "" if base == self.root else f"{self._relative(base)}/"
            found += [f"{inside}{one}" for one in files]
        return sorted(found)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _refused(self, error: OSError) -> None:
        name = shown(self._relative(Path(error.filename)))
        reason = f"the folder cannot be read ({error.strerror})"
        self._unreadable.append(Reject(name, "unreadable", reason))

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return name

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, name)

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._unreadable

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return [f"linked folder not entered: {shown(name)}" for name in self._linked]


class ObjectNames(FolderNames):
    """The copy of a folder of objects, by the names that its store lists: most come later."""

    def __init__(
        self, root: Path, title: str, listed: Iterable[str], refused: Iterable[Reject]
    ) -> None:
        super().__init__(root)
        self.title = title
        self._listed = sorted(listed)
        self._refused_names = list(refused)

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._listed)

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._refused_names


class ArchiveNames:
    """A zip or tar; a single top folder is looked through."""

    def __init__(self, path: Path) -> None:
        self.root = path.parent
        self._archive = path.name
        members = {member.name: member for member in archive_members(path)}
        self._problems = [
            Reject(f"{self._archive}{SEPARATOR}{shown(member.name)}", *member.problem)
            for member in members.values()
            if member.problem
        ]
        usable = sorted(name for name, member in members.items() if not member.problem)
        tops = {name.split("/", 1)[0] for name in usable}
        nested = len(tops) == 1 and all("/" in name for name in usable)
        self.title = tops.pop() if nested and not _is_sample_folder(tops) else path.name
        self._prefix = f"{self.title}/" if self.title != path.name else ""
        self._members = {name.removeprefix(self._prefix): None for name in usable}

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._members)

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return f"{self._archive}{SEPARATOR}{self._prefix}{name}"

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, self.path_of(name)) if name in self._members else None

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._problems

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return [f"read inside {self._archive}"]


def _is_sample_folder(tops: set[str]) -> bool:
    return all(top.startswith("sample_") or top.isdigit() for top in tops)


def _text(root: Path, path: str) -> str | None:
    try:
        return read_source(root, path)[:MAX_TEXT_BYTES].decode("utf-8", "replace").strip()
    except DecodeError:
        return None
