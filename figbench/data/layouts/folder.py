"""Layouts 1-4: ids from file and folder names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from figbench.data.dataset_index import Candidate, Listing, is_bad, shown
from figbench.data.layouts.figgen import FIGGEN, read_figgen
from figbench.data.layouts.filenames import Names
from figbench.data.types import Reject

IMAGE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".svg", ".pdf")
)
_SAMPLE = re.compile(r"(.+)_(\d{1,6})")
_GENEVAL = re.compile(r"(?:.*/)?([^/]+)/samples/(\d+)\.\w+")
_REGULAR_SHARE = 0.8
"""Without a reference, ``a_0 a_1 b_0 b_1`` are samples if so many prompts have the same number."""


@dataclass(frozen=True, slots=True)
class Known:
    """The reference's ids, in order, with their prompts: settles what a name means."""

    prompts: dict[str, str | None] = field(default_factory=dict)


def read(names: Names, layout: str | None, known: Known) -> Listing:
    """Returns the candidates of a folder or archive.

    Raises:
        UserError: If the folder holds several runs.
    """
    every = names.names()
    images, rejects = _split(every)
    refused = [one for one in names.rejects() if one.code == "unreadable" or is_image(one.path)]
    chosen = layout or _detect(images, known)
    notes = names.notes()
    if chosen == "figgen":
        candidates, more = read_figgen(names, images, known.prompts)
    elif chosen == "geneval":
        candidates, more = _geneval(names, images)
    elif chosen == "samples":
        candidates, more = _samples(names, images, known)
    else:
        candidates, more = _flat(names, every, images, known)
    notes += [*more, *_passed_over(names, every, images, rejects, candidates)]
    return Listing(chosen, names.root, candidates, (*refused, *rejects), notes)


def is_image(name: str) -> bool:
    """Tells by its name whether a file is meant to be an image."""
    return _parts(name)[1].lower() in IMAGE_SUFFIXES


def _parts(name: str) -> tuple[str, str]:
    """Returns stem and suffix as ``PurePosixPath`` does, which is slow for so many names."""
    base = name.rsplit("/", 1)[-1]
    dot = base.rfind(".")
    return (base[:dot], base[dot:]) if 0 < dot < len(base) - 1 else (base, "")


def _split(names: Sequence[str]) -> tuple[list[str], list[Reject]]:
    images, rejects = [], []
    for name in filter(is_image, names):
        parts = name.split("/")
        if parts[-1].startswith("._"):
            rejects.append(Reject(shown(name), "apple-double", "a macOS metadata file"))
        elif any(part.startswith(".") and part != "." for part in parts):
            rejects.append(Reject(shown(name), "hidden", "a hidden file or folder"))
        elif is_bad(name):
            reason = "the name has a control character or is not UTF-8"
            rejects.append(Reject(shown(name), "bad-name", reason, shown(_parts(name)[0])))
        else:
            images.append(name)
    return images, rejects


def _passed_over(
    names: Names,
    every: Sequence[str],
    images: Sequence[str],
    rejects: Sequence[Reject],
    candidates: Sequence[Candidate],
) -> list[str]:
    notes = []
    others = len(every) - len(images) - len(rejects)
    if others:
        notes.append(f"{others} files that are no images by their names were passed over")
    used = {candidate.path for candidate in candidates}
    unused = [name for name in images if names.path_of(name) not in used]
    if unused:
        shortly = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        notes.append(f"{len(unused)} images outside the layout were passed over: {shortly}")
    return notes


def _detect(images: Sequence[str], known: Known) -> str:
    if any(FIGGEN.fullmatch(name) for name in images):
        return "figgen"
    if any(_GENEVAL.fullmatch(name) for name in images):
        return "geneval"
    stems = [_parts(name)[0] for name in images]
    if known.prompts:
        direct = sum(stem in known.prompts for stem in stems)
        sampled = sum(_prefix(stem) in known.prompts for stem in stems)
        if direct or sampled:
            return "samples" if sampled > direct else "flat"
    return "samples" if _look_sampled(stems) else "flat"


def _look_sampled(stems: Sequence[str]) -> bool:
    counts = Counter(map(_prefix, stems))
    if len(counts) < 2 or "" in counts:
        return False
    usual, prompts = Counter(counts.values()).most_common(1)[0]
    return usual > 1 and prompts >= _REGULAR_SHARE * len(counts)


def _prefix(stem: str) -> str:
    match = _SAMPLE.fullmatch(stem)
    return match[1] if match else ""


def _flat(
    names: Names, every: Sequence[str], images: Sequence[str], known: Known
) -> tuple[list[Candidate], list[str]]:
    captioned = any(name.lower().endswith(".txt") for name in every)
    stems = Counter(_parts(name)[0] for name in images)
    unique = all(count == 1 for count in stems.values())
    by_stem = unique or any(stem in known.prompts for stem in stems)
    found = []
    for name in images:
        figure_id = _parts(name)[0] if by_stem else _without_suffix(name)
        caption = names.text(f"{_without_suffix(name)}.txt") if captioned else None
        found.append(Candidate(figure_id, 0, names.path_of(name), caption))
    how = "file name without suffix" if by_stem else "relative path without suffix"
    return found, [f"figure id = {how}"]


def _without_suffix(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _samples(
    names: Names, images: Sequence[str], known: Known
) -> tuple[list[Candidate], list[str]]:
    found = []
    for name in images:
        stem = _parts(name)[0]
        match = _SAMPLE.fullmatch(stem)
        if match is None or stem in known.prompts:
            found.append(Candidate(stem, 0, names.path_of(name)))
        else:
            found.append(Candidate(match[1], int(match[2]), names.path_of(name)))
    return found, ["figure id and sample = <figure id>_<sample>"]


def _geneval(names: Names, images: Sequence[str]) -> tuple[list[Candidate], list[str]]:
    found, metadata = [], {}
    for name in images:
        match = _GENEVAL.fullmatch(name)
        if match is None:
            continue
        folder = PurePosixPath(name).parent.parent
        if folder not in metadata:
            metadata[folder] = _first_record(names.text(str(folder / "metadata.jsonl")))
        record = metadata[folder]
        figure_id = str(record.get("figure_id") or record.get("id") or match[1])
        prompt = record.get("prompt")
        text = prompt if isinstance(prompt, str) else None
        found.append(Candidate(figure_id, int(match[2]), names.path_of(name), text))
    return found, ["figure id = metadata.jsonl's figure_id or id, else the folder's name"]


def _first_record(text: str | None) -> dict[str, object]:
    try:
        record = json.loads((text or "{}").splitlines()[0])
    except (ValueError, IndexError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
