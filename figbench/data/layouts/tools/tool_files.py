"""Input and output of the tool modules: contents of a folder, and files with their roles."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from figbench.data.layouts.filenames import Names
from figbench.data.naming import IdIndex
from figbench.data.types import Role


@dataclass(frozen=True, slots=True)
class ToolFile:
    """A file of a tool's folder.

    Attributes:
        name: Relative name.
        role: Figure of a side, draft or asset.
        figure_id: The figure that the file is or belongs to.
        sample: 0-based sample index.
        source: Relative name of the document that the figure was rendered from.
        prompt: Caption of the figure.
        member: Suffix of the manifest path for a cell of a grid; empty for a whole image.
        guidance_scale: Classifier-free guidance scale, where the name of a folder states it.
        missing: Reason why the tool made no figure; empty for an existing file.
    """

    name: str
    role: Role
    figure_id: str | None = None
    sample: int = 0
    source: str | None = None
    prompt: str | None = None
    member: str = ""
    guidance_scale: float | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a folder or archive, which the tool modules classify.

    Attributes:
        names: Access to the text files of the folder or archive.
        every: Relative names of all files.
        images: Relative names of the images to classify.
        side: Side of the comparison that is read.
        explicit: Whether the user selected the layout with an option.
        index: Ids of the reference set; empty where there is none.
    """

    names: Names
    every: Sequence[str]
    images: Sequence[str]
    side: Role
    explicit: bool
    index: IdIndex

    def by_folder(self) -> dict[str, list[str]]:
        """Returns the names of all files by their folder; a sub-folder is a folder of its own."""
        folders: dict[str, list[str]] = defaultdict(list)
        for name in self.every:
            folders[folder_of(name)].append(name)
        return folders

    def json_of(self, name: str) -> Any:
        """Returns the document of a small JSON file; None where it is missing or unreadable."""
        text = self.names.text(name) if name in self.every else None
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            return None

    def title_of(self, folder: str) -> str:
        """Returns the last component of a folder's name; the name of the set for the top folder."""
        return folder.rpartition("/")[2] or self.names.title


def folder_of(name: str) -> str:
    """Returns the folder of a relative name; empty at the top."""
    return name.rpartition("/")[0]


def base_of(name: str) -> str:
    """Returns the last component of a relative name."""
    return name.rpartition("/")[2]


def below(name: str, folder: str) -> bool:
    """Tells whether a file lies in a folder or in a sub-folder of it."""
    return not folder or name.startswith(f"{folder}/")
