"""Records of benchmarks and figure makers under the field names that importers read.

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
"""PaperBanana's records name the field of the picture that counts."""
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
    """Records in the fields that the records layout reads.

    Attributes:
        rows: One for each record of the document, in its order.
        notes: How they were read.
        labels: Text of the references by figure id, where the benchmark stores it.
    """

    rows: Sequence[Mapping[str, Any]]
    notes: list[str]
    labels: dict[str, tuple[TextLine, ...]] = field(default_factory=dict)


def adapted(title: str, document: Any, side: Role) -> Records | None:
    """Returns the records of a document that a benchmark wrote; None for any other document.

    Args:
        title: The index, for messages.
        document: Parsed JSON.
        side: The side that is read.

    Raises:
        UserError: If it holds sources that have to be drawn first.
    """
    if isinstance(document, dict) and {"validation_prompts", "gt_images"} <= document.keys():
        return _sciforma_prompts(title, document)
    entries = document.get("entries") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not entries:
        return None
    if _holds_tikz(entries):
        raise UserError(
            f"{title}: {len(entries)} TikZ sources, not images.",
            remedy="Compile each to <id>.pdf or <id>.png and give the folder; a .tex of the same "
            "name beside it is taken as its source.",
        )
    if not all(isinstance(one, dict) for one in entries):
        return None
    first: Mapping[str, Any] = entries[0]
    if "stage1_abstraction" in first:
        return _sciforma_rubrics(entries)
    if _GROUND_TRUTH in first or POINTER_FIELD in first or any(map(_is_stage, first)):
        return _paperbanana(entries, side)
    if {"method_text", "checklist", "image"} <= first.keys():
        rows = [{"prompt": one.get("method_text"), "role": "reference", **one} for one in entries]
        return Records(rows, ["read as AIBench's references"])
    return None


def _holds_tikz(entries: Sequence[Any]) -> bool:
    flat = entries[0] if isinstance(entries[0], list) else entries
    return bool(flat) and all(isinstance(one, str) and _TIKZ.search(one) for one in flat[:20])


def _is_stage(name: str) -> bool:
    return bool(_CRITIC.fullmatch(name)) or any(one.fullmatch(name) for one in _STAGES)


def _paperbanana(entries: Sequence[Mapping[str, Any]], side: Role) -> Records:
    """The picture that the record points at counts, else the last critic round, else a stage."""
    rows: list[Mapping[str, Any]] = []
    stages: set[str] = set()
    drafts = 0
    for one in entries:
        made = {name: value for name, value in one.items() if _is_stage(name) and value}
        pointed = one.get(POINTER_FIELD)
        if side == "reference" and _GROUND_TRUTH in one:
            chosen: str | None = _GROUND_TRUTH
        elif isinstance(pointed, str):
            chosen = pointed
        else:
            chosen = _last_stage(made) or (_GROUND_TRUTH if not _any_made(entries) else None)
        prompt = {"prompt": one["visual_intent"]} if "visual_intent" in one else {}
        row = {**prompt, **one}
        if chosen is None:
            row |= {"image": None, "status": one.get("status") or "failed"}
            row.pop(POINTER_FIELD, None)
        else:
            row |= {POINTER_FIELD: chosen, "role": _role(chosen)}
            row.setdefault(chosen, None)
            stages.add(chosen)
            drafts += len(made.keys() - {chosen}) if side == "generated" else 0
        rows.append(row)
    notes = [f"the picture of a record is its {', '.join(sorted(stages)[:4])}"]
    if drafts:
        notes.append(f"{drafts} pictures of earlier stages are drafts and are not scored")
    return Records(rows, notes)


def _any_made(entries: Sequence[Mapping[str, Any]]) -> bool:
    return any(_is_stage(name) for one in entries for name in one)


def _role(chosen: str) -> Role:
    return "reference" if chosen == _GROUND_TRUTH else "generated"


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
    rows = [
        {"figure_id": f"{at:04d}", "image": image, "prompt": prompt, "role": "reference"}
        for at, (prompt, image) in enumerate(zip(prompts, images, strict=True))
    ]
    return Records(list(rows), ["figure id = index in SciForma's prompts file, four digits"])


def _sciforma_rubrics(entries: Sequence[Mapping[str, Any]]) -> Records:
    rows: list[Mapping[str, Any]] = []
    labels = {}
    for at, one in enumerate(entries):
        index = one.get("index")
        number = index if isinstance(index, int) and not isinstance(index, bool) else at
        figure_id = f"{number:04d}"
        image = one.get("image_path")
        paper = PurePosixPath(image).parent.name if isinstance(image, str) else ""
        rows.append({"role": "reference", "paper_id": paper, **one, "figure_id": figure_id})
        found = one.get("stage1_abstraction")
        texts = found.get("text_labels") if isinstance(found, dict) else None
        named = [text.get("text") for text in texts or () if isinstance(text, dict)]
        lines = tuple(TextLine(text) for text in named if isinstance(text, str) and text)
        if lines:
            labels[figure_id] = lines
    return Records(rows, ["figure id = SciForma's index, four digits"], labels)
