"""The layout ``internsvg``: ``images/<id>.png``, rendered from ``svg/<id>.svg``.

InternSVG and SArena write such folders.

Names: hmwang2002/InternSVG.
"""

from __future__ import annotations

import re
from operator import itemgetter

from figbench.data.layouts.tools.tool_files import Contents, ToolFile

_FILE = re.compile(r"(?:(.*)/)?(images|svg)/([^/]+)\.(png|svg)", re.IGNORECASE)


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the raster images with their SVG documents as sources.

    An SVG document without a raster image is the figure. Returns None where no raster image has
    an SVG document, unless the user selected the layout.
    """
    matches = [(name, match) for name in contents.images if (match := _FILE.fullmatch(name))]
    rasters = {(m[1], m[3]): name for name, m in matches if m[2].lower() == "images"}
    documents = {(m[1], m[3]): name for name, m in matches if m[2].lower() == "svg"}
    if not contents.explicit and not rasters.keys() & documents.keys():
        return None
    tool_files = [
        ToolFile(name, contents.side, key[1], source=documents.get(key))
        for key, name in sorted(rasters.items(), key=itemgetter(1))
    ]
    for key, name in sorted(documents.items(), key=itemgetter(1)):
        if key in rasters:
            tool_files.append(ToolFile(name, "draft", key[1]))
        else:
            tool_files.append(ToolFile(name, contents.side, key[1]))
    return tool_files or None
