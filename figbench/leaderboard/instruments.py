"""Judged columns: what a board and an entry record of a judge, or of people who voted."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from figbench.judges.measures.fingerprint import Fingerprint, differences, drift
from figbench.results.schema import MetricValue, Strict

MOST_CARD_VALUES = 40
MOST_COLUMNS = 8


class CardValue(Strict):
    """One measured quantity of an instrument card."""

    name: str = Field(max_length=60)
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = Field(default=0, ge=0)


class Instrument(Strict):
    """Who judges a column.

    Attributes:
        kind: ``judge`` for a model behind a judge protocol, ``people`` for raters.
        against: Name of the set that every entry is compared with.
        reference_digest: Digest of that set's manifest, for judges.
        question: Question that people answered; empty with a single question.
        fingerprint: Identity of the judge with its accuracy on the anchors.
    """

    kind: Literal["judge", "people"]
    against: str = Field(max_length=200)
    reference_digest: str = Field(default="", max_length=64)
    question: str = Field(default="", max_length=200)
    fingerprint: Fingerprint | None = None

    @model_validator(mode="after")
    def _judges_have_a_fingerprint(self) -> Instrument:
        if (self.kind == "judge") != (self.fingerprint is not None):
            raise ValueError("a judge has a fingerprint, people have none")
        return self

    @property
    def name(self) -> str:
        """Short name for headings."""
        if self.fingerprint is None:
            return f"people{f' on {self.question}' if self.question else ''}"
        return f"{self.fingerprint.model}, {self.fingerprint.protocol}"


class JudgedValue(Strict):
    """An entry's value in a judged column.

    Attributes:
        value: Mean over the figures with a valid verdict, its interval, counts and bounds.
        instrument: Who judged.
        card: Measured errors of the judge, or numbers about the raters.
        votes_sha256: Digest of the votes file.
    """

    value: MetricValue
    instrument: Instrument
    card: list[CardValue] = Field(default_factory=list, max_length=MOST_CARD_VALUES)
    votes_sha256: str = Field(default="", max_length=64)


def instrument_problems(column: Instrument, judged: Instrument) -> list[str]:
    """Returns every way in which an entry's instrument is not that of a board's column.

    Another judge is named with the drift between the two on their common anchors.

    Args:
        column: Of the board.
        judged: Of the entry.
    """
    if column.kind != judged.kind:
        return [f"judged by {judged.name}, the board's column by {column.name}"]
    problems = []
    for field in ("against", "question", "reference_digest"):
        expected, given = getattr(column, field), getattr(judged, field)
        if expected != given:
            name = field.replace("_", " ")
            problems.append(f"{name} '{given[:60]}', the board's column has '{expected[:60]}'")
    if column.fingerprint is not None and judged.fingerprint is not None:
        changed = differences(column.fingerprint, judged.fingerprint)
        if changed:
            problems.append(
                f"another judge ({'; '.join(changed)})"
                f"{drift_text(column.fingerprint, judged.fingerprint)}"
            )
    return problems


def drift_text(first: Fingerprint, second: Fingerprint) -> str:
    """Returns how far two judges differ on common anchors; empty where they share none."""
    if first.anchors_digest != second.anchors_digest or not first.points.keys() & second.points:
        return ", without common anchors"
    change = drift(first, second)
    return (
        f": on {change['anchors']} anchors the accuracy changed by "
        f"{100 * change['difference']:+.1f} points (p = {change['p_value']:.3g})"
    )


def card_values(card: dict[str, Any]) -> list[CardValue]:
    """Returns the measured quantities of an instrument card as a flat list."""
    names = ("position_bias", "position_bias_same_picture", "flip_rate", "inconsistency_rate",
             "self_agreement", "parse_failure_rate", "refusal_rate")  # fmt: skip
    measured = [(name, card.get(name)) for name in names]
    measured += [(f"control {name}", value) for name, value in card.get("controls", {}).items()]
    measured.append(("known order accuracy", card.get("known_order")))
    values = []
    for name, measure in measured:
        if isinstance(measure, dict):
            ends = measure.get("interval") or {}
            values.append(
                CardValue(
                    name=name.replace("_", " "), value=measure.get("value"), low=ends.get("low"),
                    high=ends.get("high"), n=measure.get("n", 0),
                )
            )  # fmt: skip
    return values
