"""SciFlow-Bench's paper folders: the crop of the paper's figure and the pictures of baselines.

Names: Tong-0302/SciFlow-Bench (``<paper>/prompt.json``, ``canvas_full*.json``,
``sam_results/segmentation_result.png``, ``<baseline>.png``,
``<baseline>_autobench/canvas_full.json``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figbench.data.layouts.tools.parts import Contents, Part, base_of, folder_of
from figbench.data.naming import stem_and_suffix
from figbench.errors import UserError

_TRUTH = "sam_results/segmentation_result.png"
_PROMPTS = ("caption", "prompt", "text")


def parts(contents: Contents) -> list[Part] | None:
    """Returns references, baselines and assets; the id is the paper folder's name.

    Raises:
        UserError: If the pictures of several baselines lie in the folders.
    """
    papers = sorted({_paper(name) for name in contents.every if name.endswith(_TRUTH)})
    papers += sorted(
        {folder_of(one) for one in contents.every if base_of(one) == "prompt.json"} - {*papers}
    )
    if not papers or not any(name.endswith(_TRUTH) for name in contents.every):
        return None
    found: list[Part] = []
    baselines = set()
    for paper in papers:
        inside = f"{paper}/" if paper else ""
        figure_id = contents.title_of(paper)
        prompt = _text(contents.json_of(f"{inside}prompt.json"))
        for name in contents.images:
            if name == inside + _TRUTH:
                source = _canvas(contents.every, inside)
                found.append(Part(name, "reference", figure_id, source=source, prompt=prompt))
            elif folder_of(name) == paper:
                stem = stem_and_suffix(name)[0]
                baselines.add(stem)
                canvas = f"{inside}{stem}_autobench/canvas_full.json"
                source = canvas if canvas in contents.every else None
                found.append(Part(name, "generated", figure_id, source=source, prompt=prompt))
            elif name.startswith(inside) and inside:
                found.append(Part(name, "asset", figure_id))
    if len(baselines) > 1 and contents.side == "generated":
        raise UserError(
            f"{contents.names.root}: holds {len(baselines)} baselines: "
            f"{', '.join(sorted(baselines)[:8])}.",
            remedy=f"Choose one with --only '*/{min(baselines)}.png'.",
        )
    return found


def _paper(name: str) -> str:
    return name.removesuffix(_TRUTH).rstrip("/")


def _canvas(every: Sequence[str], inside: str) -> str | None:
    found = [
        name
        for name in every
        if folder_of(name) == inside.rstrip("/") and base_of(name).startswith("canvas_full")
    ]
    return min(found, default=None)


def _text(document: Any) -> str | None:
    if isinstance(document, str):
        return document
    values = [document.get(name) for name in _PROMPTS] if isinstance(document, dict) else []
    return next((value for value in values if isinstance(value, str)), None)
