"""The page of a sweep: chosen point, table, plots and samples in one file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.metrics.names import headline, ordered, tooltip_of
from figbench.pages.details import run_details
from figbench.pages.numbers import format_number, interval_text
from figbench.pages.render import render
from figbench.pages.tables import methods_sentence
from figbench.results.schema import RunResult
from figbench.sweeps.axes import Axis
from figbench.sweeps.plots import Results, label_of, page_plot
from figbench.sweeps.points import scored_everywhere
from figbench.sweeps.strip import STRIP_NAME

PAGE_NAME = "index.html"
DIGITS = 3


@dataclass(frozen=True, slots=True)
class SweepCell:
    """A value of one point: text, interval, and whether it is the best of its row."""

    text: str
    interval: str
    best: bool


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One metric along the sweep."""

    name: str
    title: str
    tooltip: str
    cells: tuple[SweepCell, ...]


@dataclass(frozen=True, slots=True)
class PointTestRow:
    """The test of one point and metric against the chosen point.

    Attributes:
        metric: Output id.
        title: Label with network, direction and factor.
        point: Value of the axis.
        difference: Point minus chosen point, times the metric's factor.
        p: Adjusted p, or ``-``.
    """

    metric: str
    title: str
    point: str
    difference: str
    p: str


def sweep_rows(results: Results, *, all_metrics: bool = False) -> list[SweepRow]:
    """Returns the values of each metric along a sweep.

    Args:
        results: By value of the axis, ascending.
        all_metrics: Whether every output is listed; else the headline outputs, or all where no
            output is a headline.

    Returns:
        One row for each output that every point has, in the order of result tables.
    """
    names = scored_everywhere(results)
    if not all_metrics:
        names = headline(names) or names
    return [_row(name, list(results.values())) for name in ordered(names)]


def _row(name: str, results: Sequence[RunResult]) -> SweepRow:
    metrics = [result.metrics[name] for result in results]
    values = [metric.value or 0.0 for metric in metrics]
    best = (max if metrics[0].higher_is_better else min)(values)
    cells = tuple(
        SweepCell(
            format_number(metric.value, metric.display_scale, digits=DIGITS),
            interval_text(metric, digits=DIGITS),
            metric.value == best,
        )
        for metric in metrics
    )
    return SweepRow(name, label_of(name, metrics[0]), tooltip_of(name), cells)


def write_page(results: Results, document: Mapping[str, Any], out: Path, axis: Axis) -> Path:
    """Writes ``index.html`` into the folder of a sweep and returns its path.

    Args:
        results: By value of the axis.
        document: Of the sweep.
        out: Folder, with ``samples.png`` in it.
        axis: What varies.
    """
    from figbench.io.atomic import write_text_atomic

    first = next(iter(results.values()))
    samples = out / STRIP_NAME
    strip = base64.b64encode(samples.read_bytes()).decode("ascii") if samples.is_file() else ""
    text = render(
        "sweep.html.j2",
        sortable=False,
        title=f"Sweep of the {axis.name.replace('_', ' ')}",
        axis=axis.title,
        lead=verdict(results, document, axis),
        scales=[f"{scale:g}" for scale in results],
        chosen=None if document["chosen"] is None else f"{document['chosen']:g}",
        rows=sweep_rows(results),
        all_rows=sweep_rows(results, all_metrics=True),
        tests=rows_of_tests(results, document),
        plot=page_plot(results, document, axis),
        samples=f"data:image/png;base64,{strip}" if strip else "",
        protocol=first.protocol,
        references=first.manifests.reference.n_figures,
        facts=run_details(first),
        methods=methods_sentence(first),
    )
    target = out / PAGE_NAME
    write_text_atomic(target, text)
    return target


def rows_of_tests(results: Results, document: Mapping[str, Any]) -> list[PointTestRow]:
    """Returns the rows of the table of tests, on the scale of the other tables.

    Args:
        results: By value of the axis.
        document: Of the sweep; without tests there are no rows.
    """
    metrics = next(iter(results.values())).metrics
    rows = []
    for test in document.get("tests", ()):
        metric = metrics[test["metric"]]
        difference = format_number(test["difference"], metric.display_scale, digits=DIGITS)
        p = "-" if test["p_holm"] is None else f"{test['p_holm']:.{DIGITS}g}"
        label = label_of(test["metric"], metric)
        rows.append(PointTestRow(test["metric"], label, f"{test['value']:g}", difference, p))
    return rows


def verdict(results: Results, document: Mapping[str, Any], axis: Axis) -> str:
    """Returns one sentence: the chosen point with its values, or why none was chosen.

    Args:
        results: By value of the axis.
        document: Of the sweep.
        axis: What varies.
    """
    selected = document["chosen"]
    if selected is None:
        return "No point was chosen: no distance between sets has a value at every point."
    clauses = []
    for name in (document["quality"], document["text_fidelity"]):
        if name:
            metric = results[selected].metrics[name]
            number = format_number(metric.value, metric.display_scale)
            clauses.append(f"{label_of(name, metric)} {number} {interval_text(metric)}".rstrip())
    return f"Chosen: {axis.title} {selected:g} ({'; '.join(clauses)})."
