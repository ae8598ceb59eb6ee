"""Tables and plots of a part, from its records alone."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.machine import describe

Record = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A Markdown table with what must be known to read it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """One bar per name; ``line`` marks the peer."""

    values: dict[str, float]
    label: str
    line: float | None = None


@dataclass(frozen=True)
class Lines:
    """Several series over one axis."""

    series: dict[str, Sequence[tuple[float, float]]]
    across: str
    up: str
    logarithmic: bool = False


Chart = Bars | Lines


def markdown(part: str, document: Record, tables: Iterable[Table]) -> str:
    """Returns the machine and the tables of a part."""
    settings = ", ".join(f"{name} {value}" for name, value in document["settings"].items())
    blocks = [f"### {part}", describe(document["machine"]), f"Settings: {settings}."]
    for table in tables:
        lines = [table.head, ["---"] * len(table.head), *table.rows]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        blocks += [text, *([table.note] if table.note else [])]
    return "\n\n".join(blocks) + "\n"


def draw(chart: Chart, target: Path) -> None:
    """Writes a chart as SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "side by side"
    from matplotlib import pyplot

    height = 1.1 + 0.36 * len(chart.values) if isinstance(chart, Bars) else 3.8
    figure, axes = pyplot.subplots(figsize=(7.2, height), layout="constrained")
    if isinstance(chart, Bars):
        _bars(axes, chart)
    else:
        _lines(axes, chart)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


def _bars(axes: Any, chart: Bars) -> None:
    bars = axes.barh(list(chart.values), list(chart.values.values()), color="#3b6fa0")
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.bar_label(bars, fmt="%.3g", padding=3, bbox=behind)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    if chart.line is not None:
        axes.axvline(chart.line, color="black", linewidth=0.8)
    axes.set_xlabel(chart.label)


def _lines(axes: Any, chart: Lines) -> None:
    for marker, (name, points) in zip("osD^v<>P", chart.series.items(), strict=False):
        axes.plot(*zip(*points, strict=True), marker=marker, label=name)
    if not chart.logarithmic:
        axes.xaxis.get_major_locator().set_params(integer=True)
    else:
        axes.set_xscale("log")
        places = sorted({x for points in chart.series.values() for x, _ in points})
        axes.set_xticks(places, [f"{x:,.0f}" for x in places], minor=False)
        axes.minorticks_off()
    top = max(y for points in chart.series.values() for _, y in points)
    axes.set_ylim(0, 1.12 * top)
    axes.set_xlabel(chart.across)
    axes.set_ylabel(chart.up)
    axes.legend(frameon=False)


def write_json(document: Record, target: Path) -> None:
    """Writes the records; called after every run, so that a broken-off part keeps its runs."""
    target.write_text(json.dumps(document, indent=2) + "\n")


def grouped(runs: Iterable[Record], key: str = "tool") -> dict[Any, list[Record]]:
    """Returns the records of each value, in the order of their first appearance."""
    found: dict[Any, list[Record]] = {}
    for one in runs:
        found.setdefault(one[key], []).append(one)
    return found


def median(runs: Iterable[Record], key: str = "seconds") -> float:
    """Returns the median of a number over the records."""
    return statistics.median(float(one[key]) for one in runs)


def ratios(peer: Iterable[Record], mine: Iterable[Record], key: str = "seconds") -> list[float]:
    """Returns peer / mine round by round: what slowed a round slowed both."""
    theirs = {one["round"]: one[key] for one in peer}
    return [theirs[one["round"]] / one[key] for one in mine if one["round"] in theirs]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Returns the median with the smallest and the largest, or a dash without any."""
    if not values:
        return "–"
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"
