"""The layout ``sciflow``: paper folders of SciFlow-Bench.

A folder has the crop of the paper's figure and an image of each baseline.

Names: Tong-0302/SciFlow-Bench (``<paper>/prompt.json``, ``canvas_full*.json``,
``sam_results/segmentation_result.png``, ``<baseline>.png``,
``<baseline>_autobench/canvas_full.json``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, folder_of
from figbench.data.naming import stem_and_suffix
from figbench.errors import UserError

_TRUTH = "sam_results/segmentation_result.png"
_PROMPTS = ("caption", "prompt", "text")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns references, baselines and assets, or None where there is no reference.

    The id of a figure is the name of its paper folder.

    Raises:
        UserError: If the folders hold images of several baselines.
    """
    papers = sorted({_paper(name) for name in contents.every if name.endswith(_TRUTH)})
    papers += sorted(
        {folder_of(name) for name in contents.every if base_of(name) == "prompt.json"} - {*papers}
    )
    if not papers or not any(name.endswith(_TRUTH) for name in contents.every):
        return None
    tool_files: list[ToolFile] = []
    baselines = set()
    for paper in papers:
        inside = f"{paper}/" if paper else ""
        figure_id = contents.title_of(paper)
        prompt = _text(contents.json_of(f"{inside}prompt.json"))
        for name in contents.images:
            if name == inside + _TRUTH:
                source = _canvas(contents.every, inside)
                tool_files.append(
                    ToolFile(name, "reference", figure_id, source=source, prompt=prompt)
                )
            elif folder_of(name) == paper:
                stem = stem_and_suffix(name)[0]
                baselines.add(stem)
                canvas = f"{inside}{stem}_autobench/canvas_full.json"
                source = canvas if canvas in contents.every else None
                tool_files.append(
                    ToolFile(name, "generated", figure_id, source=source, prompt=prompt)
                )
            elif name.startswith(inside) and inside:
                tool_files.append(ToolFile(name, "asset", figure_id))
    if len(baselines) > 1 and contents.side == "generated":
        raise UserError(
            f"{contents.names.root}: holds {len(baselines)} baselines: "
            f"{', '.join(sorted(baselines)[:8])}.",
            remedy=f"Choose one with --only '*/{min(baselines)}.png'.",
        )
    return tool_files


def _paper(name: str) -> str:
    return name.removesuffix(_TRUTH).rstrip("/")


def _canvas(every: Sequence[str], inside: str) -> str | None:
    canvases = [
        name
        for name in every
        if folder_of(name) == inside.rstrip("/") and base_of(name).startswith("canvas_full")
    ]
    return min(canvases, default=None)


def _text(document: Any) -> str | None:
    if isinstance(document, str):
        return document
    values = [document.get(name) for name in _PROMPTS] if isinstance(document, dict) else []
    return next((value for value in values if isinstance(value, str)), None)
