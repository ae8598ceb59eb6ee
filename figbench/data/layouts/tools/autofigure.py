"""AutoFigure-Edit's run folders: ``final.svg`` beside its template, masks and icons.

Names: ResearAI/AutoFigure-Edit (``figure.png``, ``samed.png``, ``icons/icon_<k>[_nobg].png``,
``template.svg``, ``final.svg``, ``boxlib.json``).
"""

from __future__ import annotations

from figbench.data.layouts.tools.parts import Contents, Part, base_of, below, folder_of
from figbench.data.types import Role

_MARKS = ("samed.png", "template.svg", "boxlib.json")
_FINAL = ("final.png", "final.svg")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the parts of the runs; the id of a figure is the name of its run folder."""
    runs = sorted({folder_of(name) for name in contents.every if base_of(name) in _MARKS})
    found = []
    for run in runs:
        inside = [name for name in contents.images if below(name, run)]
        if not run and any(folder_of(name) in runs[1:] for name in inside):
            inside = [name for name in inside if "/" not in name]
        figure_id = contents.title_of(run)
        finals = [name for base in _FINAL for name in inside if _is(name, run, base)]
        for name in inside:
            if finals and name == finals[0]:
                source = next((one for one in finals if one.endswith(".svg")), None)
                source = None if source == name else source
                found.append(Part(name, "generated", figure_id, source=source))
            else:
                draft = name in finals or base_of(name) in ("figure.png", "template.svg")
                role: Role = "draft" if draft else "asset"
                found.append(Part(name, role, figure_id))
        if not finals:
            reason = "the run has neither final.svg nor final.png"
            found.append(Part(f"{run}/final.svg", "generated", figure_id, missing=reason))
    return found or None


def _is(name: str, run: str, base: str) -> bool:
    return base_of(name) == base and folder_of(name) == run
