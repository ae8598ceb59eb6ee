"""The layout ``autofigure``: run folders of AutoFigure-Edit with ``final.svg``, masks and icons.

Names: ResearAI/AutoFigure-Edit (``figure.png``, ``samed.png``, ``icons/icon_<k>[_nobg].png``,
``template.svg``, ``final.svg``, ``boxlib.json``).
"""

from __future__ import annotations

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, below, folder_of
from figbench.data.types import Role

_MARKS = ("samed.png", "template.svg", "boxlib.json")
_FINAL = ("final.png", "final.svg")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the files of the runs with their roles.

    The id of a figure is the name of its run folder. Returns None where there is no run.
    """
    runs = sorted({folder_of(name) for name in contents.every if base_of(name) in _MARKS})
    tool_files = []
    for run in runs:
        inside = [name for name in contents.images if below(name, run)]
        if not run and any(folder_of(name) in runs[1:] for name in inside):
            inside = [name for name in inside if "/" not in name]
        figure_id = contents.title_of(run)
        finals = [name for base in _FINAL for name in inside if _is(name, run, base)]
        for name in inside:
            if finals and name == finals[0]:
                source = next((final for final in finals if final.endswith(".svg")), None)
                source = None if source == name else source
                tool_files.append(ToolFile(name, "generated", figure_id, source=source))
            else:
                draft = name in finals or base_of(name) in ("figure.png", "template.svg")
                role: Role = "draft" if draft else "asset"
                tool_files.append(ToolFile(name, role, figure_id))
        if not finals:
            reason = "the run has neither final.svg nor final.png"
            tool_files.append(ToolFile(f"{run}/final.svg", "generated", figure_id, missing=reason))
    return tool_files or None


def _is(name: str, run: str, base: str) -> bool:
    return base_of(name) == base and folder_of(name) == run
