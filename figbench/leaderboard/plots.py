"""Plots as SVG data URIs: byte-identical for identical numbers, inert inside an ``<img>``."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


def _short(label: str) -> str:
    return label if len(label) <= 40 else f"{label[:37]}..."


def _data_uri(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
