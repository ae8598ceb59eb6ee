"""Plots of a board: the choice by its columns, and the numbers of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from figbench.leaderboard.attachments import Attachment
from figbench.leaderboard.entries import Board, entry_date
from figbench.leaderboard.views import plots
from figbench.leaderboard.views.board_rows import BoardRow
from figbench.leaderboard.views.headings import column_title
from figbench.metrics.names import title_of
from figbench.pages.choices import distance_metrics, fidelity_metric
from figbench.pages.freshness import numbers_digest
from figbench.pages.numbers import heading
from figbench.pages.strata import strata_of, stratum_means
from figbench.results.schema import MetricValue


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as data URI, its caption, and the digest of its numbers."""

    note: str
    uri: str
    digest: str


def _plot(note: str, draw: Callable[..., str], *numbers: Any) -> Plot:
    return Plot(note, draw(*numbers), numbers_digest(note, *numbers))


def titles_of(board: Board, rows: list[BoardRow]) -> dict[str, str]:
    """Returns human name with an arrow that points to better and its factor, by metric id."""
    titles = {}
    for metric_id in board.metrics:
        first = next((metric for metric in (row.metric(metric_id) for row in rows) if metric), None)
        name = column_title(board, metric_id)
        titles[metric_id] = name if first is None else heading(name, first)
    return titles


def board_plots_of(
    board: Board, rows: list[BoardRow], reference: Attachment | None = None
) -> list[Plot]:
    """Returns every plot that the rows have numbers for.

    Args:
        board: The board's settings.
        rows: Rows of the ranking.
        reference: The board's own figures and features; None where it stores none.
    """
    titles = titles_of(board, rows)
    made = []
    for metric_id in board.metrics:
        points = [point for row in rows if (point := _point(row, metric_id))]
        points.sort(key=lambda point: point.value, reverse="↑" in titles[metric_id])
        if points:
            note = f"{titles[metric_id]} with intervals, best first"
            made.append(_plot(note, plots.forest, points, titles[metric_id]))
    for first, second in trade_offs(board.metrics):
        pairs = [(_point(row, first), _point(row, second)) for row in rows]
        both = [(x, y) for x, y in pairs if x and y]
        if both:
            names = (titles[first], titles[second])
            xs, ys = zip(*both, strict=True)
            note = f"{title_of(first)} against {title_of(second)}"
            made.append(_plot(note, plots.crosses, xs, ys, names))
    for metric_id in distance_metrics(board.metrics):
        series = [line for row in rows if (line := _by_n(row, metric_id))]
        if any(len(line.values) > 1 for line in series):
            note = f"{titles[metric_id]} against the number of figures"
            made.append(_plot(note, plots.against_n, series, titles[metric_id]))
    made += _heat_maps(board, rows, reference, titles)
    models = [row for row in rows if row.named.entry.role == "model"]
    dated = [
        (entry_date(row.named.name), point)
        for row in models
        if (point := _point(row, board.metrics[0]))
    ]
    if dated:
        title = titles[board.metrics[0]]
        dated.sort(key=lambda item: (item[0], item[1].label))
        made.append(_plot(f"{title} by date of entry", plots.timeline, dated, title))
    return made


def trade_offs(metrics: list[str]) -> list[tuple[str, str]]:
    """Returns (distance, fidelity metric) for every distance between sets on a board."""
    fidelity = fidelity_metric(metrics)
    return (
        [] if fidelity is None else [(distance, fidelity) for distance in distance_metrics(metrics)]
    )


def _point(row: BoardRow, metric_id: str) -> plots.Point | None:
    metric = row.metric(metric_id)
    if metric is None or metric.value is None:
        return None
    ends = metric.interval
    low, high = (ends.low, ends.high) if ends else (metric.value, metric.value)
    scale = metric.display_scale
    return plots.Point(_label(row), metric.value * scale, low * scale, high * scale)


def _by_n(row: BoardRow, metric_id: str) -> plots.Series | None:
    metric = row.metric(metric_id)
    if metric is None or metric.value is None:
        return None
    values = {metric.n_used: metric.value}
    half, n = _number(metric, "value_at_half_n"), _number(metric, "matched_n")
    matched = _number(metric, "value_at_matched_n")
    if half is not None:
        values.setdefault(metric.n_used // 2, half)
    if n is not None and matched is not None:
        values.setdefault(int(n), matched)
    sound = metric.details.get("extrapolation") == "reliable"
    limit = _number(metric, "extrapolated") if sound else None
    return plots.Series(_label(row), sorted(values.items()), limit)


def _heat_maps(
    board: Board, rows: list[BoardRow], reference: Attachment | None, titles: dict[str, str]
) -> list[Plot]:
    strata = strata_of(reference.header.figure_ids, reference.values) if reference else []
    maps = []
    for metric_id in board.metrics if strata else []:
        attached = [
            (
                _label(row),
                stratum_means(held.header.figure_ids, held.values[metric_id], strata),
            )
            for row in rows
            if (held := row.named.attachment) is not None and metric_id in held.values
        ]
        measured = [(label, means) for label, means in attached if np.isfinite(means).any()]
        if measured:
            labels, means = zip(*measured, strict=True)
            columns = [f"{stratum.label} (n={len(stratum.figure_ids)})" for stratum in strata]
            note = f"{titles[metric_id]} by stratum: mean over the figures of each"
            table = np.stack(means).tolist()
            higher = "↓" not in titles[metric_id]
            numbers = (labels, columns, table, titles[metric_id], higher)
            maps.append(_plot(note, plots.heat, *numbers))
    return maps


def _number(metric: MetricValue, key: str) -> float | None:
    value = metric.details.get(key)
    return float(value) if isinstance(value, int | float) else None


def _label(row: BoardRow) -> str:
    return row.named.entry.model.name or row.named.name
