"""The key file: which model is behind each image. It stays with the organiser."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.study.questions import Question

Mode = Literal["pairwise", "likert"]


class Trial(BaseModel):
    """One trial of one rater.

    Attributes:
        rater: Who sees it.
        kind: ``judge``, ``gold`` (known answer) or ``repeat`` (of an earlier trial).
        prompt_id: Prompt of the figures.
        paper_id: Paper of the prompt.
        models: Left and right model; one model when figures are rated one by one.
        expected: Gold only: ``left`` or ``right``; ``low`` when the rating must be low.
        repeats: Repeat only: id of the earlier trial.
    """

    model_config = ConfigDict(extra="forbid")

    rater: str
    kind: Literal["judge", "gold", "repeat"]
    prompt_id: str
    paper_id: str
    models: tuple[str, ...]
    expected: Literal["left", "right", "low"] | None = None
    repeats: str | None = None


class StudyKey(BaseModel):
    """Everything that turns answers into votes.

    Attributes:
        schema_version: Of this file.
        study: SHA-256 of the page's content; answers carry it.
        title: Of the study.
        mode: ``pairwise`` or ``likert``.
        scale: Highest rating; 0 for pairwise.
        questions: Questions of each trial.
        models: Model names.
        seed: Of the design.
        trials: By trial id.
        sessions: Trial ids by rater, in order.
        omitted: Prompts or pairs without a figure, as text.
    """

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    study: str = Field(pattern="^[0-9a-f]{64}$")
    title: str
    mode: Mode
    scale: int
    questions: tuple[Question, ...]
    models: tuple[str, ...]
    seed: int
    trials: dict[str, Trial]
    sessions: dict[str, list[str]]
    omitted: list[str]


def save_key(key: StudyKey, path: Path) -> None:
    """Writes the key file atomically."""
    write_text_atomic(path, dump_json(key.model_dump(mode="json")))


def load_key(path: str | Path) -> StudyKey:
    """Reads a key file.

    Raises:
        UserError: If it is absent or no key file; every violation is named.
    """
    source = Path(path)
    try:
        return StudyKey.model_validate(read_json(source))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'top level'}: {item['msg']}"
            for item in error.errors()[:8]
        )
        raise UserError(
            f"{source}: not a study key: {problems}.",
            remedy="Use the key file that figbench study export wrote.",
        ) from None
