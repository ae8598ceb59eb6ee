"""Entries of a board: check, add, enter, withdraw, and judged values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from figbench.cli.output.cards import read_card
from figbench.cli.output.console import error_console, result_console
from figbench.errors import UserError

if TYPE_CHECKING:
    from figbench.leaderboard.judged import Judged
    from figbench.results.schema import RunResult

EntryFile = Annotated[Path, typer.Argument(help="<org>__<model>__<YYYY-MM-DD>.json")]
Pictures = Annotated[
    bool,
    typer.Option(
        "--pictures/--no-pictures", help="Attach thumbnails of 24 figures for the gallery."
    ),
]
JudgeFolder = Annotated[
    Path | None, typer.Option(help="Folder of judge run on the same figures and reference.")
]
VotesFile = Annotated[Path | None, typer.Option(help="Votes of people (study import).")]
Against = Annotated[
    str | None, typer.Option(help="The other set in the votes [default: the only one].")
]
Question = Annotated[str, typer.Option(help="Question that the votes answer.")]
BoardFolder = Annotated[Path, typer.Argument(help="Folder with board.yaml and entries/.")]


def check(
    entry: EntryFile,
    board: Annotated[Path, typer.Option(help="The board that it is meant for.")],
) -> None:
    """Check an entry: schema, protocol hash, completeness, plausible values."""
    from figbench.leaderboard.attachments import REFERENCE_NAME, load_attachment
    from figbench.leaderboard.entries import load_board, load_entry
    from figbench.leaderboard.validation import incomplete, require_valid

    named, rules = load_entry(entry), load_board(board)
    reference = load_attachment(board / REFERENCE_NAME)
    require_valid(named, rules, reference)
    reason = incomplete(named, rules, reference)
    if named.attachment is None:
        note = "nothing attached, so no metric was recomputed; "
    else:
        note = "attached rows agree; "
    group = "pinned as a baseline" if named.entry.role == "baseline" else "ranked"
    note += f"would stand apart: {reason}" if reason else f"would be {group}"
    result_console().print(f"{named.name}: valid, {note}.", markup=False, soft_wrap=True)


def add(
    board: BoardFolder,
    entry: EntryFile,
) -> None:
    """Check an entry and copy it into the board."""
    from figbench.leaderboard.attachments import REFERENCE_NAME, load_attachment
    from figbench.leaderboard.entries import add_entry, load_board, load_entry
    from figbench.leaderboard.validation import require_valid

    named = load_entry(entry)
    require_valid(named, load_board(board), load_attachment(board / REFERENCE_NAME))
    error_console().print(f"Added {add_entry(board, named)}.", markup=False, soft_wrap=True)


def enter(
    result: Annotated[Path, typer.Argument(help="result.json, or the folder that holds it.")],
    out: Annotated[
        Path,
        typer.Option("--output", "--out", "-o", help="<org>__<model>__<YYYY-MM-DD>.json to write."),
    ],
    organisation: Annotated[str, typer.Option(help="Who made the figures.")],
    standing: Annotated[str, typer.Option(help="self-reported or re-scored.")] = "self-reported",
    baseline: Annotated[bool, typer.Option(help="Pin it as a baseline, not ranked.")] = False,
    board: Annotated[
        Path | None,
        typer.Option(help="Attach rows and features for this board's metrics, for paired ranks."),
    ] = None,
    pictures: Pictures = True,
    model_card: Annotated[
        Path | None, typer.Option(help="YAML or JSON whose fields replace those of the run.")
    ] = None,
    model_name: Annotated[str | None, typer.Option(help="Name on the board.")] = None,
    judge: JudgeFolder = None,
    votes: VotesFile = None,
    votes_name: Annotated[
        str | None, typer.Option(help="The model's name in the votes [default: its name].")
    ] = None,
    against: Against = None,
    question: Question = "",
) -> None:
    """Make an entry from a finished run, with judged values from --judge and --votes."""
    from figbench.io.atomic import write_text_atomic
    from figbench.io.json_files import dump_json
    from figbench.leaderboard.attachments import (
        REFERENCE_NAME,
        attachment_path,
        load_attachment,
        save_attachment,
    )
    from figbench.leaderboard.collect import collect
    from figbench.leaderboard.entries import Entry, NamedEntry, check_name, load_board
    from figbench.leaderboard.judged import attach
    from figbench.leaderboard.validation import incomplete, require_valid
    from figbench.results.files import PER_FIGURE_NAME, load_result
    from figbench.results.integrity import check_folder

    if standing not in ("self-reported", "re-scored"):
        raise UserError(f"--standing: '{standing}'.", remedy="Use self-reported or re-scored.")
    loaded = load_result(result)
    folder = Path(result) if Path(result).is_dir() else Path(result).parent
    check_folder(folder, loaded, PER_FIGURE_NAME)
    run = loaded.model_copy(update={"store": None})
    given = read_card(model_card, model_name).model_dump(exclude_unset=True)
    card = run.model.model_copy(update={**given, "organisation": organisation})
    entry = Entry.model_validate(
        {
            "standing": standing,
            "role": "baseline" if baseline else "model",
            "model": card.model_dump(),
            "result": run.model_dump(),
        }
    )
    check_name(out)
    judged = _judged(judge, votes, votes_name or card.name or "", against, question, run)
    if judged:
        entry = entry.model_copy(
            update={"judged": {column.column: column.judged for column in judged}}
        )
    if not entry.model.name:
        raise UserError(
            f"{result}: the run names no model, and a board refuses an entry without a name.",
            remedy="Add --model-name NAME, or --model-card card.yaml with a name.",
        )
    attachment = None
    if board is not None:
        folder = result if result.is_dir() else result.parent
        rules = load_board(board)
        attachment, _ = collect(folder, rules.metrics, with_images=pictures)
        attachment = attach(attachment, judged)
        reference = load_attachment(board / REFERENCE_NAME)
        named = NamedEntry(out.stem, entry, attachment)
        require_valid(named, rules, reference)
        reason = incomplete(named, rules, reference)
        if reason:
            error_console().print(
                f"Note: it would not be ranked: {reason}.", markup=False, soft_wrap=True
            )
        save_attachment(attachment_path(out), attachment)
    write_text_atomic(out, dump_json(entry.model_dump(mode="json")))
    attached = f" and {attachment_path(out).name}" if attachment else ""
    error_console().print(f"Wrote {out}{attached}.", markup=False, soft_wrap=True)


def _judged(
    judge: Path | None,
    votes: Path | None,
    name: str,
    against: str | None,
    question: str,
    run: RunResult | None,
) -> list[Judged]:
    """Returns the judged values that the options name."""
    from figbench.leaderboard.judged import judged_by_model, judged_by_people

    if votes is None and (against or question):
        raise UserError("--against and --question select votes.", remedy="Add --votes FILE.")
    judged = [judged_by_model(judge, run)] if judge else []
    if votes:
        judged.append(judged_by_people(votes, name, against=against, question=question))
    return judged


def judged(
    board: BoardFolder,
    judge: JudgeFolder = None,
    votes: VotesFile = None,
    model: Annotated[
        str | None, typer.Option(help="Any model of the votes, to find the other set.")
    ] = None,
    against: Against = None,
    question: Question = "",
) -> None:
    """Add a judged column: win rates by the judge of a judge run, or by people who voted.

    The column belongs to that judge. An entry judged by another one is refused with the drift.
    """
    from figbench.leaderboard.judged import add_column

    if votes is not None and not model:
        raise UserError("--votes needs a model of the votes.", remedy="Add --model NAME.")
    columns = _judged(judge, votes, model or "", against, question, None)
    if not columns:
        raise UserError("Nothing names a judge.", remedy="Add --judge DIR or --votes FILE.")
    for column in columns:
        add_column(board, column)
        text = (
            f"{board / 'board.yaml'}: column {column.column}, by {column.judged.instrument.name}."
        )
        error_console().print(text, markup=False, soft_wrap=True)


def withdraw(
    board: BoardFolder,
    name: Annotated[str, typer.Argument(help="Name of the entry, without .json.")],
    reason: Annotated[str, typer.Option(help="Kept on the page.")],
    date: Annotated[str, typer.Option(help="YYYY-MM-DD.")],
) -> None:
    """Delete an entry; a tombstone with its digest stays."""
    from figbench.leaderboard.entries import withdraw_entry

    withdraw_entry(board, name, reason=reason, date=date)


def add_to(app: typer.Typer) -> None:
    """Adds the commands that concern entries."""
    for command in (check, add, enter, judged, withdraw):
        app.command()(command)
