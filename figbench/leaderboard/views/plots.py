"""Plots as SVG data URIs: byte-identical for identical numbers, inert inside an ``<img>``."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ParamSpec

from figbench.plots.style import GRID, INK, PALETTE, QUIET, figbench_style

P = ParamSpec("P")

MOST_ROWS = 40
LABEL_SPAN_PT = 260.0
"""Height of a plot's axes in points, about."""
BLUE, GREY = PALETTE[0], QUIET
DARK = {INK: "#e8ecf1", QUIET: "#a8b3c0", GRID: "#313a45", PALETTE[0]: "#6fb6e8"}
"""Colours of a plot where the reader's system is dark: same drawing, other inks."""


def _settled(draw: Callable[P, str]) -> Callable[P, str]:
    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> str:
        with figbench_style(**{"figure.facecolor": "none", "axes.facecolor": "none"}):
            return draw(*args, **kwargs)

    return wrapped


@dataclass(frozen=True, slots=True)
class Point:
    """A value with the ends of its interval; ends equal the value where there is none."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """One entry's distance by the number of figures, and its extrapolation to infinitely many."""

    label: str
    values: Sequence[tuple[int, float]]
    limit: float | None


@_settled
def forest(points: Sequence[Point], title: str) -> str:
    """Returns a forest plot, best first from the top, of at most 40 rows."""
    from matplotlib.figure import Figure

    displayed = points[:MOST_ROWS]
    figure = Figure(figsize=(7, 1.0 + 0.26 * len(displayed)), layout="constrained")
    axes = figure.add_subplot()
    for index, point in enumerate(displayed):
        axes.plot([point.low, point.high], [index, index], color=GREY, linewidth=1.6)
        axes.plot([point.value], [index], "o", color=BLUE, markersize=4.5)
    axes.set_yticks(range(len(displayed)), [_short(point.label) for point in displayed])
    axes.invert_yaxis()
    axes.set_xlabel(title, parse_math=False)
    axes.grid(axis="y", visible=False)
    return _data_uri(figure)


@_settled
def crosses(first: Sequence[Point], second: Sequence[Point], titles: tuple[str, str]) -> str:
    """Returns two metrics against each other, one cross of intervals per entry.

    Args:
        first: Values with intervals along x.
        second: Values with intervals along y; entries of one name belong together.
        titles: Titles of both axes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    ends: list[tuple[float, float, str]] = []
    for x, y in zip(first[:MOST_ROWS], second[:MOST_ROWS], strict=True):
        axes.plot([x.low, x.high], [y.value] * 2, color=GREY, linewidth=1.2)
        axes.plot([x.value] * 2, [y.low, y.high], color=GREY, linewidth=1.2)
        axes.plot([x.value], [y.value], "o", color=BLUE, markersize=4.5)
        ends.append((x.value, y.value, _short(x.label)))
    _write_labels(axes, ends)
    axes.set_xlabel(titles[0], parse_math=False)
    axes.set_ylabel(titles[1], parse_math=False)
    return _data_uri(figure)


@_settled
def against_n(series: Sequence[Series], title: str) -> str:
    """Returns values over the number of figures; extrapolations stand at the right edge."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    ends: list[tuple[float, float, str]] = []
    for line in series[:MOST_ROWS]:
        ns, values = zip(*line.values, strict=True)
        axes.plot(ns, values, "o-", color=BLUE, markersize=4.5, linewidth=1)
        ends.append((ns[-1], values[-1], _short(line.label)))
        if line.limit is not None:
            edge = max(n for entry in series for n, _ in entry.values) * 1.25
            axes.plot([ns[-1], edge], [values[-1], line.limit], ":", color=GREY, linewidth=1)
            axes.plot([edge], [line.limit], "D", color=GREY, markersize=4.5, fillstyle="none")
    _write_labels(axes, ends)
    limits = any(line.limit is not None for line in series[:MOST_ROWS])
    note = " (open diamonds: extrapolated to infinitely many)" if limits else ""
    axes.set_xlabel(f"figures{note}", parse_math=False)
    axes.set_ylabel(title, parse_math=False)
    return _data_uri(figure)


