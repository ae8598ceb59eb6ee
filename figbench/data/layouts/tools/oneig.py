"""OneIG-Bench's images: ``images/<class>/<model>/<number>.webp``, each a grid of 2 x 2 samples.

Names: OneIG-Bench's README. A generation that failed is a black cell.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part
from figbench.data.sources import grid_member
from figbench.errors import UserError
from figbench.images.grids import GRID_CELLS

_FILE = re.compile(
    r"(?:.*/)?(anime|portrait|human|object|text|reasoning|multilingualism)/([^/]+)/(\d{3,})\.webp"
)


def parts(contents: Contents) -> list[Part] | None:
    """Returns four samples of each grid; the id is ``<class>/<number>``.

    Raises:
        UserError: If the images of several models lie beside each other.
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
        Part(name, contents.side, f"{match[1]}/{match[3]}", cell, member=grid_member(cell))
        for name, match in matches
        for cell in range(GRID_CELLS)
    ]
