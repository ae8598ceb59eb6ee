"""Tables for people: the plan of a run, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from figbench.results.schema import MetricValue, RejectRecord, RunResult

if TYPE_CHECKING:
    from figbench.demo.demo import DemoOutcome
    from figbench.evaluation import Prepared


def format_number(value: float, scale: float = 1.0) -> str:
    """Returns a number with four significant digits, scaled for display."""
    return f"{value * scale:.4g}"


def format_value(metric: MetricValue) -> str:
    """Returns ``value [low, high]`` or the status of a metric without a value."""
    if metric.value is None:
        return metric.status
    shown = format_number(metric.value, metric.display_scale)
    if metric.interval is None:
        return shown
    low = format_number(metric.interval.low, metric.display_scale)
    high = format_number(metric.interval.high, metric.display_scale)
    return f"{shown} [{low}, {high}]"


def metric_label(name: str, metric: MetricValue) -> str:
    """Returns the id with its direction and display scale: ``kid ↓ (x1000)``."""
    arrow = "↑" if metric.higher_is_better else "↓"
    scale = "" if metric.display_scale == 1 else f" (x{metric.display_scale:g})"
    return f"{name} {arrow}{scale}"


def show_result(console: Console, result: RunResult) -> None:
    """Prints a result: every metric with interval, direction, counts and method."""
    used = result.manifests.generated
    title = result.model.name or used.source
    table = Table(title=f"{escape(title)}: protocol {result.protocol.id}", title_justify="left")
    table.add_column("metric")
    table.add_column("value [95% interval]", justify="right")
    table.add_column("n used / expected", justify="right")
    table.add_column("interval from")
    for name, metric in result.metrics.items():
        method = metric.interval.method if metric.interval else escape(metric.reason or "")
        table.add_row(
            metric_label(name, metric),
            format_value(metric),
            f"{metric.n_used} / {metric.n_expected}",
            method,
        )
    console.print(table)
    _show_rejects(console, "Rejected", used.rejects)
    _show_rejects(console, "Rejected reference", result.manifests.reference.rejects)
    if used.missing:
        named = ", ".join(used.missing[:8]) + (" ..." if len(used.missing) > 8 else "")
        console.print(f"[yellow]Missing[/] {len(used.missing)}: {escape(named)}", soft_wrap=True)
    for warning in result.warnings:
        console.print(f"[yellow]Note:[/] {escape(warning)}", soft_wrap=True)
    extraction = result.provenance.extraction
    console.print(
        f"Rows computed: {extraction.get('computed', 0)}, from the store: "
        f"{extraction.get('from_store', 0)}. Protocol hash {result.protocol.hash[:12]}."
    )


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
    table = Table(title=f"Plan: protocol {plan.protocol.id}", title_justify="left")
    for heading in ("network", "preprocess", "for", "weights", "to compute", "in store"):
        table.add_column(heading, justify="right" if heading.startswith(("to", "in")) else "left")
    tasks = []
    for task in plan.tasks:
        pending, found = prepared.workload.pending[task], prepared.workload.found[task]
        weights = "present" if task.weights else "in the package"
        table.add_row(
            task.network,
            task.preprocess,
            ", ".join(task.metrics),
            weights,
            str(pending),
            str(found),
        )
        tasks.append(
            {
                "kind": task.kind,
                "network": task.network,
                "preprocess": task.preprocess,
                "metrics": list(task.metrics),
                "weights_sha256": task.weights,
                "pending": pending,
                "in_store": found,
            }
        )
    console.print(table)
    skipped = {item.request.metric: item.skip_reason for item in plan.metrics if item.skip_reason}
    for name, reason in skipped.items():
        console.print(f"[yellow]Skipped[/] {name}: {escape(reason or '')}", soft_wrap=True)
    for warning in prepared.inputs.warnings:
        console.print(f"[yellow]Note:[/] {escape(warning)}", soft_wrap=True)
    console.print(
        f"{len(sides.present)} of {len(sides.rows)} expected figures, "
        f"{len(sides.reference.figures)} references. "
        f"About {prepared.estimate_s / 60:.1f} min on two CPU cores."
    )
    return {
        "protocol": plan.protocol.id,
        "hash": plan.protocol.hash,
        "n_used": len(sides.present),
        "n_expected": len(sides.rows),
        "n_reference": len(sides.reference.figures),
        "tasks": tasks,
        "skipped": skipped,
        "warnings": list(prepared.inputs.warnings),
        "estimate_s": round(prepared.estimate_s, 1),
    }


def show_demo(console: Console, outcome: DemoOutcome) -> None:
    """Prints the demo's table: metrics down, models across, and what to run next."""
    from figbench.demo.demo import MODELS, SHOWN

    names = list(outcome.results)
    table = Table(title="figbench demo: which metric sees which flaw", title_justify="left")
    table.add_column("metric")
    for name in names:
        table.add_column(name, justify="right")
    first = outcome.results[names[0]]
    for metric_id in SHOWN:
        if metric_id in first.metrics:
            cells = [format_value(outcome.results[name].metrics[metric_id]) for name in names]
            table.add_row(metric_label(metric_id, first.metrics[metric_id]), *cells)
    console.print(table)
    for name in names:
        console.print(f"  [bold]{name}[/]: {MODELS[name]}")
    console.print(
        f"\nLook at {outcome.out / 'contact_sheet.png'} and {outcome.out / 'metrics.png'}; each "
        f"model's result.json is in {outcome.out / 'runs'}.\nNext, your own figures:\n"
        "  figbench evaluate MY_FIGURES/ --reference REFERENCE/ --protocol offline --dry-run",
        soft_wrap=True,
    )
