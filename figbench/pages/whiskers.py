"""Small inline plots for table cells: a bar with its interval on the axis of its metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from figbench.metrics.names import find_output
from figbench.pages.numbers import value_text
from figbench.results.schema import MetricValue

if TYPE_CHECKING:
    from markupsafe import Markup

Scale = tuple[float, float]

WIDTH, MARGIN = 112, 5
MIDDLE = 6


def scale_of(metric_id: str, metrics: Iterable[MetricValue | None]) -> Scale:
    """Returns the axis of a metric: its whole range where bounded, else from 0 over the intervals.

    Args:
        metric_id: Output id.
        metrics: Values on the axis; None and values that failed are left out.
    """
    output = find_output(metric_id)
    if output is not None and output[1].low >= 0 and math.isfinite(output[1].high):
        return 0.0, output[1].high
    ends = [0.0]
    for metric in metrics:
        if metric is not None and metric.value is not None:
            interval = metric.interval
            ends += [metric.value, *((interval.low, interval.high) if interval else ())]
    return min(ends), max(ends)


def whisker(metric: MetricValue, scale: Scale) -> Markup:
    """Returns an SVG of a value's bar and interval, with the numbers on hover.

    It repeats the numbers of its cell and is hidden from screen readers for that.

    Args:
        metric: Value with its interval.
        scale: Ends of the axis.
    """
    from markupsafe import Markup

    if metric.value is None or scale[0] == scale[1]:
        return Markup("")
    zero, value = _position(0.0, scale), _position(metric.value, scale)
    used = f", {metric.n_used} of {metric.n_expected} figures"
    shapes = [
        Markup("<title>{}</title>").format(value_text(metric) + used),
        Markup('<rect class="bar" x="{}" y="2" width="{}" height="8" rx="1.5"/>').format(
            round(min(zero, value), 1), round(max(abs(value - zero), 0.8), 1)
        ),
    ]
    if scale[0] < 0:
        shapes.append(Markup('<path class="zero" d="M{} 0v12"/>').format(zero))
    if metric.interval is not None:
        low, high = (_position(end, scale) for end in (metric.interval.low, metric.interval.high))
        shapes.append(
            Markup('<path d="M{} {}H{}M{} 3v6M{} 3v6"/>').format(low, MIDDLE, high, low, high)
        )
    lowest, highest = scale
    dust = 1e-6 * (highest - lowest)
    if metric.value > highest + dust:
        edge = WIDTH + 2 * MARGIN
        shapes.append(Markup('<path class="off" d="M{} 2l5 4l-5 4z"/>').format(edge - 5))
    elif metric.value < lowest - dust:
        shapes.append(Markup('<path class="off" d="M5 2l-5 4l5 4z"/>'))
    return Markup('<svg class="whisker" aria-hidden="true" viewBox="0 0 {} 12">{}</svg>').format(
        WIDTH + 2 * MARGIN, Markup("").join(shapes)
    )


def _position(value: float, scale: Scale) -> float:
    lowest, highest = scale
    share = min(1.0, max(0.0, (value - lowest) / (highest - lowest)))
    return round(MARGIN + WIDTH * share, 1)
