"""Layout 3, FigGen's sampler: ``evaluation_cfg_<scale>/sample_<k>/0000.png`` + ``caption.txt``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from figbench.data.dataset_index import Candidate
from figbench.data.layouts.filenames import Names
from figbench.errors import UserError

FIGGEN = re.compile(r"(?:(.*)/)?sample_(\d+)/(\d+)\.\w+")
_SCALE = re.compile(r"evaluation_cfg_(\d+(?:\.\d+)?)")


def read_figgen(
    names: Names, images: Sequence[str], prompts: Mapping[str, str | None]
) -> tuple[list[Candidate], list[str]]:
    """Returns the candidates and how their ids were derived.

    ``k`` is the row index after the data set's filter, not a figure id. The id is the reference
    whose caption is the stored one; where no or several references have it, the k-th.

    Args:
        names: The folder or archive.
        images: Image names in it.
        prompts: The reference's ids, in order, with their captions.

    Raises:
        UserError: If several runs lie beside each other.
    """
    matches = [(name, match) for name in images if (match := FIGGEN.fullmatch(name))]
    runs = sorted({match[1] or "." for _, match in matches})
    if len(runs) > 1:
        raise UserError(
            f"{names.root / names.title}: holds {len(runs)} runs: {', '.join(runs[:5])}.",
            remedy="Give the folder of one run.",
        )
    ids = _Ids(prompts)
    scale = _SCALE.fullmatch(PurePosixPath(runs[0]).name if runs[0] != "." else names.title)
    captions: dict[str, str | None] = {}
    found = []
    for name, match in matches:
        row, folder = int(match[2]), str(PurePosixPath(name).parent)
        if folder not in captions:
            captions[folder] = names.text(f"{folder}/caption.txt")
        figure_id = ids.of(row, captions[folder])
        guidance = float(scale[1]) if scale else None
        path = names.path_of(name)
        found.append(
            Candidate(figure_id, int(match[3]), path, captions[folder], guidance_scale=guidance)
        )
    return found, ids.notes()


class _Ids:
    """Row numbers to figure ids; counts what was done."""

    def __init__(self, prompts: Mapping[str, str | None]) -> None:
        self._prompts = prompts
        self._order = list(prompts)
        self._by_caption: dict[str, list[str]] = defaultdict(list)
        for figure_id, prompt in prompts.items():
            if prompt:
                self._by_caption[prompt.strip()].append(figure_id)
        self._rows: dict[int, str] = {}
        self._counts = {"caption": 0, "row": 0, "differing": 0}

    def of(self, row: int, caption: str | None) -> str:
        if row not in self._rows:
            self._rows[row] = self._find(row, caption)
        return self._rows[row]

    def _find(self, row: int, caption: str | None) -> str:
        own = f"sample_{row}"
        if own in self._prompts or not self._order:
            return own
        same = self._by_caption.get((caption or "").strip(), [])
        if len(same) == 1:
            self._counts["caption"] += 1
            return same[0]
        if row >= len(self._order):
            return own
        self._counts["row"] += 1
        figure_id = self._order[row]
        expected = self._prompts[figure_id]
        self._counts["differing"] += bool(caption and expected and figure_id not in same)
        return figure_id

    def notes(self) -> list[str]:
        counts = self._counts
        if not counts["caption"] and not counts["row"]:
            return ["figure id = sample_<k>"]
        notes = [
            "FigGen numbers rows, not figures: figure id = the reference with the same caption "
            f"({counts['caption']} prompts), else the reference's k-th ({counts['row']})"
        ]
        if counts["differing"]:
            notes.append(
                f"{counts['differing']} captions are no reference's: check that the reference "
                "is the set that was sampled"
            )
        return notes
