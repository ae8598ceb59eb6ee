"""The layout ``figgen``: ``evaluation_cfg_<scale>/sample_<k>/0000.png`` with ``caption.txt``."""

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
    """Returns the candidates, and notes on how their ids were derived.

    ``k`` is the index of a record after the filter of the data set, not a figure id. The id is the
    id of the reference with the stored caption. Where several references have the caption, or no
    caption is stored, the id is the id of the k-th record. A figure whose caption no reference has
    has no reference.

    Args:
        names: The folder or archive.
        images: Relative names of the images.
        prompts: Ids of the reference set, in order, with their captions.
        records: All records of the reference's data set. The sampler counts the records with a
            suitable stored aspect, also where the image is unusable.

    Raises:
        UserError: If there is no run, or the folder holds several runs.
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
    first_numbers: dict[str, int] = {}
    candidates, repeated = [], set()
    for name, match in matches:
        number, folder = int(match[2]), str(PurePosixPath(name).parent)
        if folder not in captions:
            captions[folder] = names.text(f"{folder}/caption.txt")
        figure_id = ids.of(number, captions[folder])
        if first_numbers.setdefault(figure_id, number) != number:
            repeated.add(number)
            continue
        guidance = float(scale[1]) if scale else None
        path = names.path_of(name)
        candidates.append(
            Candidate(figure_id, int(match[3]), path, captions[folder], guidance_scale=guidance)
        )
    notes = ids.notes()
    if repeated:
        examples = ", ".join(f"sample_{number}" for number in sorted(repeated)[:3])
        notes.append(
            f"{len(repeated)} folders have the caption of an earlier one, as the sampler writes "
            f"where an image of its data set was damaged, and were left out: {examples}"
        )
    return candidates, notes


class _Ids:
    """Assigns figure ids to the numbers of FigGen's folders, and counts how they were derived."""

    def __init__(self, prompts: Mapping[str, str | None], records: Sequence[SourceRecord]) -> None:
        self._prompts = prompts
        entries = records or [
            SourceRecord(figure_id, (prompt,) if prompt else ())
            for figure_id, prompt in prompts.items()
        ]
        self._captions = {
            entry.figure_id: {_plain(text) for text in entry.captions} for entry in entries
        }
        self._by_caption: dict[str, set[str]] = defaultdict(set)
        for figure_id, captions in self._captions.items():
            for caption in captions:
                self._by_caption[caption].add(figure_id)
        self._order = [entry.figure_id for entry in entries if _sampled(entry)]
        self._cache: dict[int, str] = {}
        self._counts = {"caption": 0, "order": 0, "differing": 0}

    def of(self, number: int, caption: str | None) -> str:
        if number not in self._cache:
            self._cache[number] = self._find(number, caption)
        return self._cache[number]

    def _find(self, number: int, caption: str | None) -> str:
        own = f"sample_{number}"
        if own in self._prompts or not self._order:
            return own
        by_order = self._order[number] if number < len(self._order) else None
        same = self._by_caption.get(_plain(caption or ""), set())
        if len(same) == 1:
            self._counts["caption"] += 1
            return next(iter(same))
        if by_order is None:
            return own
        if caption and self._captions[by_order] and by_order not in same:
            self._counts["differing"] += 1
            return own
        self._counts["order"] += 1
        return by_order

    def notes(self) -> list[str]:
        counts = self._counts
        if not any(counts.values()):
            return ["figure id = sample_<k>"]
        notes = [
            "FigGen numbers records, not figures: figure id = the reference with the same caption "
            f"({counts['caption']} prompts), else the reference's k-th ({counts['order']})"
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
    """Tells whether the released sampler uses a record: its stored aspect is from 0.5 to 2."""
    return record.aspect is None or 0.5 <= record.aspect <= 2
