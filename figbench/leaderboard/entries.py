"""Board entries and their folder: adding, reading, withdrawing with a tombstone."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.io.yaml_text import read_yaml
from figbench.leaderboard.attachments import (
    Attachment,
    attachment_path,
    load_attachment,
    save_attachment,
)
from figbench.leaderboard.instruments import MOST_COLUMNS, Instrument, JudgedValue
from figbench.results.schema import MetricValue, ModelCard, RunResult, Strict

MAX_ENTRY_BYTES = 2 * 2**20
ENTRIES = "entries"
BOARD_NAME = "board.yaml"
TOMBSTONES = "withdrawn.json"
NAME = re.compile(r"^[a-z0-9][a-z0-9.-]*__[a-z0-9][a-z0-9.-]*__\d{4}-\d{2}-\d{2}$")

Standing = Literal["self-reported", "re-scored", "as published"]


class Published(Strict):
    """One value from the literature, as printed there."""

    metric: str = Field(max_length=60)
    value: float
    source: str = Field(max_length=300, description="Where it is printed.")
    note: str = Field(default="", max_length=300)


class Entry(Strict):
    """One row of a board: a measured result, or values as published."""

    entry_version: Literal[1] = 1
    standing: Standing
    role: Literal["model", "baseline"] = "model"
    model: ModelCard
    result: RunResult | None = None
    published: list[Published] = Field(default_factory=list, max_length=40)
    judged: dict[str, JudgedValue] = Field(
        default_factory=dict, max_length=MOST_COLUMNS, description="By judged column."
    )

    def metric(self, metric_id: str) -> MetricValue | None:
        """Returns the measured or judged value of a column, or None."""
        if metric_id in self.judged:
            return self.judged[metric_id].value
        return self.result.metrics.get(metric_id) if self.result else None


class Board(Strict):
    """``board.yaml``: what a board ranks."""

    title: str
    description: str = ""
    protocol: str = Field(description="Protocol id, for people.")
    protocol_hash: str = Field(description="Only results of this hash are ranked.")
    prompts_digest: str | None = Field(default=None, description="Of the test ids.")
    metrics: list[str] = Field(min_length=1, description="Columns; the first one sorts.")
    most_near_copies: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Largest share of figures that may look like a reference. Simple figures do by "
        "chance; 1 where the caption determines the figure.",
    )
    judged: dict[str, Instrument] = Field(
        default_factory=dict, max_length=MOST_COLUMNS, description="Judged columns: who judges."
    )
    dataset: str = Field(default="", description="Name of the reference set, for people.")
    submit: str = Field(default="", description="Link to where entries are sent.")
    boards_page: str = Field(default="", description="Relative link to the page of all boards.")


class Tombstone(Strict):
    """What is left of a withdrawn entry."""

    name: str
    sha256: str
    date: str
    reason: str = Field(max_length=500)


@dataclass(frozen=True, slots=True)
class NamedEntry:
    """An entry with the stem of its file, ``<org>__<model>__<date>``, and what is attached."""

    name: str
    entry: Entry
    attachment: Attachment | None = None


def load_entry(path: Path) -> NamedEntry:
    """Reads one entry from an untrusted file.

    Raises:
        UserError: If the name, the size or any field breaks the rules; each is named.
    """
    check_name(path)
    document = read_json(path, limit=MAX_ENTRY_BYTES)
    try:
        entry = Entry.model_validate(document)
    except ValidationError as error:
        raise UserError(f"{path}: not a board entry: {_problems(error)}.") from None
    return NamedEntry(path.stem, entry, load_attachment(attachment_path(path)))


def check_name(path: Path) -> None:
    """Raises unless a path is named as an entry.

    Raises:
        UserError: With the pattern, or if its date is no day.
    """
    if not NAME.match(path.stem) or path.suffix != ".json" or path.is_symlink():
        raise UserError(
            f"{path.name[:120]}: not an entry's name.",
            remedy="Use <org>__<model>__<YYYY-MM-DD>.json in lower case, a plain file.",
        )
    try:
        entry_date(path.stem)
    except ValueError:
        raise UserError(f"{path.name}: names no day of the calendar.") from None


def entry_date(name: str) -> datetime.date:
    """Returns the day in an entry's name.

    Raises:
        ValueError: If the calendar has no such day.
    """
    return datetime.date.fromisoformat(name.rpartition("__")[2])


def load_board(folder: Path) -> Board:
    """Reads ``board.yaml``.

    Raises:
        UserError: If it is missing or breaks the schema.
    """
    path = folder / BOARD_NAME
    if not path.is_file():
        raise UserError(
            f"{path}: no such file.",
            remedy="Start one with: figbench leaderboard init BOARD --run RUN",
        )
    try:
        return Board.model_validate(read_yaml(path))
    except ValidationError as error:
        raise UserError(f"{path}: not a board: {_problems(error)}.") from None


def load_entries(folder: Path) -> list[NamedEntry]:
    """Returns every entry of a board, sorted by name."""
    return [load_entry(path) for path in sorted((folder / ENTRIES).glob("*.json"))]


def add_entry(folder: Path, named: NamedEntry) -> Path:
    """Copies a checked entry into the board.

    Raises:
        UserError: If an entry of this name is there already, or was withdrawn.
    """
    target = folder / ENTRIES / f"{named.name}.json"
    if target.exists():
        raise UserError(f"{target}: already there.", remedy="Withdraw it or use another date.")
    if any(stone.name == named.name for stone in load_tombstones(folder)):
        raise UserError(f"{named.name}: was withdrawn.", remedy="Use another date.")
    if named.attachment is not None:
        save_attachment(attachment_path(target), named.attachment)
    write_text_atomic(target, dump_json(named.entry.model_dump(mode="json")))
    return target


def withdraw_entry(folder: Path, name: str, *, reason: str, date: str) -> None:
    """Deletes an entry and keeps a tombstone with its digest.

    Args:
        folder: The board's folder.
        name: Name of the entry, without suffix.
        reason: Sentence that the page states.
        date: Day of the withdrawal, YYYY-MM-DD.

    Raises:
        UserError: If there is no such entry, or no such day.
    """
    target = folder / ENTRIES / f"{name}.json"
    if not NAME.match(name) or not target.is_file():
        raise UserError(f"{name}: no such entry in {folder}.")
    try:
        day = datetime.date.fromisoformat(date).isoformat()
    except ValueError:
        raise UserError(f"--date: '{date}' is no day.", remedy="Type YYYY-MM-DD.") from None
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    stone = Tombstone(name=name, sha256=digest, date=day, reason=reason)
    stones = [tombstone.model_dump() for tombstone in [*load_tombstones(folder), stone]]
    write_text_atomic(folder / TOMBSTONES, dump_json(stones))
    target.unlink()
    attachment_path(target).unlink(missing_ok=True)


def load_tombstones(folder: Path) -> list[Tombstone]:
    """Returns what was withdrawn, oldest first."""
    path = folder / TOMBSTONES
    if not path.exists():
        return []
    try:
        return [Tombstone.model_validate(record) for record in read_json(path)]
    except ValidationError as error:
        raise UserError(f"{path}: {_problems(error)}.") from None


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'top level'}: {item['msg']}"[:200]
        for item in error.errors(include_input=False)[:8]
    )
