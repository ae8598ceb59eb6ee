"""Which plots a board shows, and from which of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from figbench.leaderboard.attachments import Evidence
from figbench.leaderboard.entries import Board, entry_date
from figbench.leaderboard.views import plots
from figbench.leaderboard.views.board_rows import Row
from figbench.leaderboard.views.headings import column_title
from figbench.metrics.names import title_of
from figbench.pages.choices import distance_metrics, fidelity_metric
from figbench.pages.freshness import numbers_digest
from figbench.pages.numbers import heading
from figbench.pages.strata import strata_of, stratum_means
from figbench.results.schema import MetricValue


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot as data URI, what it shows, and the digest of the numbers that it was drawn from."""

    note: str
    uri: str
    digest: str


def _drawn(note: str, draw: Callable[..., str], *numbers: Any) -> Picture:
    return Picture(note, draw(*numbers), numbers_digest(note, *numbers))


def titles_of(board: Board, rows: list[Row]) -> dict[str, str]:
    """Returns human name with an arrow that points to better and its factor, by metric id."""
    titles = {}
    for metric_id in board.metrics:
        found = next((one for one in (row.metric(metric_id) for row in rows) if one), None)
        name = column_title(board, metric_id)
        titles[metric_id] = name if found is None else heading(name, found)
    return titles


def board_pictures(
    board: Board, rows: list[Row], reference: Evidence | None = None
) -> list[Picture]:
    """Returns every plot that the rows have numbers for.

    Args:
        board: The board's settings.
        rows: Rows of the ranking.
        reference: The board's own figures and features; None where it stores none.
    """
    titles = titles_of(board, rows)
    pictures = []
    for metric_id in board.metrics:
        points = [point for row in rows if (point := _point(row, metric_id))]
        points.sort(key=lambda point: point.value, reverse="↑" in titles[metric_id])
        if points:
            note = f"{titles[metric_id]} with intervals, best first"
            pictures.append(_drawn(note, plots.forest, points, titles[metric_id]))
    for first, second in trade_offs(board.metrics):
        pairs = [(_point(row, first), _point(row, second)) for row in rows]
        both = [(one, other) for one, other in pairs if one and other]
        if both:
            names = (titles[first], titles[second])
            xs, ys = zip(*both, strict=True)
            note = f"{title_of(first)} against {title_of(second)}"
            pictures.append(_drawn(note, plots.crosses, xs, ys, names))
    for metric_id in distance_metrics(board.metrics):
        series = [one for row in rows if (one := _by_n(row, metric_id))]
        if any(len(one.values) > 1 for one in series):
            note = f"{titles[metric_id]} against the number of figures"
            pictures.append(_drawn(note, plots.against_n, series, titles[metric_id]))
    pictures += _heat_maps(board, rows, reference, titles)
    models = [row for row in rows if row.named.entry.role == "model"]
    dated = [
        (entry_date(row.named.name), point)
        for row in models
        if (point := _point(row, board.metrics[0]))
    ]
    if dated:
        title = titles[board.metrics[0]]
        dated.sort(key=lambda one: (one[0], one[1].label))
        pictures.append(_drawn(f"{title} by date of entry", plots.timeline, dated, title))
    return pictures


def trade_offs(metrics: list[str]) -> list[tuple[str, str]]:
    """Returns (distance, fidelity metric) for every distance between sets on a board."""
    fidelity = fidelity_metric(metrics)
    return [] if fidelity is None else [(one, fidelity) for one in distance_metrics(metrics)]


def _point(row: Row, metric_id: str) -> plots.Point | None:
    metric = row.metric(metric_id)
    if metric is None or metric.value is None:
        return None
    ends = metric.interval
    low, high = (ends.low, ends.high) if ends else (metric.value, metric.value)
    scale = metric.display_scale
    return plots.Point(_label(row), metric.value * scale, low * scale, high * scale)


def _by_n(row: Row, metric_id: str) -> plots.Series | None:
    metric = row.metric(metric_id)
    if metric is None or metric.value is None:
        return None
    found = {metric.n_used: metric.value}
    half, n = _number(metric, "value_at_half_n"), _number(metric, "matched_n")
    matched = _number(metric, "value_at_matched_n")
    if half is not None:
        found.setdefault(metric.n_used // 2, half)
    if n is not None and matched is not None:
        found.setdefault(int(n), matched)
    sound = metric.details.get("extrapolation") == "reliable"
    limit = _number(metric, "extrapolated") if sound else None
    return plots.Series(_label(row), sorted(found.items()), limit)


def _heat_maps(
    board: Board, rows: list[Row], reference: Evidence | None, titles: dict[str, str]
) -> list[Picture]:
    strata = strata_of(reference.header.figure_ids, reference.values) if reference else []
    pictures = []
    for metric_id in board.metrics if strata else []:
        attached = [
            (_label(row), stratum_means(theirs.header.figure_ids, theirs.values[metric_id], strata))
            for row in rows
            if (theirs := row.named.evidence) is not None and metric_id in theirs.values
        ]
        shown = [(label, means) for label, means in attached if np.isfinite(means).any()]
        if shown:
            labels, means = zip(*shown, strict=True)
            columns = [f"{one.label} (n={len(one.figure_ids)})" for one in strata]
            note = f"{titles[metric_id]} by stratum: mean over the figures of each"
            table = np.stack(means).tolist()
            higher = "↓" not in titles[metric_id]
            numbers = (labels, columns, table, titles[metric_id], higher)
            pictures.append(_drawn(note, plots.heat, *numbers))
    return pictures


def _number(metric: MetricValue, key: str) -> float | None:
    found = metric.details.get(key)
    return float(found) if isinstance(found, int | float) else None


def _label(row: Row) -> str:
    return row.named.entry.model.name or row.named.name
