"""Provenance of a run as readable tables: model card, run, protocol, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from figbench.results.schema import ModelCard, RunResult

Group = tuple[str, list[tuple[str, str]]]

NAMES = {
    "licence": "Licence",
    "training_data": "Training data",
    "guidance_scale": "Guidance scale",
    "num_inference_steps": "Sampler steps",
}
MOST = 5


def card_details(card: ModelCard) -> list[tuple[str, str]]:
    """Returns the filled fields of a model card as (name, text)."""
    return [
        (NAMES.get(key, key.replace("_", " ").capitalize()), plain(value))
        for key, value in card.model_dump().items()
        if value not in (None, [])
    ]


def run_details(run: RunResult, differences: Sequence[str] = ()) -> list[Group]:
    """Returns (title, rows of name and text) for the details of a run.

    Args:
        run: The run.
        differences: Parts of its protocol that differ from the shipped one.
    """
    protocol = [
        ("Protocol", run.protocol.id),
        ("Hash", run.protocol.hash[:16]),
        *(("Differs", line) for line in differences),
    ]
    groups: list[Group] = [("Run", _run(run)), ("Protocol", protocol)]
    card = card_details(run.model)
    if card:
        groups.insert(0, ("Model", card))
    if run.warnings:
        groups.append(("Notes", [("Note", text[:300]) for text in run.warnings[:MOST]]))
    return groups


def _run(run: RunResult) -> list[tuple[str, str]]:
    side, made = run.manifests.generated, run.provenance
    revision = f" at {made.git_revision[:12]}" if made.git_revision else ""
    dirty = " (modified)" if made.git_dirty else ""
    figures = f"{side.n_figures:,} used, {len(side.missing)} missing, {len(side.rejects)} rejected"
    rows = [
        ("Figures", figures),
        *(("Rejected", f"{reject.path[:80]}: {reject.code}") for reject in side.rejects[:MOST]),
        ("References", f"{run.manifests.reference.n_figures:,}"),
        ("Command", " ".join(made.command)[:400]),
        ("figbench", f"{made.figbench_version}{revision}{dirty}"),
        ("Python", f"{made.python_version} on {made.platform}"[:200]),
        ("Made", f"{made.created_at} on {made.device}, {sum(made.durations_s.values()):.1f} s"),
        ("Seeds", plain(made.seeds)),
        ("OCR", plain(made.ocr) if made.ocr else "none"),
        ("Digest, generated", side.digest[:16]),
        ("Digest, reference", run.manifests.reference.digest[:16]),
    ]
    return rows


def plain(value: Any) -> str:
    """Returns a JSON value as words: ``engine rapidocr, settings none``; no brackets or quotes."""
    if value is None or value == {} or value == [] or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(inner)}" for key, inner in value.items())[:600]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(plain(item) for item in value)[:600]
    return str(value)[:600]
