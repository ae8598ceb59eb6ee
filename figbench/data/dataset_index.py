"""What importers hand over: figures by name, before their bytes were looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from figbench.data.types import (
    UNKNOWN_ORIGIN,
    LeftOut,
    Origin,
    OtherFile,
    Reject,
    SourceRecord,
    TextLine,
)

MAX_SAMPLE = 2**31 - 1
_BAD = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A figure as an importer lists it, before its bytes are read."""

    figure_id: str
    sample: int
    path: str
    prompt: str | None = None
    seed: int | None = None
    guidance_scale: float | None = None
    origin: Origin = UNKNOWN_ORIGIN


@dataclass(frozen=True, slots=True)
class DatasetIndex:
    """What an importer returns.

    Attributes:
        layout: Name of the layout.
        root: Folder that candidate paths are relative to.
        candidates: In the order found.
        rejects: Files that cannot be figures (by name or kind).
        notes: How ids were derived, what was passed over.
        labels: Ground-truth text by figure id.
        left_out: Images that lie there and are not among the candidates.
        records: The records of the data set, where it has any.
        others: Images with another role than the side that is read: drafts, assets.
    """

    layout: str
    root: Path
    candidates: Sequence[Candidate]
    rejects: Sequence[Reject] = ()
    notes: Sequence[str] = ()
    labels: Mapping[str, tuple[TextLine, ...]] = field(default_factory=dict)
    left_out: Sequence[LeftOut] = ()
    records: Sequence[SourceRecord] = ()
    others: Sequence[OtherFile] = ()


def is_bad(name: str) -> bool:
    """Tells whether a name has a control character or bytes that are not UTF-8."""
    return _BAD.search(name) is not None


def escaped(name: str) -> str:
    """Returns a name as it can be printed and stored: control and undecodable bytes escaped."""
    return name.encode("unicode_escape", "surrogatepass").decode() if is_bad(name) else name


def clean_text(text: str) -> str:
    """Returns text that can be stored: lone surrogates (broken escapes) become ``?``."""
    return text.encode("utf-8", "replace").decode()


def tidy(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Reject], list[str]]:
    """Returns usable candidates with distinct (id, sample), rejects by name, and notes.

    A file that is listed twice under one id counts once; a second figure of the same id and
    sample gets the next free sample index.
    """
    taken: set[tuple[str, int]] = set()
    listed: set[tuple[str, str]] = set()
    kept, rejects, twice, moved = [], [], 0, 0
    for one in candidates:
        if not one.figure_id or is_bad(one.figure_id) or is_bad(one.path):
            rejects.append(_bad_name(one))
            continue
        if (one.figure_id, one.path) in listed:
            twice += 1
            continue
        listed.add((one.figure_id, one.path))
        sample = wanted = min(max(0, one.sample), MAX_SAMPLE)
        while (one.figure_id, sample) in taken:
            sample += 1
        moved += sample != wanted
        taken.add((one.figure_id, sample))
        prompt = None if one.prompt is None else clean_text(one.prompt)
        same = (sample, prompt) == (one.sample, one.prompt)
        kept.append(one if same else replace(one, sample=sample, prompt=prompt))
    return kept, rejects, _tidy_notes(twice, moved)


def _bad_name(one: Candidate) -> Reject:
    reason = "the name or id is empty, has a control character or is not UTF-8"
    return Reject(escaped(one.path), "bad-name", reason, escaped(one.figure_id) or None, one.sample)


def _tidy_notes(twice: int, moved: int) -> list[str]:
    notes = []
    if twice:
        notes.append(f"{twice} repeated rows (same id, same file) were dropped")
    if moved:
        notes.append(
            f"{moved} figures share id and sample with another and got the next sample index"
        )
    return notes


def some(names: Sequence[str], most: int = 3) -> str:
    """Returns the first names for a message, escaped, with an ellipsis for the rest."""
    return ", ".join(map(escaped, names[:most])) + (", ..." if len(names) > most else "")
