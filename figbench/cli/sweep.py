"""``figbench sweep``: score a family of runs along one axis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from figbench.cli.output.console import (
    ascii_only,
    error_console,
    plain_table,
    print_json,
    print_table,
    result_console,
)
from figbench.cli.output.help_pages import FAULTS
from figbench.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from figbench.results.schema import RunResult
    from figbench.sweeps.axes import Axis

WIDTH, GAP = 80, 2
"""Longest line of a table, and the space between its columns, characters."""


def sweep(
    reference: Annotated[str, typer.Option(help="What every point is scored against.")],
    out: Annotated[
        Path, typer.Option("--output", "--out", "-o", help="Folder for sweep.json, CSV and plots.")
    ],
    runs: Annotated[
        list[str] | None, typer.Argument(help="evaluation_cfg_* folders, or their parent.")
    ] = None,
    axis: Annotated[
        str,
        typer.Option(help="guidance_scale; num_inference_steps; or of folders: checkpoint."),
    ] = "guidance_scale",
    model: Annotated[str | None, typer.Option(help="Registered model to sample from.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    guidance_scales: Annotated[
        str | None, typer.Option(help="Scales to sample [default: 1,3,5,7.5,10 along that axis].")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First prompts only.")] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            help="Sampler steps [default: the model's; 10,25,50,100,200 along that axis]."
        ),
    ] = None,
    samples_per_prompt: Annotated[int, typer.Option(min=1, help="Figures of each prompt.")] = 1,
    tests: Annotated[
        bool,
        typer.Option("--tests", help="Test each point against the chosen one, prompts paired."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler.")] = 0,
    protocol: Annotated[str, typer.Option(help="Shipped name or YAML path.")] = "offline",
    allow_rejects: Annotated[
        bool, typer.Option(help="Go on with more than 5% unreadable files.", rich_help_panel=FAULTS)
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Any unreadable file is an error.", rich_help_panel=FAULTS)
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print sweep.json.")] = False,
) -> None:
    """Score folders named `evaluation_cfg_5` (and so on), or sample them from a model first."""
    from figbench.evaluation import Options, RichProgress
    from figbench.results.files import load_result
    from figbench.sweeps.axes import get_axis
    from figbench.sweeps.points import folders_by_value
    from figbench.sweeps.run import run_sweep
    from figbench.sweeps.sampling import plan_family, sample_family

    console = error_console()
    along = get_axis(axis)
    if bool(runs) == bool(model):
        raise UserError("Give either folders or --model.", remedy="See: figbench sweep --help")
    if model:
        if checkpoint is None:
            raise UserError("--model needs --checkpoint.", remedy="Add --checkpoint DIR.")
        family, reference = sample_family(
            model,
            checkpoint,
            reference,
            plan_family(along, guidance_scales, steps),
            out,
            axis=along,
            protocol=protocol,
            seed=seed,
            limit=limit,
            samples_per_prompt=samples_per_prompt,
        )
    else:
        family = folders_by_value(runs or [], along)
    options = Options(allow_rejects=allow_rejects, strict=strict)
    document = run_sweep(
        family,
        reference,
        protocol,
        out,
        axis=along,
        options=options,
        progress=RichProgress(console),
        tests=tests,
    )
    if json_output:
        print_json(document)
    results = {scale: load_result(out / "points" / f"{scale:g}") for scale in family}
    show_sweep(result_console(machine_output=json_output), results, document, along)
    console.print(f"Wrote {out / 'index.html'}.", markup=False, soft_wrap=True)


def show_sweep(
    console: Console, results: Mapping[float, RunResult], document: Mapping[str, Any], axis: Axis
) -> None:
    """Prints one line for each point and one column for each headline metric, then the choice.

    Columns that would not fit 80 characters go into a further table.

    Args:
        console: Of stdout.
        results: By value of the axis.
        document: Of the sweep.
        axis: What varies.
    """
    from figbench.metrics.names import headline, ordered
    from figbench.pages.numbers import format_number, heading, interval_text
    from figbench.sweeps.page import verdict
    from figbench.sweeps.points import scored_everywhere

    names = scored_everywhere(results)
    ascii_text = ascii_only(console)
    first = next(iter(results.values()))
    columns = []
    for name in ordered(headline(names) or names):
        cells = [heading(name, first.metrics[name], ascii_only=ascii_text)]
        for result in results.values():
            metric = result.metrics[name]
            value = format_number(metric.value, metric.display_scale, digits=3)
            cells.append(f"{value} {interval_text(metric, digits=3)}".rstrip())
        columns.append(cells)
    points = [axis.title, *(_point(scale, document["chosen"]) for scale in results)]
    for block in blocks(points, columns):
        table = plain_table(*((escape(cells[0]), "right") for cells in [points, *block]))
        for line in zip(*(cells[1:] for cells in [points, *block]), strict=True):
            table.add_row(*map(escape, line))
        print_table(console, table)
        console.print()
    console.print(f"sweep: {verdict(results, document, axis)}", markup=False, soft_wrap=True)
    console.print(f"Rule: {document['rule']}.", markup=False, soft_wrap=True)
    if document.get("tests"):
        _show_tests(console, results, document, axis)


def _show_tests(
    console: Console, results: Mapping[float, RunResult], document: Mapping[str, Any], axis: Axis
) -> None:
    """Prints the tests of the points against the chosen one."""
    from figbench.pages.numbers import heading
    from figbench.sweeps.page import rows_of_tests

    ascii_text = ascii_only(console)
    metrics = next(iter(results.values())).metrics
    console.print()
    table = plain_table(
        (axis.title, "right"), ("metric", "left"), ("difference", "right"), ("p (Holm)", "right")
    )
    for test in rows_of_tests(results, document):
        name = heading(test.metric, metrics[test.metric], ascii_only=ascii_text)
        table.add_row(test.point, escape(name), test.difference, test.p)
    print_table(console, table)
    against = document["tests"][0]["against"]
    console.print(
        f"Differences from {axis.title} {against:g}; p adjusted over all tests here.",
        markup=False,
        soft_wrap=True,
    )


def _point(scale: float, selected: float | None) -> str:
    return f"{'* ' if scale == selected else ''}{scale:g}"


def blocks(first: list[str], columns: list[list[str]]) -> list[list[list[str]]]:
    """Returns columns in groups that fit 80 characters next to the first column.

    Args:
        first: Cells of the first column, heading included.
        columns: Cells of the other columns; a column wider than a line is a group of its own.
    """
    groups: list[list[list[str]]] = []
    used = WIDTH
    for cells in columns:
        width = max(map(len, cells)) + GAP
        if used + width > WIDTH or not groups:
            groups.append([])
            used = max(map(len, first))
        groups[-1].append(cells)
        used += width
    return groups


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command()(sweep)
