"""The layout ``livefigure``: case folders of LiveFigure.

A case has ``ground_truth.png`` and the tries of one or two variants.

Names: PLUTO-SCY/LiveFigure (``<case>/V1_CaptionOnly/try_<n>_iter_<k>.png``,
``<case>/V2_WithContext/...``).
"""

from __future__ import annotations

import re
from collections import defaultdict

from figbench.data.layouts.tools.tool_files import Contents, ToolFile

_TRY = re.compile(r"(?:(.*)/)?(V\d+_[^/]+)/try_(\d+)_iter_(\d+)\.\w+")
_TRUTH = re.compile(r"(?:(.*)/)?ground_truth\.\w+")


def classify(contents: Contents) -> list[ToolFile] | None:
    """Returns the last iteration of each try as a sample, and the earlier iterations as drafts.

    The id of a figure is the name of its case folder. Returns None where there are no tries.
    """
    tries: dict[tuple[str, str, int], list[tuple[int, str]]] = defaultdict(list)
    tool_files = []
    for name in contents.images:
        match = _TRY.fullmatch(name)
        if match:
            tries[match[1] or "", match[2], int(match[3])].append((int(match[4]), name))
        elif truth := _TRUTH.fullmatch(name):
            tool_files.append(ToolFile(name, "reference", contents.title_of(truth[1] or "")))
    if not tries:
        return None
    for (case, _, number), iterations in sorted(tries.items()):
        figure_id = contents.title_of(case)
        *earlier, (_, last) = sorted(iterations)
        tool_files.append(ToolFile(last, "generated", figure_id, number))
        tool_files += [ToolFile(name, "draft", figure_id) for _, name in earlier]
    return tool_files
