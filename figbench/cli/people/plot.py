"""``figbench plot``: figures for a paper from finished runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.completion import complete_metrics
from figbench.cli.output.console import error_console


class PlotKind(StrEnum):
    """Kinds of plots."""

    INTERVALS = "intervals"
    SCATTER = "scatter"
    SWEEP = "sweep"
    SHEET = "sheet"


def plot(
    runs: Annotated[list[Path], typer.Argument(help="Run folders or result.json files.")],
    out: Annotated[
        Path,
        typer.Option("--output", "--out", "-o", help="File to write: .pdf, .svg or .png."),
    ],
    kind: Annotated[
        PlotKind,
        typer.Option(
            help="intervals: a panel per metric; scatter: two metrics; sweep: along the guidance "
            "scale; sheet: the same prompts across runs."
        ),
    ] = PlotKind.INTERVALS,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated outputs [default: headline metrics].",
            autocompletion=complete_metrics,
        ),
    ] = None,
    figures: Annotated[int, typer.Option(min=1, help="Prompts of a sheet.")] = 6,
) -> None:
    """Draw runs of one protocol as a vector figure: intervals, trade-offs, sweeps, samples."""
    from figbench.reports.figures_for_papers import draw_runs

    names = [name.strip() for name in metrics.split(",") if name.strip()] if metrics else None
    target = draw_runs(runs, out, kind=kind.value, metrics=names, figures=figures)
    error_console().print(f"Wrote {target}.", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command()(plot)
