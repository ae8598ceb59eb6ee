"""AutoFigure's run folders: ``figure_final.png`` beside the iterations that led to it.

Names: ResearAI/AutoFigure, ``autofigure/generator.py`` and ``agent.py`` (``initial_figure.png``,
``iteration_<n>.{svg,drawio,png}``, ``temp_iteration_<n>.png``, ``generation_report.json``,
``figure_final.{svg,drawio,png}``, ``figure_final_enhanced[_<k>].png``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from figbench.data.layouts.tools.parts import Contents, Part, base_of, folder_of

_REPORT = "generation_report.json"
_ITERATION = re.compile(r"(?:initial_figure|iteration_\d+)\.(?:png|svg|drawio)")
_FINAL = re.compile(r"figure_final\.(?:png|svg|drawio)")
_ENHANCED = re.compile(r"figure_final_enhanced(?:_(\d+))?\.\w+")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the parts of the runs; the id of a figure is the name of its run folder.

    An enhanced picture is another variant of the figure: where both are there, ``--only`` chooses.
    """
    found: list[Part] = []
    for run, files in sorted(contents.by_folder().items()):
        bases = {base_of(name) for name in files}
        iterated = any(_ITERATION.fullmatch(base) for base in bases)
        if iterated and (_REPORT in bases or any(map(_FINAL.fullmatch, bases))):
            found += _run(contents, run, files)
    return found or None


def _run(contents: Contents, run: str, files: Sequence[str]) -> list[Part]:
    figure_id = contents.title_of(run)
    images = [name for name in contents.images if folder_of(name) == run]
    finals = sorted(name for name in images if _FINAL.fullmatch(base_of(name)))
    document = next((name for name in files if _is_document(name)), None)
    found = []
    for name in images:
        enhanced = _ENHANCED.fullmatch(base_of(name))
        if name == next(iter(finals), None):
            source = document if document != name else None
            found.append(Part(name, "generated", figure_id, source=source))
        elif enhanced:
            sample = max(int(enhanced[1] or 1) - 1, 0)
            found.append(Part(name, "generated", figure_id, sample, source=document))
        else:
            found.append(Part(name, "draft", figure_id))
    if all(part.role == "draft" for part in found):
        prefix = f"{run}/" if run else ""
        reason = "the run has no figure_final.png and no figure_final.svg"
        found.append(Part(f"{prefix}figure_final.png", "generated", figure_id, missing=reason))
    return found


def _is_document(name: str) -> bool:
    return base_of(name) in ("figure_final.svg", "figure_final.drawio")
