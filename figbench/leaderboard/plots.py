"""Plots as SVG data URIs: byte-identical for identical numbers, inert inside an ``<img>``."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ParamSpec

P = ParamSpec("P")

MOST_ROWS = 40
BLUE, GREY = "#1f5fa8", "#6b6b6b"
SETTINGS: Any = {
    "svg.hashsalt": "figbench",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def _settled(draw: Callable[P, str]) -> Callable[P, str]:
    @functools.wraps(draw)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> str:
        import matplotlib

        with matplotlib.rc_context(SETTINGS):
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

    shown = points[:MOST_ROWS]
    figure = Figure(figsize=(7, 1.0 + 0.26 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    for place, point in enumerate(shown):
        axes.plot([point.low, point.high], [place, place], color=GREY, linewidth=1.6)
        axes.plot([point.value], [place], "o", color=BLUE, markersize=4.5)
    axes.set_yticks(range(len(shown)), [_short(point.label) for point in shown])
    axes.invert_yaxis()
    axes.set_xlabel(title, parse_math=False)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    return _data_uri(figure)


@_settled
def crosses(first: Sequence[Point], second: Sequence[Point], titles: tuple[str, str]) -> str:
    """Returns two metrics against each other, one cross of intervals per entry."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for one, other in zip(first[:MOST_ROWS], second[:MOST_ROWS], strict=True):
        axes.plot([one.low, one.high], [other.value] * 2, color=GREY, linewidth=1.2)
        axes.plot([one.value] * 2, [other.low, other.high], color=GREY, linewidth=1.2)
        axes.plot([one.value], [other.value], "o", color=BLUE, markersize=4.5)
        axes.annotate(
            _short(one.label),
            (one.value, other.value),
            xytext=(5, 5),
            textcoords="offset points",
            parse_math=False,
        )
    axes.set_xlabel(titles[0], parse_math=False)
    axes.set_ylabel(titles[1], parse_math=False)
    axes.grid(color="#dddddd", linewidth=0.6)
    return _data_uri(figure)


@_settled
def against_n(series: Sequence[Series], title: str) -> str:
    """Returns values over the number of figures; extrapolations stand at the right edge."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for one in series[:MOST_ROWS]:
        ns, values = zip(*one.values, strict=True)
        axes.plot(ns, values, "o-", color=BLUE, markersize=4.5, linewidth=1)
        place = (ns[-1], values[-1])
        if one.limit is not None:
            edge = max(n for other in series for n, _ in other.values) * 1.25
            axes.plot([ns[-1], edge], [values[-1], one.limit], ":", color=GREY, linewidth=1)
            axes.plot([edge], [one.limit], "D", color=GREY, markersize=4.5, fillstyle="none")
        axes.annotate(
            _short(one.label), place, xytext=(5, 5), textcoords="offset points", parse_math=False
        )
    limits = any(one.limit is not None for one in series[:MOST_ROWS])
    note = " (open diamonds: extrapolated to infinitely many)" if limits else ""
    axes.set_xlabel(f"figures{note}", parse_math=False)
    axes.set_ylabel(title, parse_math=False)
    axes.grid(color="#dddddd", linewidth=0.6)
    return _data_uri(figure)


@_settled
def timeline(dated: Sequence[tuple[date, Point]], title: str) -> str:
    """Returns values with intervals over the days of entry; the newest 40."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for when, point in dated[-MOST_ROWS:]:
        day = when.toordinal()
        axes.plot([day, day], [point.low, point.high], color=GREY, linewidth=1.4)
        axes.plot([day], [point.value], "o", color=BLUE, markersize=4.5)
        axes.annotate(
            _short(point.label),
            (day, point.value),
            xytext=(5, 5),
            textcoords="offset points",
            parse_math=False,
        )
    days = [when.toordinal() for when, _ in dated[-MOST_ROWS:]]
    axes.set_xlim(min(days) - 7, max(days) + 7 + 0.2 * (max(days) - min(days)))
    every = max(1, len(set(days)) // 6)
    ticks = sorted(set(days))[::every]
    axes.set_xticks(ticks, [date.fromordinal(one).isoformat() for one in ticks])
    axes.set_ylabel(title, parse_math=False)
    axes.grid(color="#dddddd", linewidth=0.6)
    return _data_uri(figure)


@_settled
def heat(labels: Sequence[str], columns: Sequence[str], means: Any, title: str) -> str:
    """Returns means (entries, strata) as a map with the number in every cell; NaN stays empty."""
    import numpy as np
    from matplotlib.figure import Figure

    shown = np.asarray(means, np.float64)[:MOST_ROWS]
    figure = Figure(figsize=(7.6, 1.9 + 0.3 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(shown, cmap="cividis", aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", parse_math=False)
    axes.set_yticks(range(len(shown)), [_short(one) for one in labels[:MOST_ROWS]])
    middle = (np.nanmin(shown) + np.nanmax(shown)) / 2
    for (row, column), value in np.ndenumerate(shown):
        if np.isfinite(value):
            ink = "black" if value > middle else "white"
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=ink)
    figure.colorbar(picture, ax=axes, label=title, shrink=0.9)
    return _data_uri(figure)


def _short(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:37]}..."


def _data_uri(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
