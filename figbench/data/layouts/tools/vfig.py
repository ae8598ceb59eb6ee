"""VFig's evaluation folders: ``eval-set/<set>/<stem>.svg`` and ``input/<set>/<model>/<stem>.svg``.

Names: RAIVNLab/VFig.
"""

from __future__ import annotations

import re

from figbench.data.layouts.tools.parts import Contents, Part
from figbench.errors import UserError

_TRUTH = re.compile(r"(?:.*/)?eval-set/([^/]+)/([^/]+)\.\w+")
_MADE = re.compile(r"(?:.*/)?input/([^/]+)/([^/]+)/([^/]+)\.\w+")


def parts(contents: Contents) -> list[Part] | None:
    """Returns references and one model's figures of one set; the id is the file's stem.

    Raises:
        UserError: If several sets, or several models, lie beside each other.
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
    found = [Part(name, "reference", match[2]) for name, match in truth]
    return found + [Part(name, "generated", match[3]) for name, match in made]
