"""``figbench compare``: differences between runs, with tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from figbench.cli.output.completion import complete_metrics
from figbench.cli.output.console import (
    ascii_only,
    plain_table,
    print_json,
    print_table,
    result_console,
)
from figbench.cli.output.exports import export_format, print_table_as
from figbench.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from figbench.comparison.differences import Comparison, Difference
    from figbench.comparison.runs import Run
    from figbench.results.schema import RunResult

ALPHA = 0.05
LONGEST_HEAD = 11


def compare(
    runs: Annotated[list[str], typer.Argument(help="Two or more run folders or result.json.")],
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated metrics or outputs, or 'all' [default: headline metrics].",
            autocompletion=complete_metrics,
        ),
    ] = None,
    allow_drift: Annotated[
        bool,
        typer.Option(
            "--allow-drift",
            help="Compare runs of different judges; their drift is left out of the test.",
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Also visible differences and wins/losses/ties."),
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="LaTeX table on stdout.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown on stdout.")] = False,
    csv_output: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Compare runs of one protocol: the first with each of the others.

    Prompts are paired where both runs have them. A p-value is the larger one of swapping the two
    models' outputs paper by paper (figure by figure where figures name no paper) and of a t-test
    that allows for failures too rare to be in the sample, adjusted over the tested metrics (Holm).
    By default the headline metrics are tested, because every further test makes all of them
    weaker. Refuses runs of different protocols or references (exit 3)
    and shows what differs. Folders of `figbench judge run` are compared by win rate; different
    judges are refused with their drift.
    """
    from figbench.comparison.comparison import compare_runs
    from figbench.comparison.runs import load_run

    if len(runs) < 2:
        raise UserError("compare needs two runs at least.", remedy="figbench compare A B")
    form = export_format(json=json_output, latex=latex, markdown=markdown, csv=csv_output)
    first, *others = [load_run(run) for run in runs]
    tested = _tested(first, metrics)
    comparisons = [
        compare_runs(first, other, metrics=tested, allow_drift=allow_drift) for other in others
    ]
    console = result_console(machine_output=form is not None)
    scales = {name: value.display_scale for name, value in first.result.metrics.items()}
    for comparison in comparisons:
        _show(console, comparison, scales, verbose=verbose)
    if form == "markdown":
        from figbench.gate.annotations import comparison_markdown

        typer.echo("\n".join(comparison_markdown(item, scales) for item in comparisons), nl=False)
    elif form == "json":
        print_json({"comparisons": [item.document() for item in comparisons]})
    elif form is not None:
        from figbench.pages.tables import results_table

        # compare_runs has refused runs of other protocols by now
        names = set(tested or first.result.metrics)
        table = results_table([(run.name, _only(run, names)) for run in (first, *others)])
        print_table_as(form, table)


def _tested(first: Run, metrics: str | None) -> list[str] | None:
    """Returns the outputs to test; None for all that both runs have."""
    from figbench.metrics.names import expand, headline

    if metrics is None:
        scored = [name for name, value in first.result.metrics.items() if value.value is not None]
        return headline(scored) or None
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    if not names:
        raise UserError("--metrics: no name given.", remedy="Leave it out, or name 'all'.")
    if names == ["all"]:
        return None
    listed = [name for name in names if name in first.result.metrics]
    return listed + expand(name for name in names if name not in listed)


def _only(run: Run, names: set[str]) -> RunResult:
    selected = {name: value for name, value in run.result.metrics.items() if name in names}
    return run.result.model_copy(update={"metrics": selected})


def _show(
    console: Console, comparison: Comparison, scales: Mapping[str, float], *, verbose: bool
) -> None:
    from figbench.metrics.names import ordered
    from figbench.pages.numbers import arrow, factor_text, format_number

    heads = _heads(comparison)
    title = f"[bold]{escape(comparison.first)}[/] against [bold]{escape(comparison.second)}[/]"
    console.print(f"{title}: protocol {comparison.protocol}", soft_wrap=True)
    for head, name in zip(heads, (comparison.first, comparison.second), strict=True):
        if head != name:
            console.print(f"  {head}: {escape(name)}", soft_wrap=True)
    columns = [*heads, "difference", "p (Holm)", "second is"]
    columns += ["visible", "w/l/t"] if verbose else []
    table = plain_table(("", "left"), *((escape(column), "right") for column in columns))
    plain = ascii_only(console)
    by_name = {item.metric: item for item in comparison.differences}
    for name in ordered(by_name):
        item = by_name[name]
        scale = scales.get(name, 1.0)
        colour = {"better": "green", "worse": "red"}.get(_verdict(item), "dim")
        mark = arrow(item.higher_is_better, ascii_only=plain)
        cells = [
            f"{name} {mark}{factor_text(scale).replace('(', '').replace(')', '')}",
            format_number(item.first, scale),
            format_number(item.second, scale),
            format_number(item.difference, scale, digits=3),
            _p(item.p_holm),
            f"[{colour}]{_verdict(item)}[/]",
        ]
        if verbose:
            counts = "" if item.wins is None else f"{item.wins}/{item.losses}/{item.ties}"
            cells += [format_number(item.minimum_detectable, scale, digits=2), counts]
        table.add_row(*cells)
    print_table(console, table)
    for figure in comparison.most_different if verbose else ():
        change = f"{figure['metric']} {format_number(figure['difference'])}"
        console.print(f"  {escape(figure['figure_id'])}: {change}", soft_wrap=True)
    for note in comparison.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)
    console.print(_summary(comparison), markup=False, soft_wrap=True)


def _heads(comparison: Comparison) -> tuple[str, str]:
    """Returns the runs' names, or A and B where a name is too long for a column."""
    names = comparison.first, comparison.second
    if max(map(len, names)) <= LONGEST_HEAD and names[0] != names[1]:
        return names
    return "A", "B"


def _verdict(difference: Difference) -> str:
    if difference.p_holm is None or difference.p_holm >= ALPHA or difference.better is None:
        return "-"
    return "better" if difference.better else "worse"


def _p(value: float | None) -> str:
    if value is None:
        return "no test"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _summary(comparison: Comparison) -> str:
    clauses = []
    for word in ("better", "worse"):
        names = [item.metric for item in comparison.differences if _verdict(item) == word]
        if names:
            clauses.append(f"{word} in {', '.join(names)}")
    unclear = [item.metric for item in comparison.differences if _verdict(item) == "-"]
    if unclear:
        clauses.append(f"no difference shown in {', '.join(unclear)}")
    text = "; ".join(clauses) or "no difference could be tested"
    return f"compare: {comparison.second} against {comparison.first}: {text}."


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command("compare")(compare)
