"""The layout ``vfig``: evaluation folders of VFig.

References are ``eval-set/<set>/<stem>.svg``; generated figures are
``input/<set>/<model>/<stem>.svg``.

Names: RAIVNLab/VFig.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.tool_files import Contents, ToolFile
from figbench.errors import UserError

_TRUTH = re.compile(r"(?:.*/)?eval-set/([^/]+)/([^/]+)\.\w+")
_MADE = re.compile(r"(?:.*/)?input/([^/]+)/([^/]+)/([^/]+)\.\w+")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the references and a model's figures of one set, or None without references.

    The id of a figure is the stem of its file.

    Raises:
        UserError: If the folder holds several sets or several models.
    """
    truth = [(name, match) for name in contents.images if (match := _TRUTH.fullmatch(name))]
    made = [(name, match) for name in contents.images if (match := _MADE.fullmatch(name))]
    if not truth:
        return None
    if contents.side == "reference":
        runs = sorted({f"eval-set/{match[1]}" for _, match in truth})
    else:
        runs = sorted({f"input/{match[1]}/{match[2]}" for _, match in made})
    if len(runs) > 1:
        raise UserError(
            f"{contents.names.root}: holds {len(runs)} sets of the {contents.side} side: "
            f"{', '.join(runs[:6])}.",
            remedy=f"Give the folder of one, or choose with --only '*{runs[0]}/*'.",
        )
    tool_files = [ToolFile(name, "reference", match[2]) for name, match in truth]
    return tool_files + [ToolFile(name, "generated", match[3]) for name, match in made]
