"""Small inline pictures for table cells: a bar with its interval on the column's axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from figbench.leaderboard.board_rows import Row
from figbench.metrics.names import find_output
from figbench.results.schema import MetricValue

if TYPE_CHECKING:
    from markupsafe import Markup

Scale = tuple[float, float]

WIDTH, MARGIN = 112, 5
MIDDLE = 6


def scales(metric_ids: Sequence[str], rows: Sequence[Row]) -> dict[str, Scale]:
    """Returns the axis of each metric: 0 to 1 for shares, else from 0 over the models' intervals.

    Baselines do not stretch an axis, so that a blank page does not squeeze the models; without
    a ranked model all rows count.
    """
    models = [row for row in rows if row.named.entry.role == "model"] or list(rows)
    judged = {name for row in models for name in row.named.entry.judged}
    return {
        metric_id: (0.0, 1.0) if metric_id in judged else _scale(metric_id, models)
        for metric_id in metric_ids
    }


def _scale(metric_id: str, rows: Sequence[Row]) -> Scale:
    output = find_output(metric_id)
    if output is not None and output[1].low >= 0 and math.isfinite(output[1].high):
        return 0.0, output[1].high
    ends = [0.0]
    for metric in (row.metric(metric_id) for row in rows):
        if metric is not None and metric.value is not None:
            interval = metric.interval
            ends += [metric.value, *((interval.low, interval.high) if interval else ())]
    return min(ends), max(ends)


def whisker(metric: MetricValue, scale: Scale) -> Markup:
    """Returns an SVG that repeats the cell's numbers; hidden from screen readers for that."""
    from markupsafe import Markup

    if metric.value is None or scale[0] == scale[1]:
        return Markup("")
    zero, value = _place(0.0, scale), _place(metric.value, scale)
    parts = [
        Markup('<rect class="bar" x="{}" y="2" width="{}" height="8" rx="1.5"/>').format(
            round(min(zero, value), 1), round(max(abs(value - zero), 0.8), 1)
        )
    ]
    if scale[0] < 0:
        parts.append(Markup('<path class="zero" d="M{} 0v12"/>').format(zero))
    if metric.interval is not None:
        low, high = (_place(one, scale) for one in (metric.interval.low, metric.interval.high))
        parts.append(
            Markup('<path d="M{} {}H{}M{} 3v6M{} 3v6"/>').format(low, MIDDLE, high, low, high)
        )
    lowest, highest = scale
    dust = 1e-6 * (highest - lowest)
    if metric.value > highest + dust:
        edge = WIDTH + 2 * MARGIN
        parts.append(Markup('<path class="off" d="M{} 2l5 4l-5 4z"/>').format(edge - 5))
    elif metric.value < lowest - dust:
        parts.append(Markup('<path class="off" d="M5 2l-5 4l5 4z"/>'))
    return Markup('<svg class="whisker" aria-hidden="true" viewBox="0 0 {} 12">{}</svg>').format(
        WIDTH + 2 * MARGIN, Markup("").join(parts)
    )


def _place(value: float, scale: Scale) -> float:
    lowest, highest = scale
    share = min(1.0, max(0.0, (value - lowest) / (highest - lowest)))
    return round(MARGIN + WIDTH * share, 1)
