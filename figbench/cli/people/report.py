"""``figbench report``: one static page for one or several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.console import error_console
from figbench.errors import UserError


def report(
    results: Annotated[list[Path], typer.Argument(help="result.json files or their folders.")],
    out: Annotated[
        Path | None,
        typer.Option("--output", "--out", "-o", help="File to write: .html, .md, .tex or .csv."),
    ] = None,
    figures: Annotated[int, typer.Option(min=0, help="Worst and best figures per run.")] = 20,
    judge: Annotated[
        list[Path] | None, typer.Option(help="Folder of judge run; may be repeated.")
    ] = None,
    votes: Annotated[
        list[Path] | None, typer.Option(help="Votes of people (study import); may be repeated.")
    ] = None,
    methods: Annotated[
        bool, typer.Option("--methods", help="Print a sentence for a paper's methods section.")
    ] = False,
) -> None:
    """Write metrics, worst and best figures, judged pairs and provenance into one file."""
    from figbench.reports.build import build_report

    if methods:
        from figbench.pages.tables import methods_sentence
        from figbench.results.files import load_result

        for result in results:
            typer.echo(methods_sentence(load_result(result)))
    if out is None:
        if methods:
            return
        raise UserError("No file to write.", remedy="Add --output report.html")
    target = build_report(results, out, figures=figures, judges=judge or [], votes=votes or [])
    error_console().print(f"Wrote {target}.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command()(report)
