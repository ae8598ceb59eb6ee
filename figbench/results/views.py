"""A result as text, LaTeX, Markdown, HTML or a pandas frame; used by ``RunResult``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, cast

from figbench.io.optional import require

if TYPE_CHECKING:
    import pandas as pd

RunResult = Any
MetricValue = Any
"""Types of figbench.results.schema, which is not imported: its methods call this module."""

WIDTH, HEIGHT = 160, 16
_LATEX = str.maketrans({"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$"})


def frame(result: RunResult) -> pd.DataFrame:
    """Returns one row per metric: value, interval, counts, direction and status."""
    pandas: Any = require("pandas", purpose="RunResult.to_frame")
    records = [
        {
            "metric": name,
            "value": math.nan if item.value is None else item.value,
            "low": item.interval.low if item.interval else math.nan,
            "high": item.interval.high if item.interval else math.nan,
            "level": item.interval.level if item.interval else math.nan,
            "standard_error": math.nan if item.standard_error is None else item.standard_error,
            "n_used": item.n_used,
            "n_expected": item.n_expected,
            "higher_is_better": item.higher_is_better,
            "status": item.status,
            "reason": item.reason or "",
        }
        for name, item in result.metrics.items()
    ]
    return cast("pd.DataFrame", pandas.DataFrame(records).set_index("metric"))


def flat(result: RunResult) -> dict[str, float]:
    """Returns ``{id: value, id/low: ..., id/high: ...}`` of the metrics that have a value."""
    numbers = {}
    for name, item in result.metrics.items():
        if item.value is None:
            continue
        numbers[name] = item.value
        if item.interval:
            numbers[f"{name}/low"], numbers[f"{name}/high"] = item.interval.low, item.interval.high
    return numbers


def markdown(result: RunResult, metrics: Sequence[str] | None = None) -> str:
    """Returns a Markdown table with a footnote of protocol and counts."""
    lines = ["| metric | value | interval | n |", "|---|---:|---|---:|"]
    for name, item in select(result, metrics):
        cells = [f"{title(name, item)} {arrow(item)}", value_text(item), interval_text(item)]
        lines.append("| " + " | ".join([*cells, f"{item.n_used}/{item.n_expected}"]) + " |")
    return "\n".join([*lines, "", footnote(result)]) + "\n"


def latex(result: RunResult, metrics: Sequence[str] | None = None) -> str:
    """Returns a booktabs ``tabular`` with intervals and a comment of protocol and counts."""
    lines = [
        f"% {footnote(result)}",
        r"\begin{tabular}{lrlr}",
        r"\toprule",
        r"Metric & Value & Interval & $n$ \\",
        r"\midrule",
    ]
    for name, item in select(result, metrics):
        mark = r"$\uparrow$" if item.higher_is_better else r"$\downarrow$"
        label = title(name, item).translate(_LATEX).replace(" x 1000", r" $\times 10^3$")
        cells = [f"{label} {mark}", value_text(item), interval_text(item)]
        lines.append(" & ".join([*cells, str(item.n_used)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def html(result: RunResult) -> str:
    """Returns the table for notebooks: value, interval and a whisker of the interval."""
    rows = []
    for name, item in result.metrics.items():
        cells = [
            f'<td style="text-align:left">{escape(title(name, item))} {arrow(item)}</td>',
            f"<td>{escape(value_text(item))}</td>",
            f"<td>{escape(interval_text(item))}</td>",
            f"<td>{whisker(item)}</td>",
            f"<td>{item.n_used}/{item.n_expected}</td>",
        ]
        tip = escape("; ".join(item.warnings) or item.reason or name, quote=True)
        rows.append(f'<tr title="{tip}">{"".join(cells)}</tr>')
    head = "".join(f"<th>{name}</th>" for name in ("metric", "value", "interval", "", "n"))
    note = escape(footnote(result))
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p><small>{note}</small></p>"
    )


def select(result: RunResult, metrics: Sequence[str] | None) -> list[tuple[str, MetricValue]]:
    """Returns the metrics by name, all for None; an absent name raises a KeyError."""
    names = list(result.metrics) if metrics is None else list(metrics)
    return [(name, result[name]) for name in names]


def title(name: str, item: MetricValue) -> str:
    """Returns the title for tables."""
    return item.title or name


def arrow(item: MetricValue) -> str:
    """Returns the direction in which the metric improves."""
    return "\u2191" if item.higher_is_better else "\u2193"


def value_text(item: MetricValue) -> str:
    """Returns the scaled value with four significant digits, or the status."""
    return item.status if item.value is None else f"{item.value * item.display_scale:.4g}"


def interval_text(item: MetricValue) -> str:
    """Returns the scaled interval, or nothing."""
    if item.interval is None:
        return ""
    low, high = (bound * item.display_scale for bound in (item.interval.low, item.interval.high))
    return f"[{low:.4g}, {high:.4g}]"


def footnote(result: RunResult) -> str:
    """Returns protocol, hash, counts and version in one line."""
    sides = result.manifests
    level = next((item.interval.level for item in result.metrics.values() if item.interval), None)
    intervals = f" {level:.0%} intervals." if level else ""
    return (
        f"figbench {result.provenance.figbench_version}, protocol {result.protocol.id} "
        f"({result.protocol.hash[:12]}), {sides.generated.n_figures} generated and "
        f"{sides.reference.n_figures} reference figures.{intervals}"
    )


def whisker(item: MetricValue) -> str:
    """Returns an SVG of the interval around the value, scaled to the interval and zero."""
    if item.value is None or item.interval is None:
        return ""
    low, high = item.interval.low, item.interval.high
    first, last = min(0.0, low), max(0.0, high)
    span = (last - first) or 1.0

    def x(number: float) -> float:
        return float(4 + (number - first) / span * (WIDTH - 8))

    middle = HEIGHT / 2
    label = escape(f"{value_text(item)} {interval_text(item)}", quote=True)
    return (
        f'<svg role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}">'
        f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{middle}" y2="{middle}" '
        f'stroke="currentColor" stroke-width="2"/>'
        f'<circle cx="{x(item.value):.1f}" cy="{middle}" r="3.5" fill="currentColor"/></svg>'
    )


def short(result: RunResult) -> str:
    """Returns one line: protocol, counts, the first metrics with a value."""
    with_value = [
        f"{name}={item.value:.4g}"
        for name, item in result.metrics.items()
        if item.value is not None
    ]
    listed = ", ".join(with_value[:4]) + (", ..." if len(with_value) > 4 else "")
    without = len(result.metrics) - len(with_value)
    rest = f", {without} without a value" if without else ""
    n = result.manifests.generated.n_figures
    return f"<RunResult {result.protocol.id}, {n} figures: {listed}{rest}>"


def per_figure(table: Any) -> pd.DataFrame:
    """Returns a per-figure table (Arrow) as a frame indexed by figure id and sample."""
    require("pandas", purpose="RunResult.per_figure")
    columns: pd.DataFrame = table.to_pandas()
    return columns.set_index(["figure_id", "sample"])
