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
    """Returns the final output of each run.

    The id is the one that ``batch_report.json`` gives the run, else the run folder's name.
    """
    runs: dict[str, list[str]] = {}
    for name in contents.images:
        if _DRAFT.fullmatch(base_of(name)) or _FINAL.fullmatch(base_of(name)):
            runs.setdefault(folder_of(name), []).append(name)
    items = _items(contents)
    found = []
    for run, images in sorted(runs.items()):
        figure_id, prompt = items.pop(contents.title_of(run), (contents.title_of(run), None))
        final = [name for name in images if _FINAL.fullmatch(base_of(name))]
        found += [Part(name, "generated", figure_id, prompt=prompt) for name in final]
        found += [Part(name, "draft", figure_id) for name in images if name not in final]
        if not final:
            reason = "the run has iterations and no final_output"
            found.append(Part(f"{run}/final_output.png", "generated", figure_id, missing=reason))
    if found:
        reason = "the batch report names the run, and its folder has no image"
        found += [
            Part(f"{run}/final_output.png", "generated", figure_id, missing=reason)
            for run, (figure_id, _) in items.items()
        ]
    return found or None


def _items(contents: Contents) -> dict[str, tuple[str, str | None]]:
    """Returns (id, caption) by run folder, as a batch report has them."""
    reports = [name for name in contents.every if base_of(name) == "batch_report.json"]
    report = contents.json_of(reports[0]) if len(reports) == 1 else None
    items = report.get("items") if isinstance(report, dict) else None
    found = {}
    for one in items if isinstance(items, list) else ():
        if isinstance(one, dict) and isinstance(one.get("run_id"), str) and one.get("id"):
            caption = one.get("caption")
            found[one["run_id"]] = (str(one["id"]), caption if isinstance(caption, str) else None)
    return found