@_settled
def timeline(dated: Sequence[tuple[date, Point]], title: str) -> str:
    """Returns values with intervals over the days of entry; the newest 40."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.add_subplot()
    ends: list[tuple[float, float, str]] = []
    for when, point in dated[-MOST_ROWS:]:
        day = when.toordinal()
        axes.plot([day, day], [point.low, point.high], color=GREY, linewidth=1.4)
        axes.plot([day], [point.value], "o", color=BLUE, markersize=4.5)
        ends.append((day, point.value, _short(point.label)))
    _write_labels(axes, ends)
    days = [when.toordinal() for when, _ in dated[-MOST_ROWS:]]
    axes.set_xlim(min(days) - 7, max(days) + 7 + 0.2 * (max(days) - min(days)))
    every = max(1, len(set(days)) // 6)
    ticks = sorted(set(days))[::every]
    axes.set_xticks(ticks, [date.fromordinal(tick).isoformat() for tick in ticks])
    axes.set_ylabel(title, parse_math=False)
    return _data_uri(figure)


@_settled
def heat(
    labels: Sequence[str], columns: Sequence[str], means: Any, title: str, higher: bool = True
) -> str:
    """Returns means (entries, strata) as a map with the number in every cell; NaN stays empty.

    The darker a cell, the better, whichever way the metric points.

    Args:
        labels: Name of each entry, length n.
        columns: Name of each stratum, length k.
        means: Means, shape (n, k).
        title: Title of the color scale.
        higher: Whether a higher mean is better.
    """
    import numpy as np
    from matplotlib.figure import Figure

    displayed = np.asarray(means, np.float64)[:MOST_ROWS]
    figure = Figure(figsize=(7, 1.9 + 0.3 * len(displayed)), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    goodness = displayed if higher else -displayed
    axes.imshow(goodness, cmap="Blues", aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", parse_math=False)
    axes.set_yticks(range(len(displayed)), [_short(label) for label in labels[:MOST_ROWS]])
    low, high = np.nanmin(goodness), np.nanmax(goodness)
    for (row, column), value in np.ndenumerate(displayed):
        if np.isfinite(value):
            share = (goodness[row, column] - low) / (high - low) if high > low else 0.0
            ink = "#ffffff" if share > 0.6 else "#000000"
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=ink)
    axes.set_title(f"{title} (darker is better)", parse_math=False)
    return _data_uri(figure)


def _write_labels(axes: Any, ends: Sequence[tuple[float, float, str]]) -> None:
    """Writes labels right of their points; labels of near points move up until they are apart."""
    low, high = axes.get_ylim()
    left, right = axes.get_xlim()
    gap, near = 0.05 * (high - low), 0.25 * (right - left)
    written: list[tuple[float, float]] = []
    for x, y, label in sorted(ends, key=lambda end: (end[1], end[0], end[2])):
        at = y
        while any(abs(x - other_x) < near and abs(at - other) < gap for other_x, other in written):
            at += gap / 4
        written.append((x, at))
        axes.annotate(
            label,
            (x, y),
            xytext=(6, 2 + (at - y) / (high - low) * LABEL_SPAN_PT),
            textcoords="offset points",
            parse_math=False,
        )
    axes.set_xlim(left, right + 0.12 * (right - left))


def _short(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:37]}..."


def _data_uri(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = _with_dark_mode(buffer.getvalue().decode("utf-8"))
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode("ascii")


def _with_dark_mode(svg: str) -> str:
    """Adds a style that swaps inks where the reader's system is dark; the page is transparent."""
    rules = []
    for light, dark in DARK.items():
        rules.append(f'[style*="fill: {light}"]{{fill:{dark}!important}}')
        rules.append(f'[style*="stroke: {light}"]{{stroke:{dark}!important}}')
    style = f"<style>@media (prefers-color-scheme: dark){{{''.join(rules)}}}</style>"
    start = svg.index(">", svg.index("<svg")) + 1
    return svg[:start] + style + svg[start:]
