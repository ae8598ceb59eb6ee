"""``figbench report``: one static page for one or several runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.console import error_console


def report(
    results: Annotated[list[Path], typer.Argument(help="result.json files or their folders.")],
    out: Annotated[Path, typer.Option(help="File to write; .md for Markdown, else HTML.")],
    figures: Annotated[int, typer.Option(min=0, help="Worst and best figures per run.")] = 20,
) -> None:
    """Write metrics, worst and best figures, labels and provenance into one file."""
    from figbench.reports.build import build_report

    target = build_report(results, out, figures=figures)
    error_console().print(f"Wrote {target}.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command()(report)
