"""Tables for people: the plan of a run, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from figbench.cli.output.console import ascii_only, plain_table, print_table
from figbench.pages.numbers import format_number, heading, interval_text
from figbench.results.schema import MetricValue, RejectRecord, RunResult

if TYPE_CHECKING:
    from figbench.demo.demo import DemoOutcome
    from figbench.evaluation import Prepared
    from figbench.evaluation.planning.tasks import Task


def show_result(console: Console, result: RunResult, *, verbose: bool = False) -> None:
    """Prints a result: one metric a line under group headings, then counts and notes once.

    Args:
        console: Of stdout.
        result: The run.
        verbose: Whether variants (ceilings, data set's labels) and interval methods are listed.
    """
    used = result.manifests.generated
    title = result.model.name or used.source
    console.print(f"[bold]{escape(title)}[/]: protocol {result.protocol.id}", soft_wrap=True)
    scored = {name: value for name, value in result.metrics.items() if value.value is not None}
    if scored:
        _metric_table(console, scored, verbose=verbose)
    _show_reasons(console, result.metrics)
    _show_counts(console, scored)
    if verbose:
        _show_methods(console, scored)
    _show_rejects(console, "Rejected", used.rejects)
    _show_rejects(console, "Rejected reference", result.manifests.reference.rejects)
    if used.missing:
        named = ", ".join(used.missing[:8]) + (" ..." if len(used.missing) > 8 else "")
        console.print(f"[yellow]Missing[/] {len(used.missing)}: {escape(named)}", soft_wrap=True)
    for warning in result.warnings:
        console.print(f"[yellow]Note:[/] {escape(warning)}", soft_wrap=True)
    extraction = result.provenance.extraction
    count = len(scored)
    console.print(
        f"evaluate: {count} {'value' if count == 1 else 'values'} for {used.n_figures} figures; "
        f"{extraction.get('computed', 0)} network outputs computed, "
        f"{extraction.get('from_store', 0)} from the store; "
        f"protocol hash {result.protocol.hash[:12]}.",
        soft_wrap=True,
    )


def _metric_table(console: Console, metrics: dict[str, MetricValue], *, verbose: bool) -> None:
    from figbench.metrics.names import ceiling_of, group_of, is_detail, ordered

    ascii_text = ascii_only(console)
    listed = [name for name in ordered(metrics) if verbose or not is_detail(name)]
    ceilings = {name: ceiling_of(name, metrics) for name in listed}
    columns = [("", "left"), ("value", "right"), ("95% interval", "right")]
    if any(ceilings.values()):
        columns.append(("ceiling", "right"))
    table, group = plain_table(*columns), ""
    for name in listed:
        if group_of(name) != group:
            group = group_of(name)
            table.add_row(f"[bold]{group}[/]")
        metric, ceiling = metrics[name], ceilings[name]
        cells = [
            f"  {heading(name, metric, ascii_only=ascii_text)}",
            format_number(metric.value, metric.display_scale),
            escape(interval_text(metric)),
        ]
        if len(columns) == 4:
            cells.append(format_number(metrics[ceiling].value) if ceiling else "")
        table.add_row(*cells)
    print_table(console, table)
    hidden = len(metrics) - len(listed)
    if hidden:
        console.print(f"[dim]{hidden} variants are not listed; --verbose lists them.[/]")


def _show_reasons(console: Console, metrics: dict[str, MetricValue]) -> None:
    """Prints each reason for a missing value once, with every metric that it concerns."""
    for status, colour in (("skipped", "yellow"), ("failed", "red")):
        reasons: dict[str, list[str]] = {}
        for name, metric in metrics.items():
            if metric.status == status:
                reasons.setdefault(metric.reason or "", []).append(name)
        for reason, names in reasons.items():
            head = f"[{colour}]{status.capitalize()}[/] {', '.join(names)}: "
            console.print(head + escape(reason), soft_wrap=True)


def _show_counts(console: Console, metrics: dict[str, MetricValue]) -> None:
    counts: dict[tuple[int, int], list[str]] = {}
    for name, metric in metrics.items():
        counts.setdefault((metric.n_used, metric.n_expected), []).append(name)
    common = max(counts, key=lambda count: len(counts[count]), default=None)
    if common is None:
        return
    others = [
        f"{used} of {expected} for {', '.join(names)}"
        for (used, expected), names in counts.items()
        if (used, expected) != common
    ]
    tail = f"; {'; '.join(others)}" if others else ""
    console.print(f"n: {common[0]} of {common[1]} expected figures{tail}.", soft_wrap=True)


def _show_methods(console: Console, metrics: dict[str, MetricValue]) -> None:
    methods: dict[str, list[str]] = {}
    for name, metric in metrics.items():
        if metric.interval:
            methods.setdefault(metric.interval.method, []).append(name)
    for method, names in methods.items():
        console.print(f"Interval by {escape(method)}: {', '.join(names)}.", soft_wrap=True)


def _show_rejects(console: Console, title: str, rejects: Sequence[RejectRecord]) -> None:
    for reject in rejects[:10]:
        console.print(
            f"[yellow]{title}[/] {escape(reject.path)}: {reject.code}, {escape(reject.reason)}",
            soft_wrap=True,
        )
    if len(rejects) > 10:
        console.print(f"... and {len(rejects) - 10} more (all are in result.json)")


def show_plan(console: Console, prepared: Prepared) -> dict[str, Any]:
    """Prints what a run would do and returns it as a JSON-ready mapping."""
    sides, plan = prepared.inputs.sides, prepared.plan
    console.print(f"[bold]Plan[/]: protocol {plan.protocol.id}")
    table = plain_table(
        ("network", "left"), ("preprocess", "left"), ("weights", "left"),
        ("to compute", "right"), ("in store", "right"),
    )  # fmt: skip
    tasks = []
    for task in plan.tasks:
        pending, stored = prepared.workload.pending[task], prepared.workload.cached[task]
        table.add_row(
            task.network, task.preprocess, _weights_state(task), str(pending), str(stored)
        )
        tasks.append(
            {
                "kind": task.kind,
                "network": task.network,
                "preprocess": task.preprocess,
                "metrics": list(task.metrics),
                "weights_sha256": task.weights,
                "pending": pending,
                "in_store": stored,
            }
        )
    print_table(console, table)
    for task in plan.tasks:
        console.print(f"  {task.network}: {', '.join(task.metrics)}", soft_wrap=True)
    skipped = {item.request.metric: item.skip_reason for item in plan.metrics if item.skip_reason}
    reasons: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        reasons.setdefault(reason or "", []).append(name)
    for reason, names in reasons.items():
        console.print(f"[yellow]Skipped[/] {', '.join(names)}: {escape(reason)}", soft_wrap=True)
    for warning in prepared.inputs.warnings:
        console.print(f"[yellow]Note:[/] {escape(warning)}", soft_wrap=True)
    console.print(
        f"{len(sides.present)} of {len(sides.pairs)} expected figures, "
        f"{len(sides.reference.figures)} references. "
        f"About {prepared.estimate_s / 60:.1f} min on two CPU cores."
    )
    return {
        "protocol": plan.protocol.id,
        "hash": plan.protocol.hash,
        "n_used": len(sides.present),
        "n_expected": len(sides.pairs),
        "n_reference": len(sides.reference.figures),
        "tasks": tasks,
        "skipped": skipped,
        "warnings": list(prepared.inputs.warnings),
        "estimate_s": round(prepared.estimate_s, 1),
    }


def _weights_state(task: Task) -> str:
    from figbench.features import extractor_info, pair_scorer_info
    from figbench.features.weights import find_weights

    if task.kind in ("ocr", "graph"):
        return "in the package"
    info = pair_scorer_info if task.kind == "pair" else extractor_info
    name = info(task.network).weights
    if name is None:
        return "none needed"
    return "present" if find_weights(name) else "MISSING"


def show_demo(console: Console, outcome: DemoOutcome) -> None:
    """Prints the demo's table: metrics down, models across, and what to run next."""
    from figbench.demo.demo import MODELS

    names = list(outcome.results)
    console.print("[bold]figbench demo[/]: which metric sees which flaw")
    table = plain_table(("", "left"), *((name, "right") for name in names))
    first = outcome.results[names[0]]
    for metric_id in outcome.metrics:
        values = [outcome.results[name].metrics[metric_id] for name in names]
        title = heading(metric_id, first.metrics[metric_id], ascii_only=ascii_only(console))
        table.add_row(title, *(format_number(cell.value, cell.display_scale) for cell in values))
        table.add_row("", *(f"[dim]{escape(interval_text(cell, digits=2))}[/]" for cell in values))
    print_table(console, table)
    for name in names:
        console.print(f"  [bold]{name}[/]: {MODELS[name]}")
    console.print(
        f"\nLook at {outcome.out / 'contact_sheet.png'} and {outcome.out / 'metrics.png'}; each "
        f"model's result.json is in {outcome.out / 'runs'}.\nNext, your own figures:\n"
        "  figbench evaluate MY_FIGURES/ --reference REFERENCE/ --protocol offline --dry-run",
        soft_wrap=True,
    )
