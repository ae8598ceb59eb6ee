"""The layout ``figgen``: ``evaluation_cfg_<scale>/sample_<k>/0000.png`` + ``caption.txt``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from figbench.data.dataset_index import Candidate
from figbench.data.layouts.filenames import Names
from figbench.data.types import SourceRecord
from figbench.errors import UserError

FIGGEN = re.compile(r"(?:(.*)/)?sample_(\d+)/(\d+)\.\w+")
_SCALE = re.compile(r"evaluation_cfg_(\d+(?:\.\d+)?)")


def read_figgen(
    names: Names,
    images: Sequence[str],
    prompts: Mapping[str, str | None],
    records: Sequence[SourceRecord] = (),
) -> tuple[list[Candidate], list[str]]:
    """Returns the candidates and how their ids were derived.

    ``k`` is the row index after the data set's filter, not a figure id. The id is the reference
    one of whose captions is the stored one; where several have it, or none is stored, the k-th
    record. A caption that no reference has leaves its figure without a reference.

    Args:
        names: The folder or archive.
        images: Image names in it.
        prompts: The reference's ids, in order, with their captions.
        records: Every record of the reference's data set: the sampler counts these, by their
            stored aspect, whether the picture is usable or not.

    Raises:
        UserError: If there is no run, or several lie beside each other.
    """
    matches = [(name, match) for name in images if (match := FIGGEN.fullmatch(name))]
    if not matches:
        raise UserError(f"{names.root / names.title}: has no files where 'figgen' has them.")
    runs = sorted({match[1] or "." for _, match in matches})
    if len(runs) > 1:
        raise UserError(
            f"{names.root / names.title}: holds {len(runs)} runs: {', '.join(runs[:5])}.",
            remedy="Give the folder of one run.",
        )
    ids = _Ids(prompts, records)
    scale = _SCALE.fullmatch(PurePosixPath(runs[0]).name if runs[0] != "." else names.title)
    captions: dict[str, str | None] = {}
    first_rows: dict[str, int] = {}
    found, repeated = [], set()
    for name, match in matches:
        row, folder = int(match[2]), str(PurePosixPath(name).parent)
        if folder not in captions:
            captions[folder] = names.text(f"{folder}/caption.txt")
        figure_id = ids.of(row, captions[folder])
        if first_rows.setdefault(figure_id, row) != row:
            repeated.add(row)
            continue
        guidance = float(scale[1]) if scale else None
        path = names.path_of(name)
        found.append(
            Candidate(figure_id, int(match[3]), path, captions[folder], guidance_scale=guidance)
        )
    notes = ids.notes()
    if repeated:
        shown_rows = ", ".join(f"sample_{row}" for row in sorted(repeated)[:3])
        notes.append(
            f"{len(repeated)} folders have the caption of an earlier one, as the sampler writes "
            f"where a picture of its data set was damaged, and were left out: {shown_rows}"
        )
    return found, notes


class _Ids:
    """Row numbers to figure ids; counts what was done."""

    def __init__(self, prompts: Mapping[str, str | None], records: Sequence[SourceRecord]) -> None:
        self._prompts = prompts
        rows = records or [
            SourceRecord(figure_id, (prompt,) if prompt else ())
            for figure_id, prompt in prompts.items()
        ]
        self._captions = {one.figure_id: {_plain(text) for text in one.captions} for one in rows}
        self._by_caption: dict[str, set[str]] = defaultdict(set)
        for figure_id, captions in self._captions.items():
            for caption in captions:
                self._by_caption[caption].add(figure_id)
        self._order = [one.figure_id for one in rows if _sampled(one)]
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
        by_row = self._order[row] if row < len(self._order) else None
        same = self._by_caption.get(_plain(caption or ""), set())
        if len(same) == 1:
            self._counts["caption"] += 1
            return next(iter(same))
        if by_row is None:
            return own
        if caption and self._captions[by_row] and by_row not in same:
            self._counts["differing"] += 1
            return own
        self._counts["row"] += 1
        return by_row

    def notes(self) -> list[str]:
        counts = self._counts
        if not any(counts.values()):
            return ["figure id = sample_<k>"]
        notes = [
            "FigGen numbers rows, not figures: figure id = the reference with the same caption "
            f"({counts['caption']} prompts), else the reference's k-th ({counts['row']})"
        ]
        if counts["differing"]:
            notes.append(
                f"{counts['differing']} captions are no reference's, so their figures have no "
                "reference: check that the reference is the set that was sampled"
            )
        return notes


def _plain(caption: str) -> str:
    return " ".join(caption.split())


def _sampled(record: SourceRecord) -> bool:
    """The released sampler keeps stored aspects from 0.5 to 2."""
    return record.aspect is None or 0.5 <= record.aspect <= 2
