"""The index of a set of figures: result of the importers, made before any image is read.

The loader checks the files of an index and makes the manifest from it.
"""

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
    """A figure in a data set index, before its bytes are read.

    Attributes:
        figure_id: Id that matches a generated figure with its reference.
        sample: 0-based index among the samples of one prompt.
        path: Path of the bytes, relative to the root of the index (see ``data.sources``).
        prompt: Caption of the figure, if known.
        seed: Seed of the generation, if known.
        guidance_scale: Classifier-free guidance scale, if known.
        origin: Role, status, source document and cost from the figure's record.
    """

    figure_id: str
    sample: int
    path: str
    prompt: str | None = None
    seed: int | None = None
    guidance_scale: float | None = None
    origin: Origin = UNKNOWN_ORIGIN


@dataclass(frozen=True, slots=True)
class DatasetIndex:
    """The figures of a data set by name.

    Attributes:
        layout: Name of the layout.
        root: Folder that the paths of candidates are relative to.
        candidates: Figures, in the order of the folder or index.
        rejects: Files that cannot be figures by their name or kind.
        notes: How ids were derived, and which files were skipped.
        labels: Ground-truth text by figure id.
        left_out: Images of the set that are not among the candidates.
        records: The records of the data set, if it has any.
        others: Images of other roles: drafts, assets.
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
    """Returns whether a name has a control character or bytes that are not UTF-8."""
    return _BAD.search(name) is not None


def escaped(name: str) -> str:
    """Returns a name that can be printed and stored: control and undecodable bytes escaped."""
    return name.encode("unicode_escape", "surrogatepass").decode() if is_bad(name) else name


def clean_text(text: str) -> str:
    """Returns text that can be stored: lone surrogates (broken escapes) become ``?``."""
    return text.encode("utf-8", "replace").decode()


def tidy(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Reject], list[str]]:
    """Returns usable candidates with distinct (id, sample), rejects by name, and notes.

    A file that is listed twice under the same id counts once. A second figure of the same id and
    sample gets the next free sample index.
    """
    taken: set[tuple[str, int]] = set()
    listed: set[tuple[str, str]] = set()
    usable, rejects, repeated, moved = [], [], 0, 0
    for candidate in candidates:
        figure_id, path = candidate.figure_id, candidate.path
        if not figure_id or is_bad(figure_id) or is_bad(path):
            rejects.append(_bad_name(candidate))
            continue
        if (figure_id, path) in listed:
            repeated += 1
            continue
        listed.add((figure_id, path))
        sample = requested = min(max(0, candidate.sample), MAX_SAMPLE)
        while (figure_id, sample) in taken:
            sample += 1
        moved += sample != requested
        taken.add((figure_id, sample))
        prompt = None if candidate.prompt is None else clean_text(candidate.prompt)
        same = (sample, prompt) == (candidate.sample, candidate.prompt)
        usable.append(candidate if same else replace(candidate, sample=sample, prompt=prompt))
    return usable, rejects, _tidy_notes(repeated, moved)


def _bad_name(candidate: Candidate) -> Reject:
    reason = "the name or id is empty, has a control character or is not UTF-8"
    figure_id = escaped(candidate.figure_id) or None
    return Reject(escaped(candidate.path), "bad-name", reason, figure_id, candidate.sample)


def _tidy_notes(repeated: int, moved: int) -> list[str]:
    notes = []
    if repeated:
        notes.append(f"{repeated} repeated rows (same id, same file) were dropped")
    if moved:
        notes.append(
            f"{moved} figures share id and sample with another and got the next sample index"
        )
    return notes


def some(names: Sequence[str], most: int = 3) -> str:
    """Returns the first ``most`` names for a message, escaped, with an ellipsis for the rest."""
    return ", ".join(map(escaped, names[:most])) + (", ..." if len(names) > most else "")
