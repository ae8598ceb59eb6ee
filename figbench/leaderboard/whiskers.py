"""Small inline pictures for table cells: a value with its interval on the column's scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from figbench.leaderboard.board_rows import Row
from figbench.results.schema import MetricValue

if TYPE_CHECKING:
    from markupsafe import Markup

Scale = tuple[float, float]

WIDTH, MARGIN = 96, 4


def scales(metric_ids: Sequence[str], rows: Sequence[Row]) -> dict[str, Scale]:
    """Returns (lowest, highest) end of any value or interval, per metric."""
    found = {}
    for metric_id in metric_ids:
        ends: list[float] = []
        for metric in (row.metric(metric_id) for row in rows):
            if metric is not None and metric.value is not None:
                interval = metric.interval
                ends += [metric.value, *((interval.low, interval.high) if interval else ())]
        found[metric_id] = (min(ends), max(ends)) if ends else (0.0, 0.0)
    return found


def whisker(metric: MetricValue, scale: Scale) -> Markup:
    """Returns an SVG that repeats the cell's numbers; hidden from screen readers for that."""
    from markupsafe import Markup

    interval = metric.interval
    if interval is None or metric.value is None or scale[0] == scale[1]:
        return Markup("")
    low, value, high = (_place(one, scale) for one in (interval.low, metric.value, interval.high))
    return Markup(
        '<svg class="whisker" aria-hidden="true" viewBox="0 0 {} 10"><path d="M{} 5H{}M{} 2v6M{} '
        '2v6"/><circle cx="{}" cy="5" r="2.5"/></svg>'
    ).format(WIDTH + 2 * MARGIN, low, high, low, high, value)


def _place(value: float, scale: Scale) -> float:
    lowest, highest = scale
    share = min(1.0, max(0.0, (value - lowest) / (highest - lowest)))
    return round(MARGIN + WIDTH * share, 1)
