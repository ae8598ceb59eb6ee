"""The layout ``sciforma``: ``<split>/cfg_<scale>/prompt<number>_<slug>.png`` of SciForma.

The layout also has ``prompt_<number>/sample_<k>.png``. The number is the index of the prompt in
the benchmark's prompts file and rubrics.

Names: microsoft/SciForma.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile
from figbench.data.naming import without_suffix
from figbench.errors import UserError

_FLAT = re.compile(r"(?:(.*)/)?prompt(\d{4,})(?:_[^/]*)?\.\w+")
_SAMPLES = re.compile(r"(?:(.*)/)?prompt_(\d{4,})/sample_(\d+)\.\w+")
_SCALE = re.compile(r"cfg_(\d+(?:\.\d+)?)")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the figures of one split and scale, or None where there are none.

    The id of a figure is the number of its prompt. The layout is not detected on the reference
    side, nor where a reference has the name of an image.

    Raises:
        UserError: If the folder holds several splits or scales.
    """
    if not contents.explicit and contents.side == "reference":
        return None
    if any(contents.index.find(without_suffix(name)) for name in contents.images):
        return None
    tool_files, folders = [], set()
    for name in contents.images:
        match = _FLAT.fullmatch(name) or _SAMPLES.fullmatch(name)
        if match:
            folder = match[1] or ""
            folders.add(folder)
            scale = _SCALE.fullmatch(contents.title_of(folder))
            number = match[2].zfill(4)
            sample = int(match[3]) if match.re is _SAMPLES else 0
            guidance = float(scale[1]) if scale else None
            tool_files.append(
                ToolFile(name, contents.side, number, sample, guidance_scale=guidance)
            )
    if len(folders) > 1 and len(tool_files) == len(contents.images):
        listed = sorted(folders)
        raise UserError(
            f"{contents.names.root}: holds {len(folders)} runs, whose prompts have the same "
            f"numbers: {', '.join(listed[:6])}.",
            remedy=f"Give the folder of one, or choose with --only '{listed[0]}/*'.",
        )
    return tool_files or None
