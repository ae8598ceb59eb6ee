"""The folders of latent diffusion's scripts: ``samples/00000.png`` below a grid of all of them.

Names: CompVis, ``scripts/txt2img.py`` of latent-diffusion and stable-diffusion (the grid is called
``grid-0000.png`` or like the prompt).
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part, base_of, folder_of

_SAMPLE = re.compile(r"(\d{4,})\.\w+")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the numbered samples, whose id is their number, and the grids as drafts."""
    samples = [
        name
        for name in contents.images
        if base_of(folder_of(name)) == "samples" and _SAMPLE.fullmatch(base_of(name))
    ]
    parents = {folder_of(folder_of(name)) for name in samples}
    grids = [name for name in contents.images if folder_of(name) in parents]
    if len(parents) != 1 or not grids or len(grids) >= len(samples):
        return None
    numbered = [Part(name, "generated", base_of(name).rsplit(".", 1)[0]) for name in samples]
    return [*numbered, *(Part(name, "draft", "grid") for name in grids)]
