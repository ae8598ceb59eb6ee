"""What a figure must and must not say, without a reference figure: specs and their readers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from figbench.errors import UserError

MAX_ENTRIES = 5_000
_ARROW = re.compile(r"\s*(<->|->|--|→|↔)\s*")
_REMEDY = (
    "Expected labels: [...], edges: ['A -> B', ...], must_not: {labels: [...], edges: [...]}, "
    "questions: [...], text: '...'; an AIBench record with a checklist; or a SciForma inventory."
)


@dataclass(frozen=True, slots=True)
class SpecLabel:
    """A label that a figure must, or must not, show."""

    text: str
    importance: str = ""


@dataclass(frozen=True, slots=True)
class SpecEdge:
    """An arrow between two labels; ``direction`` is ``forward``, ``both`` or ``none``."""

    source: str
    target: str
    label: str = ""
    direction: str = "forward"
    importance: str = ""


@dataclass(frozen=True, slots=True)
class SpecQuestion:
    """A question about the figure with its options; a person or a model answers it."""

    question: str
    options: tuple[str, ...] = ()
    answer: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """What one figure should say.

    Attributes:
        labels: That it must show.
        edges: That it must show.
        forbidden_labels: That it must not show.
        forbidden_edges: That it must not show.
        questions: To be answered from it.
        text: Caption or method text: a label whose words all stand there is not invented.
        figure_id: As the source names it; empty where it does not.
    """

    labels: tuple[SpecLabel, ...] = ()
    edges: tuple[SpecEdge, ...] = ()
    forbidden_labels: tuple[SpecLabel, ...] = ()
    forbidden_edges: tuple[SpecEdge, ...] = ()
    questions: tuple[SpecQuestion, ...] = ()
    text: str = ""
    figure_id: str = ""


def read_spec(data: bytes, source: str, figure_id: str = "") -> FigureSpec:
    """Returns the spec of a YAML, JSON or JSONL file.

    Args:
        data: The file's bytes.
        source: Its name, for messages.
        figure_id: Which record of a file of several; may be empty for a file of one.

    Raises:
        UserError: When the file is malformed, has several records and no ``figure_id`` is given, or
            has none of this id.
    """
    records = _records(data, source)
    specs = [_spec(record, source) for record in records]
    if figure_id and not (len(specs) == 1 and not specs[0].figure_id):
        specs = [one for one in specs if one.figure_id == figure_id]
        if not specs:
            raise UserError(f"{source}: has no record '{figure_id}'.")
    if len(specs) != 1:
        raise UserError(
            f"{source}: has {len(specs)} records.", remedy="Choose one with --id, by its id."
        )
    return specs[0]


def _records(data: bytes, source: str) -> list[Mapping[str, Any]]:
    from figbench.io.yaml_text import parse_yaml

    if source.lower().endswith(".jsonl"):
        try:
            found: Any = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{source}: not JSON lines ({error}).") from None
    else:
        found = parse_yaml(data, source)
    if isinstance(found, Mapping) and isinstance(found.get("entries"), list):
        found = found["entries"]
    records = found if isinstance(found, list) else [found]
    if len(records) > MAX_ENTRIES or not all(isinstance(one, Mapping) for one in records):
        raise UserError(f"{source}: not a spec.", remedy=_REMEDY)
    return records


def _spec(record: Mapping[str, Any], source: str) -> FigureSpec:
    try:
        if "checklist" in record:
            return _aibench(record)
        if "stage1_abstraction" in record or "components" in record:
            return _sciforma(record)
        known = {"labels", "edges", "must_not", "questions", "text", "id"}
        unknown = [key for key in record if key not in known]
        if unknown or not known & set(record):
            raise UserError(
                f"{source}: unknown field '{unknown[0]}'." if unknown else f"{source}: not a spec.",
                remedy=_REMEDY,
            )
        forbidden = record.get("must_not") or {}
        return FigureSpec(
            _labels(record.get("labels")),
            _edges(record.get("edges")),
            _labels(forbidden.get("labels")),
            _edges(forbidden.get("edges")),
            tuple(_question(one) for one in record.get("questions") or ()),
            str(record.get("text") or ""),
            str(record.get("id") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{source}: malformed: {type(error).__name__}: {error}.", remedy=_REMEDY
        ) from None


def _labels(entries: Sequence[Any] | None) -> tuple[SpecLabel, ...]:
    return tuple(
        SpecLabel(str(one["text"]), str(one.get("importance") or ""))
        if isinstance(one, Mapping)
        else SpecLabel(str(one))
        for one in entries or ()
    )


def _edges(entries: Sequence[Any] | None) -> tuple[SpecEdge, ...]:
    return tuple(_edge(one) for one in entries or ())


def _edge(entry: Any) -> SpecEdge:
    if isinstance(entry, Mapping) and len(entry) == 1:
        # YAML reads "A -> B: label" as a mapping.
        [(ends, label)] = entry.items()
        entry = f"{ends}: {label}"
    if isinstance(entry, Mapping):
        direction = str(entry.get("direction") or "forward")
        if direction not in ("forward", "both", "none"):
            raise ValueError(f"direction {direction!r}")
        return SpecEdge(
            str(entry["source"]),
            str(entry["target"]),
            str(entry.get("label") or ""),
            direction,
            str(entry.get("importance") or ""),
        )
    parts = _ARROW.split(str(entry))
    if len(parts) != 3:
        raise ValueError(f"edge {entry!r} is not 'A -> B', 'A <-> B' or 'A -- B'")
    source, sign, target = parts
    label = ""
    if ":" in target:
        target, _, label = (part.strip() for part in target.partition(":"))
    direction = {"->": "forward", "→": "forward", "--": "none"}.get(sign, "both")
    return SpecEdge(source.strip(), target.strip(), label, direction)


def _question(entry: Any) -> SpecQuestion:
    if not isinstance(entry, Mapping):
        return SpecQuestion(str(entry))
    options = entry.get("options") or ()
    if isinstance(options, Mapping):
        options = [f"{key}: {value}" for key, value in options.items()]
    answer = entry.get("correct_option", entry.get("answer")) or ""
    return SpecQuestion(
        str(entry["question"]),
        tuple(str(one) for one in options),
        str(answer),
        str(entry.get("level") or ""),
    )


def _aibench(record: Mapping[str, Any]) -> FigureSpec:
    """AIBench (arXiv 2603.28068): id, method_text, checklist of questions with options."""
    return FigureSpec(
        questions=tuple(_question(one) for one in record["checklist"]),
        text=str(record.get("method_text") or ""),
        figure_id=str(record.get("id") or ""),
    )


def _sciforma(record: Mapping[str, Any]) -> FigureSpec:
    """SciForma (arXiv 2607.18091): components, arrows and text labels with importance."""
    inner = record.get("stage1_abstraction", record)
    labels = [
        SpecLabel(str(one["name"]), str(one.get("importance") or ""))
        for one in inner.get("components") or ()
    ]
    labels += [
        SpecLabel(str(one["text"]), str(one.get("importance") or ""))
        for one in inner.get("text_labels") or ()
    ]
    unique = {" ".join(one.text.casefold().split()): one for one in reversed(labels)}
    return FigureSpec(
        labels=tuple(reversed(unique.values())),
        edges=_edges(inner.get("arrows")),
        text=str(record.get("caption") or ""),
        figure_id=str(record.get("index", record.get("id", ""))),
    )
