"""The layout ``paperbanana-runs``: ``<run>/final_output.png`` and its iterations.

Names: llmsresearch/paperbanana (``diagram_iter_<k>.png``, ``final_output.png``,
``metadata.json``).
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, folder_of

_DRAFT = re.compile(r"(?:diagram|plot)_iter_\d+\.\w+")
_FINAL = re.compile(r"final_output\.\w+")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the final output of each run, and its iterations as drafts.

    The id of a figure is the id of the run in ``batch_report.json``, else the name of the run
    folder. Returns None where there is no run.
    """
    runs: dict[str, list[str]] = {}
    for name in contents.images:
        if _DRAFT.fullmatch(base_of(name)) or _FINAL.fullmatch(base_of(name)):
            runs.setdefault(folder_of(name), []).append(name)
    items = _items(contents)
    tool_files = []
    for run, images in sorted(runs.items()):
        figure_id, prompt = items.pop(contents.title_of(run), (contents.title_of(run), None))
        final = [name for name in images if _FINAL.fullmatch(base_of(name))]
        tool_files += [ToolFile(name, "generated", figure_id, prompt=prompt) for name in final]
        tool_files += [ToolFile(name, "draft", figure_id) for name in images if name not in final]
        if not final:
            reason = "the run has iterations and no final_output"
            tool_files.append(
                ToolFile(f"{run}/final_output.png", "generated", figure_id, missing=reason)
            )
    if tool_files:
        reason = "the batch report names the run, and its folder has no image"
        tool_files += [
            ToolFile(f"{run}/final_output.png", "generated", figure_id, missing=reason)
            for run, (figure_id, _) in items.items()
        ]
    return tool_files or None


def _items(contents: Contents) -> dict[str, tuple[str, str | None]]:
    """Returns (id, caption) of a batch report by run folder."""
    reports = [name for name in contents.every if base_of(name) == "batch_report.json"]
    report = contents.json_of(reports[0]) if len(reports) == 1 else None
    items = report.get("items") if isinstance(report, dict) else None
    by_run = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("run_id"), str) and item.get("id"):
            caption = item.get("caption")
            by_run[item["run_id"]] = (
                str(item["id"]),
                caption if isinstance(caption, str) else None,
            )
    return by_run
