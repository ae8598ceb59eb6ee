"""Layouts 1-4: ids from file and folder names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from figbench.data.importers.names import Names
from figbench.data.manifest import Candidate, Listing
from figbench.data.types import Reject

IMAGE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".svg", ".pdf")
)
_SAMPLE = re.compile(r"(.+)_(\d{1,6})")
_FIGGEN = re.compile(r"(?:.*/)?sample_(\d+)/(\d+)\.\w+")
_GENEVAL = re.compile(r"(?:.*/)?([^/]+)/samples/(\d+)\.\w+")


@dataclass(frozen=True, slots=True)
class Known:
    """The reference's ids, in order, with their prompts: settles what a name means."""

    prompts: dict[str, str | None] = field(default_factory=dict)


def read(names: Names, layout: str | None, known: Known) -> Listing:
    """Returns the candidates of a folder or archive."""
    every = names.names()
    images, rejects = _split(every)
    chosen = layout or _detect(images, every, known)
    notes = names.notes()
    if chosen == "figgen":
        candidates, more = _figgen(names, images, known)
    elif chosen == "geneval":
        candidates, more = _geneval(names, images)
    elif chosen == "samples":
        candidates, more = _samples(names, images, known)
    else:
        candidates, more = _flat(names, images)
    others = len(every) - len(images) - len(rejects)
    if others:
        notes.append(f"{others} files that are no images by their names were passed over")
    return Listing(chosen, names.root, candidates, rejects, (*notes, *more))


def _split(names: Sequence[str]) -> tuple[list[str], list[Reject]]:
    images, rejects = [], []
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if path.name.startswith("._"):
            rejects.append(Reject(_shown(name), "apple-double", "a macOS metadata file"))
        elif path.name.startswith("."):
            rejects.append(Reject(_shown(name), "hidden", "a hidden file"))
        elif any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in name):
            reason = "the name has a control character or is not UTF-8"
            rejects.append(Reject(_shown(name), "bad-name", reason, path.stem))
        else:
            images.append(name)
    return images, rejects


def _shown(name: str) -> str:
    return name.encode("unicode_escape", "surrogatepass").decode()


def _detect(images: Sequence[str], every: Sequence[str], known: Known) -> str:
    if any(_FIGGEN.fullmatch(name) for name in images) and any(
        name.endswith("caption.txt") or _FIGGEN.fullmatch(name) for name in every
    ):
        return "figgen"
    if any(_GENEVAL.fullmatch(name) for name in images):
        return "geneval"
    stems = [PurePosixPath(name).stem for name in images]
    if known.prompts:
        direct = sum(stem in known.prompts for stem in stems)
        sampled = sum(_prefix(stem) in known.prompts for stem in stems)
        return "samples" if sampled > direct else "flat"
    matches = [_SAMPLE.fullmatch(stem) for stem in stems]
    if not matches or not all(matches):
        return "flat"
    counts = Counter(match[1] for match in matches if match)
    return "samples" if len(counts) > 1 and len(set(counts.values())) == 1 else "flat"


def _prefix(stem: str) -> str:
    match = _SAMPLE.fullmatch(stem)
    return match[1] if match else ""


def _flat(names: Names, images: Sequence[str]) -> tuple[list[Candidate], list[str]]:
    stems = Counter(PurePosixPath(name).stem for name in images)
    unique = all(count == 1 for count in stems.values())
    found = []
    for name in images:
        path = PurePosixPath(name)
        figure_id = path.stem if unique else path.with_suffix("").as_posix()
        found.append(
            Candidate(figure_id, 0, names.path_of(name), names.text(f"{path.with_suffix('')}.txt"))
        )
    how = "file name without suffix" if unique else "relative path without suffix"
    return found, [f"figure id = {how}"]


def _samples(
    names: Names, images: Sequence[str], known: Known
) -> tuple[list[Candidate], list[str]]:
    found = []
    for name in images:
        stem = PurePosixPath(name).stem
        match = _SAMPLE.fullmatch(stem)
        if match is None or stem in known.prompts:
            found.append(Candidate(stem, 0, names.path_of(name)))
        else:
            found.append(Candidate(match[1], int(match[2]), names.path_of(name)))
    return found, ["figure id and sample = <figure id>_<sample>"]


def _figgen(names: Names, images: Sequence[str], known: Known) -> tuple[list[Candidate], list[str]]:
    """``sample_<k>``: k is the row index after the data set's filter, not a figure id."""
    order = list(known.prompts)
    found, mapped, differing = [], 0, 0
    for name in images:
        match = _FIGGEN.fullmatch(name)
        if match is None:
            continue
        row, sample = int(match[1]), int(match[2])
        prompt = names.text(str(PurePosixPath(name).parent / "caption.txt"))
        figure_id = f"sample_{row}"
        if figure_id not in known.prompts and row < len(order):
            figure_id = order[row]
            mapped += 1
            expected = known.prompts[figure_id]
            differing += bool(prompt and expected and prompt.strip() != expected.strip())
        found.append(Candidate(figure_id, sample, names.path_of(name), prompt))
    notes = ["figure id = sample_<k>"]
    if mapped:
        notes = ["figure id = the reference's k-th id (FigGen numbers rows, not figures)"]
    if differing:
        notes.append(f"{differing} captions differ from the reference's: check the order")
    return found, notes


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
    except (ValueError, IndexError):
        return {}
    return record if isinstance(record, dict) else {}
