"""Export of a study: one self-contained HTML page and the organiser's key file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import FigbenchError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.study.design import all_items, assign, order_items
from figbench.study.key import Mode, StudyKey, save_key
from figbench.study.page import study_page
from figbench.study.pictures import HEIGHT, WIDTH, canvas, data_uri, jumbled
from figbench.study.questions import PRESETS, Question
from figbench.study.sources import StudyFigures, load_figures
from figbench.study.trials import PlannedTrial, plan_sessions

INSTRUCTIONS = (
    "You will see a caption and figures made for it. Judge the figures by their content and their "
    "look. There are no right or wrong opinions, and you can change an answer until you send it."
)


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """Settings of a study.

    Attributes:
        title: On the page.
        mode: ``pairwise`` or ``likert``.
        questions: Questions of each trial.
        scale: Highest rating, 3..9; Likert only.
        raters: Number of raters.
        votes_per_item: Raters of each pair (or figure).
        trials: Judged trials of a rater; None covers every pair.
        gold: Trials with a known answer for each rater.
        repeats: Repeated trials for each rater.
        instructions: Text on the first page.
        contact: Where the answers go, such as a mail address; on the last page.
        seed: Of the design.
    """

    title: str = "Figure study"
    mode: Mode = "pairwise"
    questions: tuple[Question, ...] = PRESETS["overall"]
    scale: int = 5
    raters: int = 6
    votes_per_item: int = 3
    trials: int | None = None
    gold: int = 2
    repeats: int = 2
    instructions: str = INSTRUCTIONS
    contact: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """Outcome of an export.

    Attributes:
        page: HTML file for the raters.
        key_path: Key file for the organiser.
        key: Its content.
        notes: Omitted pairs and sizes, as sentences.
    """

    page: Path
    key_path: Path
    key: StudyKey
    notes: tuple[str, ...] = field(default=())


def export_study(
    models: Mapping[str, str | Path],
    out: Path,
    key_path: Path,
    *,
    reference: str | Path | None = None,
    options: StudyOptions | None = None,
) -> Exported:
    """Writes a blinded study.

    Args:
        models: Figures by model name; two at least for a pairwise study.
        out: HTML file to write.
        key_path: Key file to write; whoever has it can unblind the study.
        reference: Set that gives prompts and captions.
        options: Settings.

    Raises:
        UserError: If the options or figures allow no trial.
    """
    settings = options or StudyOptions()
    _check(models, settings, out, key_path)
    figures = load_figures(models, reference)
    rng = np.random.default_rng(settings.seed)
    trials, sessions = _plan(figures, settings, rng)
    images, names = _encode(figures, trials, rng)
    payload = _payload(settings, figures, trials, sessions, images, names)
    digest = hashlib.sha256(_canonical(payload)).hexdigest()
    omitted = [
        f"{prompt}: no figure of {', '.join(absent)}" for prompt, absent in figures.missing.items()
    ]
    key = StudyKey(
        study=digest,
        title=settings.title,
        mode=settings.mode,
        scale=settings.scale if settings.mode == "likert" else 0,
        questions=settings.questions,
        models=tuple(sorted(models)),
        seed=settings.seed,
        trials={name: planned.trial for name, planned in sorted(trials.items())},
        sessions=sessions,
        omitted=omitted,
    )
    page = study_page({**payload, "study": digest}, settings.title)
    write_text_atomic(out, page)
    save_key(key, key_path)
    return Exported(out, key_path, key, tuple(_notes(key, omitted, page, len(images))))


def _check(
    models: Mapping[str, str | Path], settings: StudyOptions, out: Path, key_path: Path
) -> None:
    if settings.mode == "pairwise" and len(models) < 2:
        raise UserError("A pairwise study needs two models.", remedy="Add --model NAME=FOLDER.")
    if not models:
        raise UserError("No model is given.", remedy="Add --model NAME=FOLDER.")
    if settings.mode == "likert" and not 3 <= settings.scale <= 9:
        raise UserError(f"--scale must be 3 to 9, got {settings.scale}.")
    for name in ("raters", "votes_per_item"):
        if getattr(settings, name) < 1:
            raise UserError(f"{name} must be at least 1, got {getattr(settings, name)}.")
    for name in ("gold", "repeats"):
        if getattr(settings, name) < 0:
            raise UserError(f"{name} must be at least 0, got {getattr(settings, name)}.")
    if settings.trials is not None and settings.trials < 1:
        raise UserError(f"trials must be at least 1, got {settings.trials}.")
    if out.resolve() == key_path.resolve():
        raise UserError(f"{out}: the page and the key cannot be the same file.")


def _plan(
    figures: StudyFigures, settings: StudyOptions, rng: np.random.Generator
) -> tuple[dict[str, PlannedTrial], dict[str, list[str]]]:
    names = sorted(figures.manifests)
    available = {
        prompt: [name for name in names if (name, prompt) in figures.figures]
        for prompt in figures.prompts
    }
    items = order_items(all_items(available, pairwise=settings.mode == "pairwise"), rng)
    if not items:
        raise UserError(
            "No prompt has figures of two models.",
            remedy="Check the ids with: figbench data inspect PATH",
        )
    width = max(2, len(str(settings.raters)))
    raters = [f"R{number:0{width}d}" for number in range(1, settings.raters + 1)]
    plan = assign(items, raters, settings.votes_per_item, settings.trials, rng)
    idle = [rater for rater, assignments in plan.items() if not assignments]
    if idle:
        raise UserError(
            f"{len(items)} items x {settings.votes_per_item} votes leave {len(idle)} of "
            f"{len(raters)} raters without a trial.",
            remedy="Use fewer raters or more votes per pair.",
        )
    return plan_sessions(
        plan, figures.papers, gold=settings.gold, repeats=settings.repeats, rng=rng
    )


def _encode(
    figures: StudyFigures, trials: Mapping[str, PlannedTrial], rng: np.random.Generator
) -> tuple[dict[str, str], dict[tuple[str, str, bool], str]]:
    """Returns data URIs by random name, sorted by it, and the name of each image."""
    used = sorted({image for planned in trials.values() for image in planned.images})
    names = {image: f"i{rng.bytes(5).hex()}" for image in used}
    images: dict[str, str] = {}
    for image, name in names.items():
        model, prompt, shuffled = image
        try:
            pixels = canvas(figures.image(model, prompt))
        except (FigbenchError, ValueError) as error:
            raise UserError(f"{model}: the figure of {prompt} cannot be read ({error}).") from None
        images[name] = data_uri(jumbled(pixels, rng) if shuffled else pixels)
    return dict(sorted(images.items())), names


def _payload(
    settings: StudyOptions,
    figures: StudyFigures,
    trials: Mapping[str, PlannedTrial],
    sessions: Mapping[str, list[str]],
    images: Mapping[str, str],
    names: Mapping[tuple[str, str, bool], str],
) -> dict[str, Any]:
    """Returns the page's content: no model, prompt or paper name."""
    return {
        "title": settings.title,
        "instructions": settings.instructions,
        "contact": settings.contact,
        "mode": settings.mode,
        "scale": settings.scale if settings.mode == "likert" else 0,
        "questions": [question.model_dump() for question in settings.questions],
        "size": [WIDTH, HEIGHT],
        "images": dict(images),
        "trials": {
            name: {
                "caption": figures.captions[planned.trial.prompt_id],
                "images": [names[image] for image in planned.images],
            }
            for name, planned in sorted(trials.items())
        },
        "sessions": {rater: list(ids) for rater, ids in sessions.items()},
    }


def _canonical(payload: Any) -> bytes:
    return json.dumps(payload, sort_keys=True, ensure_ascii=False).encode()


def _notes(key: StudyKey, omitted: list[str], page: str, images: int) -> list[str]:
    lengths = sorted({len(ids) for ids in key.sessions.values()})
    judged = sum(trial.kind == "judge" for trial in key.trials.values())
    span = str(lengths[0]) if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
    notes = [
        f"{len(key.sessions)} raters with {span} trials each, {judged} of them judged in all, "
        f"{images} images, {len(page.encode()) / 2**20:.1f} MiB"
    ]
    if omitted:
        notes.append(f"{len(omitted)} prompts lack a figure, such as {omitted[0]}")
    return notes
