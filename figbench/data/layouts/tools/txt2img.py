"""The layout ``txt2img``: ``samples/00000.png`` below a folder with a grid of the samples.

Names: CompVis, ``scripts/txt2img.py`` of latent-diffusion and stable-diffusion. The grid has the
name ``grid-0000.png`` or the name of the prompt.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, folder_of

_SAMPLE = re.compile(r"(\d{4,})\.\w+")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the numbered samples, and the grids as drafts.

    The id of a figure is the number of its sample. Returns None where the folder has no grid.
    """
    samples = [
        name
        for name in contents.images
        if base_of(folder_of(name)) == "samples" and _SAMPLE.fullmatch(base_of(name))
    ]
    parents = {folder_of(folder_of(name)) for name in samples}
    grids = [name for name in contents.images if folder_of(name) in parents]
    if len(parents) != 1 or not grids or len(grids) >= len(samples):
        return None
    numbered = [ToolFile(name, "generated", base_of(name).rsplit(".", 1)[0]) for name in samples]
    return [*numbered, *(ToolFile(name, "draft", "grid") for name in grids)]
