"""The layout ``autofigure-agent``: run folders of AutoFigure with ``figure_final.png``.

Names: ResearAI/AutoFigure, ``autofigure/generator.py`` and ``agent.py`` (``initial_figure.png``,
``iteration_<n>.{svg,drawio,png}``, ``temp_iteration_<n>.png``, ``generation_report.json``,
``figure_final.{svg,drawio,png}``, ``figure_final_enhanced[_<k>].png``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, folder_of

_REPORT = "generation_report.json"
_ITERATION = re.compile(r"(?:initial_figure|iteration_\d+)\.(?:png|svg|drawio)")
_FINAL = re.compile(r"figure_final\.(?:png|svg|drawio)")
_ENHANCED = re.compile(r"figure_final_enhanced(?:_(\d+))?\.\w+")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the files of the runs with their roles.

    The id of a figure is the name of its run folder. An enhanced image is another variant of the
    figure. Where a run has both, the user selects a variant with ``--only``. Returns None where
    there is no run.
    """
    tool_files: list[ToolFile] = []
    for run, files in sorted(contents.by_folder().items()):
        bases = {base_of(name) for name in files}
        iterated = any(_ITERATION.fullmatch(base) for base in bases)
        if iterated and (_REPORT in bases or any(map(_FINAL.fullmatch, bases))):
            tool_files += _run(contents, run, files)
    return tool_files or None


def _run(contents: Contents, run: str, files: Sequence[str]) -> list[ToolFile]:
    figure_id = contents.title_of(run)
    images = [name for name in contents.images if folder_of(name) == run]
    finals = sorted(name for name in images if _FINAL.fullmatch(base_of(name)))
    document = next((name for name in files if _is_document(name)), None)
    tool_files = []
    for name in images:
        enhanced = _ENHANCED.fullmatch(base_of(name))
        if name == next(iter(finals), None):
            source = document if document != name else None
            tool_files.append(ToolFile(name, "generated", figure_id, source=source))
        elif enhanced:
            sample = max(int(enhanced[1] or 1) - 1, 0)
            tool_files.append(ToolFile(name, "generated", figure_id, sample, source=document))
        else:
            tool_files.append(ToolFile(name, "draft", figure_id))
    if all(tool_file.role == "draft" for tool_file in tool_files):
        prefix = f"{run}/" if run else ""
        reason = "the run has no figure_final.png and no figure_final.svg"
        tool_files.append(
            ToolFile(f"{prefix}figure_final.png", "generated", figure_id, missing=reason)
        )
    return tool_files


def _is_document(name: str) -> bool:
    return base_of(name) in ("figure_final.svg", "figure_final.drawio")
