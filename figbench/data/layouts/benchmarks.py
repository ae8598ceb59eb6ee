"""Conversion of records of benchmarks and figure makers to the fields of the layout ``records``.

Field names: dwzhu-pku/PaperBanana (results, ``test.json``), microsoft/SciForma (rubrics, prompts),
ali-vilab/AIBench (``AIBench.jsonl``), HaozheZhao/Crafter (CraftBench).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from figbench.data.types import Role, TextLine
from figbench.errors import UserError

POINTER_FIELD = "eval_image_field"
"""Field of PaperBanana's records with the name of the field of the image to score."""
_GROUND_TRUTH = "path_to_gt_image"
_CRITIC = re.compile(r"target_(?:diagram|plot)_critic_desc(\d+)_base64_jpg")
_STAGES = (
    re.compile(r"target_(?:diagram|plot)_stylist_desc\d+_base64_jpg"),
    re.compile(r"target_(?:diagram|plot)_desc\d+_base64_jpg"),
    re.compile(r"vanilla_(?:diagram|plot)_base64_jpg"),
)
_TIKZ = re.compile(r"\\begin\{(?:tikzpicture|document)\}|\\documentclass")


@dataclass(frozen=True, slots=True)
class Records:
    """Records with the fields that the layout ``records`` reads.

    Attributes:
        records: A record for each record of the document, in its order.
        notes: Notes on the conversion.
        labels: Text lines of the references by figure id, where the benchmark stores them.
    """

    records: Sequence[Mapping[str, Any]]
    notes: list[str]
    labels: dict[str, tuple[TextLine, ...]] = field(default_factory=dict)


def adapted(title: str, document: Any, side: Role) -> Records | None:
    """Returns the records of a document of a benchmark; None for other documents.

    Args:
        title: The index, for messages.
        document: Parsed JSON.
        side: Side of the comparison that is read.

    Raises:
        UserError: If the document holds TikZ sources, which have no images.
    """
    if isinstance(document, dict) and {"validation_prompts", "gt_images"} <= document.keys():
        return _sciforma_prompts(title, document)
    entries = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not entries:
        return None
    if _holds_tikz(entries):
        raise UserError(
            f"{title}: {len(entries)} TikZ sources, not images.",
            remedy="Compile each to <id>.pdf or <id>.png and give the folder; a .tex file of the "
            "same name in it is the source of the figure.",
        )
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    first: Mapping[str, Any] = entries[0]
    if "stage1_abstraction" in first:
        return _sciforma_rubrics(entries)
    if _GROUND_TRUTH in first or POINTER_FIELD in first or any(map(_is_stage, first)):
        return _paperbanana(entries, side)
    if {"method_text", "checklist", "image"} <= first.keys():
        records = [
            {"prompt": entry.get("method_text"), "role": "reference", **entry} for entry in entries
        ]
        return Records(records, ["read as AIBench's references"])
    return None


def _holds_tikz(entries: Sequence[Any]) -> bool:
    flat = entries[0] if isinstance(entries[0], list) else entries
    return bool(flat) and all(isinstance(entry, str) and _TIKZ.search(entry) for entry in flat[:20])


def _is_stage(name: str) -> bool:
    return bool(_CRITIC.fullmatch(name)) or any(stage.fullmatch(name) for stage in _STAGES)


def _paperbanana(entries: Sequence[Mapping[str, Any]], side: Role) -> Records:
    """Selects the image field that a record names, else the last critic round, else a stage."""
    records: list[Mapping[str, Any]] = []
    stages: set[str] = set()
    drafts = 0
    for entry in entries:
        made = {name: value for name, value in entry.items() if _is_stage(name) and value}
        pointed = entry.get(POINTER_FIELD)
        if side == "reference" and _GROUND_TRUTH in entry:
            image_field: str | None = _GROUND_TRUTH
        elif isinstance(pointed, str):
            image_field = pointed
        else:
            image_field = _last_stage(made) or (_GROUND_TRUTH if not _any_made(entries) else None)
        prompt = {"prompt": entry["visual_intent"]} if "visual_intent" in entry else {}
        record = {**prompt, **entry}
        if image_field is None:
            record |= {"image": None, "status": entry.get("status") or "failed"}
            record.pop(POINTER_FIELD, None)
        else:
            record |= {POINTER_FIELD: image_field, "role": _role(image_field)}
            record.setdefault(image_field, None)
            stages.add(image_field)
            drafts += len(made.keys() - {image_field}) if side == "generated" else 0
        records.append(record)
    notes = [f"the image of a record is its {', '.join(sorted(stages)[:4])}"]
    if drafts:
        notes.append(f"{drafts} images of earlier stages are drafts and are not scored")
    return Records(records, notes)


def _any_made(entries: Sequence[Mapping[str, Any]]) -> bool:
    return any(_is_stage(name) for entry in entries for name in entry)


def _role(image_field: str) -> Role:
    return "reference" if image_field == _GROUND_TRUTH else "generated"


def _last_stage(made: Mapping[str, Any]) -> str | None:
    rounds = {int(match[1]): name for name in made if (match := _CRITIC.fullmatch(name))}
    if rounds:
        return rounds[max(rounds)]
    for stage in _STAGES:
        names = sorted(name for name in made if stage.fullmatch(name))
        if names:
            return names[-1]
    return None


def _sciforma_prompts(title: str, document: Mapping[str, Any]) -> Records:
    prompts, images = document["validation_prompts"], document["gt_images"]
    if not isinstance(prompts, list) or not isinstance(images, list) or len(prompts) != len(images):
        raise UserError(f"{title}: validation_prompts and gt_images are no lists of equal length.")
    records = [
        {"figure_id": f"{position:04d}", "image": image, "prompt": prompt, "role": "reference"}
        for position, (prompt, image) in enumerate(zip(prompts, images, strict=True))
    ]
    return Records(list(records), ["figure id = index in SciForma's prompts file, four digits"])


def _sciforma_rubrics(entries: Sequence[Mapping[str, Any]]) -> Records:
    records: list[Mapping[str, Any]] = []
    labels = {}
    for position, entry in enumerate(entries):
        index = entry.get("index")
        number = index if isinstance(index, int) and not isinstance(index, bool) else position
        figure_id = f"{number:04d}"
        image = entry.get("image_path")
        paper = PurePosixPath(image).parent.name if isinstance(image, str) else ""
        records.append({"role": "reference", "paper_id": paper, **entry, "figure_id": figure_id})
        abstraction = entry.get("stage1_abstraction")
        texts = abstraction.get("text_labels") if isinstance(abstraction, dict) else None
        named = [text.get("text") for text in texts or () if isinstance(text, dict)]
        lines = tuple(TextLine(text) for text in named if isinstance(text, str) and text)
        if lines:
            labels[figure_id] = lines
    return Records(records, ["figure id = SciForma's index, four digits"], labels)
