"""Specs: the labels and arrows that a figure must and must not have, without a reference figure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from figbench.errors import UserError

MAX_ENTRIES = 5_000
MAX_SPEC_BYTES = 8 * 2**20
MAX_YAML_BYTES = 2**20
MAX_VALUES = 100_000
MAX_DEPTH = 50
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
    """The contents that a figure should have.

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
        UserError: When the file is malformed or larger than the bounds, has several records and no
            ``figure_id`` is given, or has none of this id.
    """
    records = _records(data, source)
    specs = [_spec(record, source) for record in records]
    if figure_id and not (len(specs) == 1 and not specs[0].figure_id):
        specs = [entry for entry in specs if entry.figure_id == figure_id]
        if not specs:
            raise UserError(f"{source}: has no record '{figure_id}'.")
    if len(specs) != 1:
        raise UserError(
            f"{source}: has {len(specs)} records.", remedy="Choose one with --id, by its id."
        )
    return specs[0]


def _records(data: bytes, source: str) -> list[Mapping[str, Any]]:
    from figbench.io.yaml_text import parse_yaml

    name = source.lower()
    limit = MAX_SPEC_BYTES if name.endswith((".json", ".jsonl")) else MAX_YAML_BYTES
    if len(data) > limit:
        raise UserError(
            f"{source}: {len(data):,} bytes; at most {limit:,} are read.",
            remedy="Split it into one file a figure.",
        )
    if name.endswith((".json", ".jsonl")):
        try:
            content = data.decode()
            texts = content.splitlines() if name.endswith(".jsonl") else [content]
            values = [json.loads(text) for text in texts if text.strip()]
        except (ValueError, RecursionError) as error:
            raise UserError(f"{source}: not JSON ({str(error)[:200]}).") from None
        document: Any = values if name.endswith(".jsonl") else values[0] if values else None
    else:
        document = parse_yaml(data, source)
    _require_bounds(document, source)
    if isinstance(document, Mapping) and isinstance(document.get("entries"), list):
        document = document["entries"]
    records = document if isinstance(document, list) else [document]
    if len(records) > MAX_ENTRIES or not all(isinstance(entry, Mapping) for entry in records):
        raise UserError(f"{source}: not a spec.", remedy=_REMEDY)
    return records


def _require_bounds(document: Any, source: str) -> None:
    """Refuses deep nesting, and aliases of YAML that multiply a small file."""
    count = 0
    open_values = [(document, 0)]
    while open_values:
        value, depth = open_values.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise UserError(
                f"{source}: more than {MAX_VALUES:,} values, or nested deeper than {MAX_DEPTH}.",
                remedy=_REMEDY,
            )
        if isinstance(value, Mapping):
            open_values += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, (list, tuple, set)):
            open_values += [(inner, depth + 1) for inner in value]


def _plain(value: Any) -> str:
    """Text of a scalar.

    Raises:
        TypeError: When the value is a list or a mapping.
    """
    if isinstance(value, (Mapping, list, tuple, set)):
        raise TypeError(f"a text is expected, this is a {type(value).__name__}")
    return str(value)


def _spec(record: Mapping[str, Any], source: str) -> FigureSpec:
    try:
        if "checklist" in record:
            return _aibench(record)
        if "stage1_abstraction" in record or "components" in record:
            return _sciforma(record)
        fields = {"labels", "edges", "must_not", "questions", "text", "id"}
        unknown = [key for key in record if key not in fields]
        if unknown or not fields & set(record):
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
            tuple(_question(entry) for entry in _listed(record.get("questions"))),
            str(record.get("text") or ""),
            str(record.get("id") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{source}: malformed: {type(error).__name__}: {error}.", remedy=_REMEDY
        ) from None


def _listed(entries: Any) -> Sequence[Any]:
    """A list, or nothing.

    Raises:
        TypeError: When the value is neither: a text would be read letter by letter.
    """
    if entries is None:
        return ()
    if not isinstance(entries, (list, tuple)):
        raise TypeError(f"a list is expected, this is a {type(entries).__name__}")
    return entries


def _labels(entries: Sequence[Any] | None) -> tuple[SpecLabel, ...]:
    return tuple(
        SpecLabel(_plain(entry["text"]), _plain(entry.get("importance") or ""))
        if isinstance(entry, Mapping)
        else SpecLabel(_plain(entry))
        for entry in _listed(entries)
    )


def _edges(entries: Sequence[Any] | None) -> tuple[SpecEdge, ...]:
    return tuple(_edge(entry) for entry in _listed(entries))


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
            _plain(entry["source"]),
            _plain(entry["target"]),
            str(entry.get("label") or ""),
            direction,
            str(entry.get("importance") or ""),
        )
    pieces = _ARROW.split(_plain(entry))
    if len(pieces) != 3:
        raise ValueError(f"edge {entry!r} is not 'A -> B', 'A <-> B' or 'A -- B'")
    source, sign, target = pieces
    label = ""
    if ":" in target:
        target, _, label = (piece.strip() for piece in target.partition(":"))
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
        tuple(str(option) for option in options),
        str(answer),
        str(entry.get("level") or ""),
    )


def _aibench(record: Mapping[str, Any]) -> FigureSpec:
    """AIBench (arXiv 2603.28068): id, method_text, checklist of questions with options."""
    return FigureSpec(
        questions=tuple(_question(entry) for entry in _listed(record["checklist"])),
        text=str(record.get("method_text") or ""),
        figure_id=str(record.get("id") or ""),
    )


def _sciforma(record: Mapping[str, Any]) -> FigureSpec:
    """SciForma (arXiv 2607.18091): components, arrows and text labels with importance."""
    inner = record.get("stage1_abstraction", record)
    labels = [
        SpecLabel(str(entry["name"]), str(entry.get("importance") or ""))
        for entry in inner.get("components") or ()
    ]
    labels += [
        SpecLabel(str(entry["text"]), str(entry.get("importance") or ""))
        for entry in inner.get("text_labels") or ()
    ]
    unique = {" ".join(entry.text.casefold().split()): entry for entry in reversed(labels)}
    return FigureSpec(
        labels=tuple(reversed(unique.values())),
        edges=_edges(inner.get("arrows")),
        text=str(record.get("caption") or ""),
        figure_id=str(record.get("index", record.get("id", ""))),
    )
