"""``figbench leaderboard``: check, add, withdraw and build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.console import error_console
from figbench.errors import UserError

board_app = typer.Typer(no_args_is_help=True, help="Boards that show what is noise.")
EntryFile = Annotated[Path, typer.Argument(help="<org>__<model>__<YYYY-MM-DD>.json")]
BoardFolder = Annotated[Path, typer.Argument(help="Folder with board.yaml and entries/.")]


@board_app.command()
def check(
    entry: EntryFile,
    board: Annotated[Path, typer.Option(help="The board that it is meant for.")],
) -> None:
    """Check an entry: schema, protocol hash, completeness, plausible values."""
    from figbench.leaderboard.entries import load_board, load_entry
    from figbench.leaderboard.validation import incomplete, require_valid

    named, rules = load_entry(entry), load_board(board)
    require_valid(named, rules)
    reason = incomplete(named.entry, rules)
    note = f"would stand apart: {reason}" if reason else "would be ranked"
    error_console().print(f"{named.name}: valid, {note}.", markup=False)


@board_app.command()
def add(
    board: BoardFolder,
    entry: EntryFile,
) -> None:
    """Check an entry and copy it into the board."""
    from figbench.leaderboard.entries import add_entry, load_board, load_entry
    from figbench.leaderboard.validation import require_valid

    named = load_entry(entry)
    require_valid(named, load_board(board))
    error_console().print(f"Added {add_entry(board, named)}.", markup=False, soft_wrap=True)


@board_app.command()
def enter(
    result: Annotated[Path, typer.Argument(help="result.json, or the folder that holds it.")],
    out: Annotated[Path, typer.Option(help="<org>__<model>__<YYYY-MM-DD>.json to write.")],
    organisation: Annotated[str, typer.Option(help="Who made the figures.")],
    standing: Annotated[str, typer.Option(help="self-reported or re-scored.")] = "self-reported",
    baseline: Annotated[bool, typer.Option(help="Pin it as a baseline, not ranked.")] = False,
) -> None:
    """Make an entry from a finished run."""
    from figbench.leaderboard.entries import Entry
    from figbench.results.io import dump_json, load_result, write_text_atomic

    if standing not in ("self-reported", "re-scored"):
        raise UserError(f"--standing: '{standing}'.", remedy="Use self-reported or re-scored.")
    run = load_result(result).model_copy(update={"store": None})
    card = run.model.model_copy(update={"organisation": organisation})
    entry = Entry.model_validate(
        {
            "standing": standing,
            "role": "baseline" if baseline else "model",
            "model": card.model_dump(),
            "result": run.model_dump(),
        }
    )
    write_text_atomic(out, dump_json(entry.model_dump(mode="json")))


@board_app.command()
def withdraw(
    board: BoardFolder,
    name: Annotated[str, typer.Argument(help="Name of the entry, without .json.")],
    reason: Annotated[str, typer.Option(help="Kept on the page.")],
    date: Annotated[str, typer.Option(help="YYYY-MM-DD.")],
) -> None:
    """Delete an entry; a tombstone with its digest stays."""
    from figbench.leaderboard.entries import withdraw_entry

    withdraw_entry(board, name, reason=reason, date=date)


@board_app.command()
def build(
    board: BoardFolder,
    out: Annotated[Path | None, typer.Option(help="Page [default: BOARD/index.html].")] = None,
) -> None:
    """Build the board's page: one file, no network, the same bytes for the same entries."""
    from figbench.leaderboard.page import build_board

    target = build_board(board, out)
    size = target.stat().st_size / 1e6
    error_console().print(f"{target}: {size:.1f} MB.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(board_app, name="leaderboard")
