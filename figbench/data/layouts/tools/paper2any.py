"""The layout ``paper2any``: ``<time>/fig_<time>.png`` with its layouts and its presentation.

Names: OpenDCAI/Paper2Any (``presentation_<time>.pptx``, ``layout_<k>.svg``,
``technical_route_{bw,color}_<time>.svg``).
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile, base_of, folder_of

_FIGURE = re.compile(r"fig_(\d+)\.\w+")
_DRAFT = re.compile(r"(?:layout_\d+|technical_route_(?:bw|color)_\d+)\.svg")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the figure of each run with the presentation as its source.

    The id of a figure is the time of its run. Returns None where there is no run.
    """
    figures = {}
    for name in contents.images:
        match = _FIGURE.fullmatch(base_of(name))
        if match and contents.title_of(folder_of(name)) == match[1]:
            figures[folder_of(name)] = (name, match[1])
    if not figures:
        return None
    tool_files = []
    for folder, (name, figure_id) in sorted(figures.items()):
        inside = f"{folder}/" if folder else ""
        deck = f"{inside}presentation_{figure_id}.pptx"
        source = deck if deck in contents.every else None
        tool_files.append(ToolFile(name, "generated", figure_id, source=source))
        tool_files += [
            ToolFile(image, "draft", figure_id)
            for image in contents.images
            if folder_of(image) == folder and _DRAFT.fullmatch(base_of(image))
        ]
    return tool_files
