"""``figbench compare``: differences that you can believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from figbench.cli.console import error_console, print_json
from figbench.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from figbench.comparison.comparison import Comparison


def compare(
    runs: Annotated[list[str], typer.Argument(help="Two or more run folders or result.json.")],
    metrics: Annotated[
        str | None, typer.Option(help="Comma-separated selection of metric ids.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown on stdout.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Compare runs of one protocol: the first with each of the others.

    Prompts are paired where both runs have them: p-values come from swapping the two models'
    outputs paper by paper, adjusted over the metrics (Holm). Refuses runs of different protocols
    or references (exit 3) and shows what differs.
    """
    from figbench.comparison.comparison import compare_runs
    from figbench.comparison.runs import load_run
    from figbench.gate.annotations import comparison_markdown

    if len(runs) < 2:
        raise UserError("compare needs two runs at least.", remedy="figbench compare A B")
    if markdown and json_output:
        raise UserError("--markdown and --json both write to stdout.", remedy="Choose one.")
    chosen = [name.strip() for name in metrics.split(",")] if metrics else None
    first, *others = [load_run(run) for run in runs]
    found = [compare_runs(first, other, metrics=chosen) for other in others]
    console = error_console()
    for comparison in found:
        _show(console, comparison)
    if markdown:
        typer.echo("\n".join(comparison_markdown(one) for one in found), nl=False)
    if json_output:
        print_json({"comparisons": [one.document() for one in found]})


def _show(console: Console, comparison: Comparison) -> None:
    from figbench.gate.annotations import number

    title = f"{comparison.first} against {comparison.second}: protocol {comparison.protocol}"
    table = Table(title=escape(title), title_justify="left")
    for heading in ("metric", "first", "second", "difference", "p (Holm)", "visible", "w/l/t"):
        side: Literal["left", "right"] = "left" if heading == "metric" else "right"
        table.add_column(heading, justify=side, no_wrap=heading == "metric")
    for one in comparison.differences:
        colour = {True: "green", False: "red", None: "dim"}[one.better]
        sure = one.p_holm is not None and one.p_holm < 0.05
        difference = number(one.difference)
        table.add_row(
            f"{one.metric} {'↑' if one.higher_is_better else '↓'}",
            number(one.first),
            number(one.second),
            f"[{colour}]{difference}[/]" if sure else difference,
            number(one.p_holm),
            number(one.minimum_detectable),
            "" if one.wins is None else f"{one.wins}/{one.losses}/{one.ties}",
        )
    console.print(table)
    console.print(
        "Coloured: p (Holm) < 0.05. visible: the true difference that this comparison finds with "
        "80% power.",
        soft_wrap=True,
    )
    for figure in comparison.most_different:
        change = f"{figure['metric']} {number(figure['difference'])}"
        console.print(f"  {escape(figure['figure_id'])}: {change}", soft_wrap=True)
    for note in comparison.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("compare")(compare)
