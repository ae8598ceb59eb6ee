"""The layout ``oneig``: ``images/<class>/<model>/<number>.webp`` of OneIG-Bench.

Each image is a grid of 2 x 2 samples. A failed generation is a black cell.

Names: OneIG-Bench's README.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile
from figbench.data.sources import grid_member
from figbench.errors import UserError
from figbench.images.grids import GRID_CELLS

_FILE = re.compile(
    r"(?:.*/)?(anime|portrait|human|object|text|reasoning|multilingualism)/([^/]+)/(\d{3,})\.webp"
)


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns four samples of each grid, or None where there are no grids.

    The id of a figure is ``<class>/<number>``.

    Raises:
        UserError: If the folder holds images of several models.
    """
    matches = [(name, match) for name in contents.images if (match := _FILE.fullmatch(name))]
    if not matches:
        return None
    models = sorted({match[2] for _, match in matches})
    if len(models) > 1 and len(matches) == len(contents.images):
        raise UserError(
            f"{contents.names.root}: holds {len(models)} models: {', '.join(models[:8])}.",
            remedy=f"Choose one with --only '*/{models[0]}/*'.",
        )
    return [
        ToolFile(name, contents.side, f"{match[1]}/{match[3]}", cell, member=grid_member(cell))
        for name, match in matches
        for cell in range(GRID_CELLS)
    ]
