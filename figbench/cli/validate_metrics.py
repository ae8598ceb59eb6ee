"""``figbench validate-metrics``: which metric sees which flaw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from figbench.cli.output.console import error_console, print_json


def validate_metrics(
    out: Annotated[Path, typer.Option(help="Folder of figures, runs and results.")],
    protocol: Annotated[str, typer.Option(help="Shipped name or YAML.")] = "validation",
    reference: Annotated[
        Path | None, typer.Option(help="Real reference figures; default SynthFig.")
    ] = None,
    figures: Annotated[int, typer.Option("--n", min=8, help="Figures per set.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the figures and changes.")] = 0,
    metrics: Annotated[
        str, typer.Option(help="Some of the protocol's, by commas; 'none' for no image metric.")
    ] = "",
    flaws: Annotated[str, typer.Option(help="Some flaws, by commas; default all.")] = "",
    levels: Annotated[str, typer.Option(help="Levels, by commas.")] = "1,2,3,4,5",
    scores: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FILE[:lower]: another tool's scores (set, figure_id, score)."),
    ] = None,
    structure: Annotated[
        str, typer.Option(help="Graph scores too, of SynthFig: exact, svg or both by a comma.")
    ] = "",
    merge: Annotated[
        list[Path] | None, typer.Option(help="Folder of another validation to merge in.")
    ] = None,
    finished: Annotated[
        bool, typer.Option("--finished", help="Report the finished cells; compute nothing.")
    ] = False,
    store: Annotated[Path | None, typer.Option(help="Feature store; default OUT/store.")] = None,
    cost: Annotated[bool, typer.Option(help="Time each metric.")] = True,
    json_output: Annotated[bool, typer.Option("--json", help="Document on stdout.")] = False,
) -> None:
    """Measure which metric sees which flaw.

    Draws figures, changes them by graded flaws and by neutral changes, evaluates every set and
    writes validation.json, .md, .png and .svg to OUT. The same command resumes a stopped run.
    """
    from figbench.errors import UserError
    from figbench.evaluation import RichProgress
    from figbench.protocol import Protocol
    from figbench.validation import Request, validate

    try:
        numbers = tuple(int(level) for level in levels.split(","))
    except ValueError:
        numbers = ()
    if not numbers or not set(numbers) <= {1, 2, 3, 4, 5}:
        raise UserError(f"--levels {levels}: not understood.", remedy="Write, e.g., --levels 1,2,5")
    request = Request(
        out=out, protocol=Protocol.load(protocol), n=figures, seed=seed, reference=reference,
        flaws=tuple(flaws.split(",")) if flaws else None, levels=numbers,
        metrics=() if metrics == "none" else tuple(metrics.split(",")) if metrics else None,
        scores=tuple(scores or ()), finished=finished,
        structure=tuple(structure.split(",")) if structure else (), merge=tuple(merge or ()),
        store=store, cost=cost,
    )  # fmt: skip
    console = error_console()
    document = validate(request, RichProgress(console))
    console.print(f"{len(document['metrics'])} metrics, {len(document['flaws'])} changes: "
                  f"{out / 'validation.md'}")  # fmt: skip
    if json_output:
        print_json(document)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("validate-metrics")(validate_metrics)
