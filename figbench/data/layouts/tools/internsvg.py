"""InternSVG's and SArena's folders: ``images/<id>.png`` drawn from ``svg/<id>.svg``.

Names: hmwang2002/InternSVG.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part

_FILE = re.compile(r"(?:(.*)/)?(images|svg)/([^/]+)\.(png|svg)", re.IGNORECASE)


def parts(contents: Contents) -> list[Part] | None:
    """Returns the rasters with their SVG as source; an SVG without a raster is the figure."""
    matches = [(name, match) for name in contents.images if (match := _FILE.fullmatch(name))]
    rasters = {(m[1], m[3]): name for name, m in matches if m[2].lower() == "images"}
    documents = {(m[1], m[3]): name for name, m in matches if m[2].lower() == "svg"}
    if not contents.chosen and not rasters.keys() & documents.keys():
        return None
    found = [
        Part(name, contents.side, key[1], source=documents.get(key))
        for key, name in sorted(rasters.items(), key=lambda one: one[1])
    ]
    for key, name in sorted(documents.items(), key=lambda one: one[1]):
        if key in rasters:
            found.append(Part(name, "draft", key[1]))
        else:
            found.append(Part(name, contents.side, key[1]))
    return found or None
