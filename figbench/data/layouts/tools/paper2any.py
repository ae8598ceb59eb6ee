"""Paper2Any's folders: ``<time>/fig_<time>.png`` beside its layouts and its presentation.

Names: OpenDCAI/Paper2Any (``presentation_<time>.pptx``, ``layout_<k>.svg``,
``technical_route_{bw,color}_<time>.svg``).
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part, base_of, folder_of

_FIGURE = re.compile(r"fig_(\d+)\.\w+")
_DRAFT = re.compile(r"(?:layout_\d+|technical_route_(?:bw|color)_\d+)\.svg")


def parts(contents: Contents) -> list[Part] | None:
    """Returns the figure of each run with the presentation as its source; the id is the time."""
    figures = {}
    for name in contents.images:
        match = _FIGURE.fullmatch(base_of(name))
        if match and contents.title_of(folder_of(name)) == match[1]:
            figures[folder_of(name)] = (name, match[1])
    if not figures:
        return None
    found = []
    for folder, (name, figure_id) in sorted(figures.items()):
        inside = f"{folder}/" if folder else ""
        deck = f"{inside}presentation_{figure_id}.pptx"
        source = deck if deck in contents.every else None
        found.append(Part(name, "generated", figure_id, source=source))
        found += [
            Part(one, "draft", figure_id)
            for one in contents.images
            if folder_of(one) == folder and _DRAFT.fullmatch(base_of(one))
        ]
    return found
