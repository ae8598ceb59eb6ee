"""Rows of a report's metric tables: grouped, headline first, the better run marked with its p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from figbench.comparison.comparison import compare_runs
from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.runs import load_run
from figbench.errors import FigbenchError
from figbench.metrics.names import group_of, headline, network_of, ordered, title_of, tooltip_of
from figbench.pages.numbers import arrow, factor_text, format_number, interval_text
from figbench.pages.whiskers import Scale, scale_of, whisker
from figbench.results.schema import MetricValue, RunResult

if TYPE_CHECKING:
    from markupsafe import Markup

ALPHA = 0.05
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of one run.

    Attributes:
        text: Value, or status where there is none.
        interval: ``[low, high]``, or the reason of the status.
        win: Whether the run is significantly better than the other one.
        plot: Bar and interval on the axis of the metric.
    """

    text: str
    interval: str = ""
    win: bool = False
    plot: Markup | str = ""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric across runs, with the difference and p of two runs."""

    metric: str
    title: str
    detail: str
    arrow: str
    tooltip: str
    cells: tuple[Cell, ...]
    difference: str = ""
    p: str = ""


Groups = list[tuple[str, list[MetricRow]]]


def compare_two(
    paths: Sequence[Path], results: Sequence[RunResult]
) -> tuple[Comparison | None, str]:
    """Returns the comparison of two runs over the headline metrics, or why there is none."""
    if len(paths) != 2:
        return None, ""
    scored = [name for name, metric in results[0].metrics.items() if metric.value is not None]
    names = headline(scored)
    try:
        first, second = (load_run(path) for path in paths)
        return compare_runs(first, second, metrics=names or None), ""
    except FigbenchError as error:
        return None, f"The runs were not tested: {error.message}"


def metric_rows(
    results: Sequence[RunResult], comparison: Comparison | None, *, only_headline: bool
) -> Groups:
    """Returns the rows by group.

    Args:
        results: Of one protocol.
        comparison: Of two runs, or None.
        only_headline: Whether only headline metrics are listed.
    """
    names = list(dict.fromkeys(name for result in results for name in result.metrics))
    listed = headline(names) or names if only_headline else names
    groups: Groups = []
    for name in ordered(listed):
        if not groups or groups[-1][0] != group_of(name):
            groups.append((group_of(name), []))
        groups[-1][1].append(_row(name, results, comparison.of(name) if comparison else None))
    return groups


def _row(name: str, results: Sequence[RunResult], difference: Difference | None) -> MetricRow:
    metrics = [result.metrics.get(name) for result in results]
    first = next(metric for metric in metrics if metric is not None)
    scale = scale_of(name, metrics)
    winner = _winner(difference)
    text = p = ""
    if difference is not None:
        text = format_number(difference.difference, first.display_scale, digits=DIGITS)
        p = _p(difference.p_holm)
    return MetricRow(
        metric=name,
        title=title_of(name),
        detail=f"{network_of(name)}{factor_text(first.display_scale)}".strip(),
        arrow=arrow(first.higher_is_better),
        tooltip=tooltip_of(name),
        cells=tuple(_cell(metric, index == winner, scale) for index, metric in enumerate(metrics)),
        difference=text,
        p=p,
    )


def _winner(difference: Difference | None) -> int | None:
    if difference is None or difference.p_holm is None or difference.p_holm >= ALPHA:
        return None
    return {True: 1, False: 0, None: None}[difference.better]


def _p(value: float | None) -> str:
    return "no test" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _cell(metric: MetricValue | None, win: bool, scale: Scale) -> Cell:
    if metric is None:
        return Cell("not scored")
    if metric.value is None:
        return Cell(metric.status, (metric.reason or "")[:160])
    text = format_number(metric.value, metric.display_scale, digits=DIGITS)
    return Cell(text, interval_text(metric, digits=DIGITS), win, whisker(metric, scale))


def verdict_of(names: Sequence[str], comparison: Comparison | None) -> str:
    """Returns one sentence: which of two runs is better in which headline metrics."""
    if comparison is None:
        return ""
    by_winner: dict[int, list[str]] = {0: [], 1: []}
    for difference in comparison.differences:
        winner = _winner(difference)
        if winner is not None:
            by_winner[winner].append(title_of(difference.metric))
    clauses = [
        f"{names[index]} is better in {', '.join(metrics)}"
        for index, metrics in by_winner.items()
        if metrics
    ]
    unclear = len(comparison.differences) - sum(map(len, by_winner.values()))
    if unclear:
        total = len(comparison.differences)
        clauses.append(f"no difference is shown in {unclear} of {total} metrics")
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
