"""Questions of a study."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from figbench.errors import UserError

ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class Question(BaseModel):
    """One question of each trial.

    Attributes:
        id: Short name; the field ``question`` of a vote.
        text: Text on the page.
        low: Meaning of the lowest rating; Likert only.
        high: Meaning of the highest rating; Likert only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str
    low: str = "poor"
    high: str = "excellent"


PRESETS: dict[str, tuple[Question, ...]] = {
    "overall": (Question(id="overall", text="Which figure explains the caption better?"),),
    "paperbanana": (
        Question(id="faithfulness", text="Which figure is more faithful to the caption?"),
        Question(id="readability", text="Which figure is easier to read?"),
        Question(id="conciseness", text="Which figure leaves out needless detail better?"),
        Question(id="aesthetics", text="Which figure looks better?"),
    ),
}
RATING_PRESETS: dict[str, tuple[Question, ...]] = {
    "overall": (Question(id="overall", text="How well does the figure explain the caption?"),),
    "paperbanana": (
        Question(id="faithfulness", text="How faithful is the figure to the caption?"),
        Question(id="readability", text="How easy is the figure to read?"),
        Question(id="conciseness", text="How well does the figure leave out needless detail?"),
        Question(id="aesthetics", text="How good does the figure look?"),
    ),
}


def parse_questions(values: Sequence[str], *, likert: bool) -> tuple[Question, ...]:
    """Returns the questions of ``--question`` options.

    Args:
        values: Preset names (``overall``, ``paperbanana``) or ``id=text``; empty for ``overall``.
        likert: Whether figures are rated one by one.

    Raises:
        UserError: If a value is neither, or an id repeats.
    """
    presets = RATING_PRESETS if likert else PRESETS
    questions: list[Question] = []
    for value in values or ["overall"]:
        if value in presets:
            questions += presets[value]
            continue
        name, separator, text = value.partition("=")
        if not separator or not ID.fullmatch(name.strip()) or not text.strip():
            raise UserError(
                f"--question '{value}' is neither a preset nor id=text.",
                remedy=f"Presets: {', '.join(presets)}; or: --question 'clarity=Which is clearer?'",
            )
        questions.append(Question(id=name.strip(), text=text.strip()))
    names = [question.id for question in questions]
    if len(set(names)) < len(names):
        raise UserError(f"A question id repeats: {', '.join(names)}.")
    return tuple(questions)
