"""Common access to the files of folders and archives by relative names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from figbench.data.archives import archive_members
from figbench.data.dataset_index import escaped, some
from figbench.data.sources import SEPARATOR, read_source
from figbench.data.types import Reject
from figbench.errors import UserError
from figbench.images.limits import DecodeError

MAX_TEXT_BYTES = 1_000_000
"""Bytes of a text file that are read; the rest is ignored."""


class Names(Protocol):
    """Files of a folder or archive, for the modules of the layouts.

    Attributes:
        root: Folder that manifest paths are relative to.
        title: Name of the folder that relative names start from.
    """

    root: Path
    title: str

    def names(self) -> list[str]:
        """Returns the relative names of all files, sorted."""
        ...

    def path_of(self, name: str) -> str:
        """Returns the manifest path of a name."""
        ...

    def text(self, name: str) -> str | None:
        """Returns the text of a small file, or None where it is missing or unreadable."""
        ...

    def data(self, name: str) -> bytes:
        """Returns the bytes of a file.

        Raises:
            UserError: If the file cannot be read.
        """
        ...

    def rejects(self) -> list[Reject]:
        """Returns the files and folders that cannot be read; complete after :meth:`names`."""
        ...

    def notes(self) -> list[str]:
        """Returns notes on skipped and renamed files; complete after :meth:`names`."""
        ...


class FolderNames:
    """Files of a folder and its sub-folders.

    The target of a linked folder is read where it is outside of the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.title = root.resolve().name
        self._notes: list[str] = []
        self._unreadable: list[Reject] = []

    def names(self) -> list[str]:
        """See :class:`Names`."""
        self._notes, self._unreadable = [], []
        names = []
        waiting = [self.root]
        seen = {os.path.realpath(self.root)}
        while waiting:
            for folder, folders, files in os.walk(waiting.pop(), onerror=self._refused):
                base = Path(folder)
                for name in folders:
                    if (base / name).is_symlink():
                        self._link(base / name, seen, waiting)
                    else:
                        seen.add(os.path.realpath(base / name))
                inside = "" if base == self.root else f"{self._relative(base)}/"
                names += [f"{inside}{name}" for name in files]
        return sorted(names)

    def _link(self, link: Path, seen: set[str], waiting: list[Path]) -> None:
        """Adds the target of a link to the folders to read; a target in the set would be a loop."""
        target = os.path.realpath(link)
        name = escaped(self._relative(link))
        within = os.path.commonpath([target, os.path.realpath(self.root)])
        if target in seen or within in (target, os.path.realpath(self.root)):
            self._notes.append(f"linked folder not entered: {name} (it leads back into the set)")
        elif not Path(target).is_dir():
            self._notes.append(f"linked folder not entered: {name} (it leads nowhere)")
        else:
            seen.add(target)
            waiting.append(link)
            self._notes.append(f"linked folder entered: {name}")

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _refused(self, error: OSError) -> None:
        name = escaped(self._relative(Path(error.filename)))
        reason = f"the folder cannot be read ({error.strerror})"
        self._unreadable.append(Reject(name, "unreadable", reason))

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return name

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, name)

    def data(self, name: str) -> bytes:
        """See :class:`Names`."""
        return _data(self.root, name)

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._unreadable

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._notes)


class ObjectNames(FolderNames):
    """Objects of a store, of which a local copy of a few exists.

    The names come from the store's index of objects. Most objects are copied later.
    """

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
    """Files of a zip or tar archive.

    Where all files lie in a single top folder, relative names start from it. This does not apply
    to a folder whose name is a sample number.
    """

    def __init__(self, path: Path) -> None:
        self.root = path.parent
        self._archive = path.name
        listed = list(archive_members(path))
        members = {member.name: member for member in listed}
        self._problems = [
            Reject(f"{self._archive}{SEPARATOR}{escaped(member.name)}", *member.problem)
            for member in members.values()
            if member.problem
        ]
        usable = sorted(name for name, member in members.items() if not member.problem)
        readable, self._notes = _readable(usable)
        repeated = [
            name for name, count in Counter(member.name for member in listed).items() if count > 1
        ]
        if repeated:
            what = "names are twice in the archive; the last file of a name counts"
            self._notes.append(f"{len(repeated)} {what}: {some(sorted(repeated))}")
        tops = {name.split("/", 1)[0] for name in readable}
        nested = len(tops) == 1 and all("/" in name for name in readable)
        nested = nested and not _is_sample_folder(tops)
        self.title = next(iter(tops)) if nested else path.name
        prefix = f"{self.title}/" if nested else ""
        self._members = {name.removeprefix(prefix): stored for name, stored in readable.items()}

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return list(self._members)

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return f"{self._archive}{SEPARATOR}{self._members.get(name, name)}"

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, self.path_of(name)) if name in self._members else None

    def data(self, name: str) -> bytes:
        """See :class:`Names`."""
        return _data(self.root, self.path_of(name))

    def rejects(self) -> list[Reject]:
        """See :class:`Names`."""
        return self._problems

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return [f"read inside {self._archive}", *self._notes]


def _readable(stored: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Returns the stored names by their readable names, and notes on changes.

    .NET and PowerShell 5 write backslashes between folders.
    """
    names = list(stored)
    readable = {name: name for name in names}
    notes = []
    if any("\\" in name for name in names) and not any("/" in name for name in names):
        readable = {name.replace("\\", "/"): name for name in names}
        notes.append("backslashes in names were read as folders (a zip made on Windows)")
    return readable, notes


def _is_sample_folder(tops: set[str]) -> bool:
    return all(top.startswith("sample_") or top.isdigit() for top in tops)


def _text(root: Path, path: str) -> str | None:
    try:
        return read_source(root, path)[:MAX_TEXT_BYTES].decode("utf-8", "replace").strip()
    except DecodeError:
        return None


def _data(root: Path, path: str) -> bytes:
    try:
        return read_source(root, path)
    except DecodeError as error:
        raise UserError(f"{root / path}: cannot be read ({error.reason}).") from None
