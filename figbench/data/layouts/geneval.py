"""The layout ``geneval``: ``<prompt>/samples/<k>.png`` + ``<prompt>/metadata.jsonl``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from figbench.data.dataset_index import Candidate
from figbench.data.layouts.filenames import Names
from figbench.data.naming import IdIndex

GENEVAL = re.compile(r"(?:.*/)?([^/]+)/samples/(\d+)\.\w+")


def matches(images: Sequence[str], every: Collection[str], index: IdIndex) -> list[str]:
    """Returns the images whose paths have the form of GenEval.

    A single folder with ``samples`` in it (``txt2img-samples/samples/0000.png``) also needs a
    ``metadata.jsonl`` or the name of a reference. Without a reference set, a mixture with other
    images is returned as it is, and the caller reports the error.

    Args:
        images: Relative names of the images.
        every: Relative names of all files.
        index: Ids of the reference set; empty where there is none.
    """
    matching = [name for name in images if GENEVAL.fullmatch(name)]
    folders = {str(PurePosixPath(name).parent.parent) for name in matching}
    if len(folders) != 1:
        return matching
    if not index.ids and len(matching) < len(images):
        return matching
    [folder] = folders
    is_geneval = (
        f"{folder}/metadata.jsonl" in every or index.find(folder.rpartition("/")[2]) is not None
    )
    return matching if is_geneval else []


def read_geneval(names: Names, images: Sequence[str]) -> tuple[list[Candidate], list[str]]:
    """Returns the candidates, and a note on how their ids were derived."""
    candidates, metadata = [], {}
    for name in images:
        match = GENEVAL.fullmatch(name)
        if match is None:
            continue
        folder = PurePosixPath(name).parent.parent
        if folder not in metadata:
            metadata[folder] = _first_record(names.text(str(folder / "metadata.jsonl")))
        record = metadata[folder]
        figure_id = str(record.get("figure_id") or record.get("id") or match[1])
        prompt = record.get("prompt")
        text = prompt if isinstance(prompt, str) else None
        candidates.append(Candidate(figure_id, int(match[2]), names.path_of(name), text))
    return candidates, ["figure id = metadata.jsonl's figure_id or id, else the folder's name"]


def _first_record(text: str | None) -> dict[str, object]:
    try:
        record = json.loads((text or "{}").splitlines()[0])
    except (ValueError, IndexError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
