"""Strict reading of a judge's answer: a parsed object or the kind of failure, never a guess."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from figbench.judges.protocol import Aspect, JudgeProtocol

Status = Literal["ok", "malformed", "truncated", "oversized", "refusal", "failed", "not-run"]

MAX_ANSWER_CHARACTERS = 65_536
_FENCE = re.compile(r"^```(?:json)?[ \t]*\n(.*)\n```$", re.DOTALL)
_THINKING = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_REFUSAL = re.compile(
    r"\b(?:i|we)(?:'m| am| are|'re)? (?:sorry|unable|not able|can(?:no|')t|cannot|won't|will not"
    r"|must decline|decline)\b|\bas an ai\b|\bi apologi[sz]e\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A validated answer, or a failure.

    Attributes:
        status: ``ok``, or the kind of failure.
        answer: The validated object; empty unless ``status`` is ``ok``.
        problem: Sentence about the failure.
    """

    status: Status
    answer: dict[str, Any]
    problem: str = ""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@lru_cache(maxsize=256)
def answer_model(
    protocol: JudgeProtocol, aspect: Aspect | None = None, options: tuple[str, ...] = ()
) -> type[BaseModel]:
    """Returns the pydantic model of a valid answer.

    Args:
        protocol: Mode, words, aspects and scale.
        aspect: Axis of a checklist call.
        options: Letters of a question's options.
    """
    if protocol.mode == "pairwise":
        return _pairwise_model(protocol)
    if protocol.mode == "pointwise":
        low, high = protocol.scale
        scores: Any = create_model(
            "Scores",
            __base__=_Strict,
            **{item.id: (float, Field(ge=low, le=high)) for item in protocol.aspects},  # type: ignore[call-overload]
        )
        return create_model(
            "Answer", __base__=_Strict, scores=(scores, ...), reason=(str | None, None)
        )
    if protocol.mode == "checklist":
        assert aspect is not None  # nosec B101 # narrows a type
        kind: Any = Literal[aspect.types] if aspect.types else str
        severity: Any = Literal["critical", "moderate"]
        error: Any = create_model(
            "Error",
            __base__=_Strict,
            type=(kind, ...),
            severity=(severity, ...),
            description=(str | None, None),
        )
        errors: Any = list[error]
        return create_model("Answer", __base__=_Strict, errors=(errors, ...), usable=(bool, ...))
    letters: Any = Literal[options]
    return create_model("Answer", __base__=_Strict, answer=(letters, ...))


def _pairwise_model(protocol: JudgeProtocol) -> type[BaseModel]:
    words = (protocol.answers.first, protocol.answers.second, *protocol.answers.ties)
    winner: Any = Literal[words]
    flat = create_model("Answer", __base__=_Strict, winner=(winner, ...), reason=(str | None, None))
    if not protocol.aspects:
        return flat
    fields: Any = {aspect.id: (flat, ...) for aspect in protocol.aspects}
    return create_model("Answers", __base__=_Strict, **fields)


def interpret(
    text: str | None,
    model: type[BaseModel],
    *,
    finish_reason: str | None = None,
    refusal: str | None = None,
) -> Verdict:
    """Returns the verdict in an answer's text.

    The text is one JSON object that follows the schema exactly, alone or in one fenced block, with
    a ``<think>`` block allowed before it. Repeated keys, further keys, ``NaN`` and text around
    the object are malformed.

    Args:
        text: Content of the message; None when the server sent none.
        model: From :func:`answer_model`.
        finish_reason: ``length`` marks a truncated answer, ``content_filter`` a refusal.
        refusal: The message's ``refusal`` field.
    """
    if refusal or finish_reason == "content_filter":
        return Verdict("refusal", {}, "the server reports a refusal")
    content = text or ""
    if len(content) > MAX_ANSWER_CHARACTERS:
        return Verdict("oversized", {}, f"more than {MAX_ANSWER_CHARACTERS:,} characters")
    body = _THINKING.sub("", content).strip()
    fenced = _FENCE.match(body)
    body = fenced.group(1).strip() if fenced else body
    try:
        document = json.loads(
            body, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
        validated = model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "top level"
        return _not_valid(body, finish_reason, f"{where}: {first['msg']}")
    except (ValueError, RecursionError) as error:
        return _not_valid(body, finish_reason, f"not one JSON object ({error})")
    return Verdict("ok", validated.model_dump(mode="json"))


def _not_valid(body: str, finish_reason: str | None, problem: str) -> Verdict:
    if finish_reason == "length":
        return Verdict("truncated", {}, "the answer ended at max_tokens")
    if not body.startswith("{") and _REFUSAL.search(body[:500]):
        return Verdict("refusal", {}, "the text declines to answer")
    return Verdict("malformed", {}, problem[:300])


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key is repeated")
    return document


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")
