"""``figbench leaderboard``: boards, their references and pages."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.console import error_console
from figbench.cli.people import leaderboard_entries
from figbench.cli.people.leaderboard_entries import BoardFolder, Pictures

board_app = typer.Typer(no_args_is_help=True, help="Boards whose ranks are ranges.")


@board_app.command()
def init(
    board: Annotated[Path, typer.Argument(help="New folder.")],
    run: Annotated[Path, typer.Option(help="Any finished run against the board's reference.")],
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Leaderboard",
    metrics: Annotated[
        str | None,
        typer.Option(help="Comma-separated columns; the first sorts [default: headline metrics]."),
    ] = None,
    pictures: Pictures = True,
) -> None:
    """Start a board from a run: board.yaml with its protocol and prompts, and the reference."""
    from figbench.leaderboard.start import init_board

    names = [name.strip() for name in metrics.split(",") if name.strip()] if metrics else None
    made = init_board(board, run, title=title, metrics=names)
    copy_reference(board, run, pictures)
    columns = ", ".join(made.metrics)
    error_console().print(
        f"{board / 'board.yaml'}: protocol {made.protocol} {made.protocol_hash[:12]}, columns "
        f"{columns}.",
        markup=False,
        soft_wrap=True,
    )


@board_app.command()
def index(
    folder: Annotated[Path, typer.Argument(help="Folder that holds one folder per board.")],
    fresh: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 3 if the page is out of date.")
    ] = False,
) -> None:
    """Build the page over all boards of a folder."""
    from figbench.leaderboard.views.index import build_index, require_fresh_index

    if fresh:
        require_fresh_index(folder)
        error_console().print(f"{folder}: fresh.", markup=False)
        return
    error_console().print(f"{build_index(folder)}: written.", markup=False, soft_wrap=True)


@board_app.command()
def reference(
    board: BoardFolder,
    run: Annotated[Path, typer.Argument(help="Folder of any run against the board's reference.")],
    pictures: Pictures = True,
) -> None:
    """Copy the reference's features to the board: entries are checked against them."""
    copy_reference(board, run, pictures)


def copy_reference(board: Path, run: Path, pictures: bool) -> None:
    """Writes ``reference.safetensors`` of a board from a run."""
    from figbench.leaderboard.attachments import REFERENCE_NAME, save_attachment
    from figbench.leaderboard.collect import collect
    from figbench.leaderboard.entries import load_board

    rules = load_board(board)
    attachment = collect(run, rules.metrics, with_images=pictures)[1]
    save_attachment(board / REFERENCE_NAME, attachment)
    count = len(attachment.header.figure_ids)
    error_console().print(f"{board / REFERENCE_NAME}: {count} figures.", markup=False)


@board_app.command()
def baselines(
    reference: Annotated[str, typer.Argument(help="Reference set, in any layout.")],
    out: Annotated[
        Path,
        typer.Option("--output", "--out", "-o", help="New folder for the baselines' figures."),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
    protocol: Annotated[
        str, typer.Option(help="Of the board, for the commands that are printed.")
    ] = "offline",
    runs: Annotated[
        Path, typer.Option(help="Folder of the runs, for the commands that are printed.")
    ] = Path("runs"),
) -> None:
    """Draw a board's floor and ceilings from its reference set."""
    from figbench.leaderboard.baselines import draw_baselines

    for name, (figures, against) in draw_baselines(reference, out, seed=seed).items():
        target = shlex.quote(str(runs / name))
        typer.echo(
            f"figbench evaluate {figures} {against} --protocol {shlex.quote(protocol)} "
            f"--model-name {name} --output {target}"
        )


@board_app.command()
def build(
    board: BoardFolder,
    out: Annotated[
        Path | None,
        typer.Option("--output", "--out", "-o", help="Page [default: BOARD/index.html]."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 3 if the page is out of date.")
    ] = False,
) -> None:
    """Build the board: a page of one file without network, an Atom feed, the state (board.json)."""
    from figbench.leaderboard.views.page import build_board, require_fresh

    if fresh:
        note = require_fresh(board, out)
        error_console().print(f"{board}: fresh, {note}.", markup=False, soft_wrap=True)
        return
    target = build_board(board, out)
    size = target.stat().st_size / 1e6
    error_console().print(f"{target}: {size:.1f} MB.", markup=False, soft_wrap=True)


leaderboard_entries.add_to(board_app)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(board_app, name="leaderboard")
