"""What the modules of the tools are given and return."""

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
class Part:
    """A file of a tool's folder.

    Attributes:
        name: Relative name.
        role: What the file is.
        figure_id: The figure that it is or belongs to.
        sample: 0-based sample index.
        source: Relative name of the document that the figure was drawn from.
        prompt: The figure's caption.
        member: Suffix of the manifest path for a part of an image (a cell of a grid).
        guidance_scale: Classifier-free guidance scale, where a folder's name has it.
        missing: Why the tool has no figure here; empty where it has.
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
    """A folder as the tools' modules see it.

    Attributes:
        names: The folder or archive, for texts in it.
        every: Relative names of all files.
        images: Relative names of the images that count.
        side: The side that is read.
        chosen: Whether the user named the layout.
        index: The reference's ids, where they are known.
    """

    names: Names
    every: Sequence[str]
    images: Sequence[str]
    side: Role
    chosen: bool
    index: IdIndex

    def by_folder(self) -> dict[str, list[str]]:
        """Returns the names of all files by the folder that they lie in, sub-folders apart."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.every:
            found[folder_of(name)].append(name)
        return found

    def json_of(self, name: str) -> Any:
        """Returns a small JSON file; None where it is not there or not readable."""
        text = self.names.text(name) if name in self.every else None
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            return None

    def title_of(self, folder: str) -> str:
        """Returns the last part of a folder's name; of the set itself where it is the top."""
        return folder.rpartition("/")[2] or self.names.title


def folder_of(name: str) -> str:
    """Returns the folder of a relative name; empty at the top."""
    return name.rpartition("/")[0]


def base_of(name: str) -> str:
    """Returns the last part of a relative name."""
    return name.rpartition("/")[2]


def below(name: str, folder: str) -> bool:
    """Tells whether a name lies in a folder or in one below it."""
    return not folder or name.startswith(f"{folder}/")
