"""Captions to draw with their figure ids, from any set that figbench reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench_figgen.sample import Work
from figbench_figgen.splits import load_split

_DATASET = "paper2fig100k"
_FOLDER = "Paper2Fig100k"
_CAPTION_FIELDS = ("prompt", "caption", "text")


def load_prompts(
    source: str, *, caption: str, samples: int, limit: int | None
) -> tuple[list[Work], list[str]]:
    """Returns the figures to draw and notes for a person.

    Args:
        source: A set of figures with captions, ``ROOT:train`` or ``ROOT:test``,
            ``paper2fig100k:test`` (the folder Paper2Fig100k here), or a ``.txt`` file with one
            caption a line.
        caption: Caption field of a Paper2Fig100k root.
        samples: Figures per caption.
        limit: Only the first so many captions.

    Raises:
        UserError: If there is no caption.
    """
    if samples < 1 or (limit is not None and limit < 1):
        raise UserError("samples per prompt and limit must be at least 1.")
    pairs, notes = _from_text(source) if source.endswith(".txt") else _from_set(source, caption)
    if not pairs:
        raise UserError(
            f"{source}: no caption there ({'; '.join(notes) or 'the set is empty'}).",
            remedy="See what is there with: figbench data inspect PATH",
        )
    selected = pairs[:limit]
    return [Work(name, k, text) for name, text in selected for k in range(samples)], notes


def typed_prompts(captions: Sequence[str], *, samples: int) -> list[Work]:
    """Returns the figures to draw for captions given one by one.

    Raises:
        UserError: If a caption is empty.
    """
    if samples < 1:
        raise UserError("samples per prompt must be at least 1.")
    if any(not caption.strip() for caption in captions):
        raise UserError("A prompt is empty.")
    return [
        Work(f"prompt-{i:05d}", k, caption.strip())
        for i, caption in enumerate(captions)
        for k in range(samples)
    ]


def _from_text(source: str) -> tuple[list[tuple[str, str]], list[str]]:
    # Lines end at line feeds alone: captions may hold form feeds and Unicode separators.
    lines = _read(source).replace("\r\n", "\n").split("\n")
    texts = [line.strip() for line in lines if line.strip()]
    return [(f"prompt-{i:05d}", text) for i, text in enumerate(texts)], []


def _from_records(source: str, caption: str) -> tuple[list[tuple[str, str]], list[str]] | None:
    """Returns the captions of a list of records; a caption needs no figure.

    Returns None if the file is not such a list: another layout may read it.
    """
    records = list(_records(Path(source)))
    if not records or not all(isinstance(record, dict) for record in records):
        return None
    fields = (caption, *_CAPTION_FIELDS)
    pairs: dict[str, str] = {}
    without = 0
    for number, record in enumerate(records):
        text = next((value for key in fields if (value := _caption(record.get(key)))), None)
        if text is None:
            without += 1
            continue
        pairs.setdefault(_identity(record, number), text)
    if not pairs:
        return None
    return list(pairs.items()), [f"{without} records have no caption"] if without else []


def _records(path: Path) -> Iterator[Any]:
    if path.suffix == ".csv":
        yield from csv.DictReader(io.StringIO(_read(str(path)), newline=""))
        return
    text = _read(str(path))
    if path.suffix == ".json":
        document = _parsed(text, f"{path}")
        yield from document if isinstance(document, list) else ()
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parsed(line, f"{path}, line {number}")


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{where}: not valid JSON ({error}).") from None


def _identity(record: dict[str, Any], number: int) -> str:
    for key in ("figure_id", "id"):
        if record.get(key) not in (None, ""):
            return str(record[key])
    for key in ("file_name", "image", "path"):
        if isinstance(record.get(key), str) and record[key]:
            return Path(record[key]).stem
    return f"prompt-{number:05d}"


def _caption(value: Any) -> str | None:
    if isinstance(value, list) and value:
        value = value[0]
    return value.strip() or None if isinstance(value, str) else None


def _read(source: str) -> str:
    try:
        return Path(source).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{source}: cannot be read ({error}).") from None


def _from_set(source: str, caption: str) -> tuple[list[tuple[str, str]], list[str]]:
    if Path(source).suffix in (".jsonl", ".json", ".csv") and Path(source).is_file():
        listed = _from_records(source, caption)
        if listed is not None:
            return listed
    path, split = _split(source)
    manifest, notes = load_split(path, split, caption)
    first: dict[str, str] = {}
    for figure in manifest.figures:
        if figure.prompt:
            first.setdefault(figure.figure_id, figure.prompt)
    ids = {figure.figure_id for figure in manifest.figures}
    if len(first) < len(ids):
        notes = [*notes, f"{len(ids) - len(first)} figures have no caption"]
    return list(first.items()), notes


def _split(source: str) -> tuple[str, str | None]:
    path, separator, split = source.rpartition(":")
    if not separator or split not in ("train", "test") or Path(source).exists():
        path, split = source, ""
    if path == _DATASET and not Path(path).exists():
        path = _FOLDER
        if not Path(path).is_dir():
            raise UserError(
                f"{source}: {_FOLDER} is not in this folder.",
                remedy="figbench data download paper2fig100k, or give the path of its root.",
            )
    return path, split or None
