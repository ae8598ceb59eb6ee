"""Run folders of llmsresearch/paperbanana: ``<run>/final_output.png`` and its iterations.

Names: llmsresearch/paperbanana (``diagram_iter_<k>.png``, ``final_output.png``,
``metadata.json``).
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part, base_of, folder_of

_DRAFT = re.compile(r"(?:diagram|plot)_iter_\d+\.\w+")
_FINAL = re.compile(r"final_output\.\w+")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the final output of each run; the id is the run folder's name."""
    runs: dict[str, list[str]] = {}
    for name in contents.images:
        if _DRAFT.fullmatch(base_of(name)) or _FINAL.fullmatch(base_of(name)):
            runs.setdefault(folder_of(name), []).append(name)
    found = []
    for run, images in sorted(runs.items()):
        figure_id = contents.title_of(run)
        final = [name for name in images if _FINAL.fullmatch(base_of(name))]
        found += [Part(name, "generated", figure_id) for name in final]
        found += [Part(name, "draft", figure_id) for name in images if name not in final]
        if not final:
            reason = "the run has iterations and no final_output"
            found.append(Part(f"{run}/final_output.png", "generated", figure_id, missing=reason))
    return found or None
