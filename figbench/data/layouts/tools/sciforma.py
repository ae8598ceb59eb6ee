"""SciForma's generated folders: ``<split>/cfg_<scale>/prompt<number>_<slug>.png``.

Names: microsoft/SciForma; also ``prompt_<number>/sample_<k>.png``. The number is the index of the
benchmark's prompts file and rubrics.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part
from figbench.data.naming import without_suffix
from figbench.errors import UserError

_FLAT = re.compile(r"(?:(.*)/)?prompt(\d{4,})(?:_[^/]*)?\.\w+")
_SAMPLES = re.compile(r"(?:(.*)/)?prompt_(\d{4,})/sample_(\d+)\.\w+")
_SCALE = re.compile(r"cfg_(\d+(?:\.\d+)?)")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the figures of one split and scale; the id is the prompt's number.

    Raises:
        UserError: If several splits or scales lie beside each other.
    """
    if not contents.chosen and contents.side == "reference":
        return None
    if any(contents.index.find(without_suffix(name)) for name in contents.images):
        return None
    found, folders = [], set()
    for name in contents.images:
        match = _FLAT.fullmatch(name) or _SAMPLES.fullmatch(name)
        if match:
            folder = match[1] or ""
            folders.add(folder)
            scale = _SCALE.fullmatch(contents.title_of(folder))
            number = match[2].zfill(4)
            sample = int(match[3]) if match.re is _SAMPLES else 0
            guidance = float(scale[1]) if scale else None
            found.append(Part(name, contents.side, number, sample, guidance_scale=guidance))
    if len(folders) > 1 and len(found) == len(contents.images):
        listed = sorted(folders)
        raise UserError(
            f"{contents.names.root}: holds {len(folders)} runs, whose prompts have the same "
            f"numbers: {', '.join(listed[:6])}.",
            remedy=f"Give the folder of one, or choose with --only '{listed[0]}/*'.",
        )
    return found or None
