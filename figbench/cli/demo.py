"""``figbench demo``: four models of known quality, scored offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.console import error_console, print_json


def demo(
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", help="Folder for figures, results and plots.")
    ] = Path("figbench-demo"),
    figures: Annotated[int, typer.Option("--n", min=12, help="Reference figures.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the figures.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="Scores as JSON on stdout.")] = False,
) -> None:
    """Score four models of known quality on procedural figures, offline.

    Draws a SynthFig reference and four "models": one that redraws every figure's content in
    another style, one that garbles the labels, one that blurs, and one that repeats a few
    drawings whatever the caption. Scores all of them under the `offline` protocol, prints the
    table, and writes results, a contact sheet and a plot.
    """
    from figbench.cli.output.tables import show_demo
    from figbench.demo.demo import run_demo
    from figbench.evaluation import RichProgress

    console = error_console()
    outcome = run_demo(out, n=figures, seed=seed, progress=RichProgress(console))
    show_demo(console, outcome)
    if json_output:
        print_json(outcome.document())


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("demo")(demo)
