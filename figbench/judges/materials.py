"""Questions and inventories of a benchmark, by figure id, from JSON or JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from figbench.errors import UserError
from figbench.io.json_files import read_json
from figbench.judges.protocol import JudgeProtocol

MAX_SPEC_BYTES = 512 * 2**20


class _Question(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    id: str
    level: str = ""
    question: str
    options: dict[str, str] = Field(min_length=2)
    correct_option: str


@dataclass(frozen=True, slots=True)
class Question:
    """A multiple-choice question; ``correct`` is a letter of ``options``."""

    id: str
    level: str
    text: str
    options: Mapping[str, str]
    correct: str


class Materials:
    """Questions (AIBench's ``checklist``) and inventories (SciForma's ``stage1_abstraction``).

    Args:
        records: Parsed objects by figure id.
        source: File name for messages.
    """

    def __init__(self, records: Mapping[str, Mapping[str, Any]], source: str = "") -> None:
        self._records, self._source = records, source

    @classmethod
    def load(cls, path: Path | None, protocol: JudgeProtocol) -> Materials:
        """Reads a file of objects with ``id`` (or ``figure_id``, ``prompt_id``, ``image_path``).

        Raises:
            UserError: If the protocol needs the file and it is absent or not understood.
        """
        if path is None:
            if protocol.mode in ("checklist", "questions"):
                raise UserError(
                    f"Judge protocol '{protocol.id}' needs questions or inventories.",
                    remedy="Add --spec FILE; docs/judges.md describes the file.",
                )
            return cls({})
        if path.suffix == ".jsonl":
            objects = _lines(path)
        else:
            document = read_json(path, limit=MAX_SPEC_BYTES)
            objects = document.get("entries", []) if isinstance(document, dict) else document
        if not isinstance(objects, list):
            raise UserError(f"{path}: expected a list of objects, or an object with 'entries'.")
        records = {}
        for number, record in enumerate(objects):
            figure_id = _id_of(record)
            if figure_id is None:
                raise UserError(f"{path}: entry {number} has no id, figure_id or image_path.")
            records[figure_id] = record
        return cls(records, str(path))

    def inventory(self, figure_id: str, axis: str) -> list[str]:
        """Returns the lines of one axis; empty when the inventory lists none."""
        record = self._record(figure_id)
        entries = record.get("stage1_abstraction", record).get(axis, [])
        return [_line(entry, axis) for entry in entries if isinstance(entry, dict)]

    def questions(self, figure_id: str) -> list[Question]:
        """Returns the questions of a figure."""
        questions = []
        for entry in self._record(figure_id).get("checklist", []):
            try:
                parsed = _Question.model_validate(entry)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise UserError(
                    f"{self._source}: question of '{figure_id}': {where}: {first['msg']}."
                ) from None
            options = {key.strip().upper(): text for key, text in parsed.options.items()}
            correct = parsed.correct_option.strip().upper()
            if correct not in options:
                raise UserError(
                    f"{self._source}: question '{parsed.id}' of '{figure_id}': the correct option "
                    f"'{correct}' is not among {', '.join(options)}."
                )
            questions.append(Question(parsed.id, parsed.level, parsed.question, options, correct))
        return questions

    def _record(self, figure_id: str) -> Mapping[str, Any]:
        for name in (figure_id, PurePosixPath(figure_id).stem):
            if name in self._records:
                return self._records[name]
        raise UserError(
            f"{self._source}: no entry for figure '{figure_id}'.",
            remedy="Every reference figure needs an entry with its id.",
        )


def _lines(path: Path) -> Sequence[Any]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON lines ({error}).") from None


def _id_of(record: Any) -> str | None:
    if not isinstance(record, dict):
        return None
    for name in ("figure_id", "id", "prompt_id"):
        if record.get(name) is not None:
            return str(record[name])
    path = record.get("image_path")
    return PurePosixPath(path).stem if isinstance(path, str) else None


def _line(entry: Mapping[str, Any], axis: str) -> str:
    if axis == "components":
        return ": ".join(str(entry[k]) for k in ("name", "description") if entry.get(k))
    if axis == "arrows":
        label = f" [{entry['label']}]" if entry.get("label") else ""
        return f"{entry.get('source', '?')} -> {entry.get('target', '?')}{label}"
    location = f" at {entry['location']}" if entry.get("location") else ""
    return f'"{entry.get("text", "?")}"{location}'
