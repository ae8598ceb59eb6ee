"""``figbench data synth``: write SynthFig, the procedural figure set."""

from __future__ import annotations

from pathlib import Path

import typer


def add_to(data_app: typer.Typer) -> None:
    """Adds the command to the ``data`` group."""
    data_app.command("synth")(synth)


def synth(
    n: int = typer.Option(..., "--n", help="Number of figures."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same pixels anywhere."),
    out: Path = typer.Option(
        ..., "--output", "--out", "-o", help="Folder to make; must be empty or absent."
    ),
    split_fraction: float = typer.Option(
        0.2, "--split-fraction", help="Part of the papers that goes to paper2fig_test.json."
    ),
    simple: bool = typer.Option(
        False, "--simple", help="64 x 64 figures of one to four shapes, for training small models."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON on stdout."),
) -> None:
    """Write procedural method figures with captions and exact labels, laid out as Paper2Fig100k.

    Example: `figbench data synth --n 2000 --seed 0 --out synthfig`
    """
    from figbench.cli.output.console import error_console, print_json
    from figbench.evaluation.progress import RichProgress
    from figbench.synthfig import synthesize

    console = error_console()
    with RichProgress(console).tasks({"figures": max(n, 1)}) as advance:
        report = synthesize(
            out,
            n,
            seed,
            split_fraction,
            simple=simple,
            on_figure=lambda: advance("figures", 1),
        )
    if report.fonts_differ:
        console.print(
            f"[yellow]Warning:[/] fonts differ from the pinned ones "
            f"({', '.join(report.fonts_differ)}): pixels will not equal those of other machines."
        )
    console.print(
        f"{report.figures} figures of {report.papers} papers in {report.root}: "
        f"{report.train} train, {report.test} test."
    )
    if as_json:
        print_json(
            {
                "root": str(report.root),
                "seed": seed,
                "figures": report.figures,
                "papers": report.papers,
                "train": report.train,
                "test": report.test,
                "fonts_differ": list(report.fonts_differ),
            }
        )
