"""Folders and archives seen alike: relative names, and small text files beside the images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from figbench.data.decode import DecodeError
from figbench.data.sources import SEPARATOR, archive_members, read_source

MAX_TEXT_BYTES = 1_000_000


class Names(Protocol):
    """What the folder layouts need to know."""

    root: Path

    def names(self) -> list[str]:
        """Returns every file's relative name, sorted."""
        ...

    def path_of(self, name: str) -> str:
        """Returns the manifest path of a name."""
        ...

    def text(self, name: str) -> str | None:
        """Returns a small text file, or None."""
        ...

    def notes(self) -> list[str]:
        """Returns what was passed over."""
        ...


class FolderNames:
    """A folder, sub-folders included; linked folders are not entered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._linked: list[str] = []

    def names(self) -> list[str]:
        """See :class:`Names`."""
        found = []
        for folder, folders, files in os.walk(self.root):
            base = Path(folder)
            self._linked += [str(base / one) for one in folders if (base / one).is_symlink()]
            found += [(base / one).relative_to(self.root).as_posix() for one in files]
        return sorted(found)

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return name

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, name)

    def notes(self) -> list[str]:
        """See :class:`Names`."""
        return [f"linked folder not entered: {name}" for name in self._linked]


class ArchiveNames:
    """A zip or tar; a single top folder is looked through."""

    def __init__(self, path: Path) -> None:
        self.root = path.parent
        self._archive = path.name
        members = sorted(archive_members(path))
        tops = {name.split("/", 1)[0] for name in members}
        nested = len(tops) == 1 and all("/" in name for name in members)
        self._prefix = f"{tops.pop()}/" if nested and not _is_sample_folder(tops) else ""
        self._members = [name.removeprefix(self._prefix) for name in members]

    def names(self) -> list[str]:
        """See :class:`Names`."""
        return self._members

    def path_of(self, name: str) -> str:
        """See :class:`Names`."""
        return f"{self._archive}{SEPARATOR}{self._prefix}{name}"

    def text(self, name: str) -> str | None:
        """See :class:`Names`."""
        return _text(self.root, self.path_of(name)) if name in self._members else None

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
