"""Plots of a sweep: quality and fidelity along the axis, and against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figbench.metrics.names import network_of, title_of
from figbench.pages.numbers import arrow, factor_text, format_number, interval_text
from figbench.plots.inline import inline_svg
from figbench.plots.style import PALETTE, QUIET, figbench_style, save
from figbench.results.schema import MetricValue, RunResult
from figbench.sweeps.axes import Axis

Results = Mapping[float, RunResult]
TARGET_SIZE = 16
"""Diameter of the transparent disc that answers a pointer, points."""


def write_plots(results: Results, document: Mapping[str, Any], out: Path, axis: Axis) -> None:
    """Writes ``sweep.png`` and ``sweep.svg`` into ``out``; nothing where no metric is plotted.

    Args:
        results: By value of the axis.
        document: Of the sweep.
        out: Folder.
        axis: What varies.
    """
    if not plotted_metrics(document):
        return
    with figbench_style():
        figure, _ = sweep_figure(results, document, axis)
        for suffix in ("png", "svg"):
            save(figure, out / f"sweep.{suffix}")


def page_plot(results: Results, document: Mapping[str, Any], axis: Axis) -> str:
    """Returns the plots as one SVG element with values on hover; empty without a metric.

    Args:
        results: By value of the axis.
        document: Of the sweep.
        axis: What varies.
    """
    if not plotted_metrics(document):
        return ""
    with figbench_style(**{"figure.facecolor": "none", "axes.facecolor": "none"}):
        figure, hover = sweep_figure(results, document, axis)
        names = " and ".join(title_of(name) for name in plotted_metrics(document))
        return inline_svg(figure, f"{names} along the {axis.title}", hover)


def plotted_metrics(document: Mapping[str, Any]) -> list[str]:
    """Returns the quality and the fidelity metric of a sweep, where it has them."""
    return [name for name in (document["quality"], document["text_fidelity"]) if name]


def sweep_figure(
    results: Results, document: Mapping[str, Any], axis: Axis
) -> tuple[Any, dict[str, str]]:
    """Draws the panels of a sweep.

    Args:
        results: By value of the axis.
        document: Of the sweep.
        axis: What varies.

    Returns:
        A matplotlib figure, and the text of each point by the gid of its hover target.
    """
    from matplotlib.figure import Figure

    names = plotted_metrics(document)
    panels = len(names) + (len(names) == 2)
    figure = Figure(figsize=(3.1 * panels, 2.8), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    hover: dict[str, str] = {}
    for panel, name in zip(axes, names, strict=False):
        _along(panel, results, document["chosen"], name, axis, hover)
    if len(names) == 2:
        _against(axes[-1], results, document["chosen"], names, axis, hover)
    return figure, hover


def label_of(name: str, metric: MetricValue) -> str:
    """Returns the human name of a metric with its network, direction and factor."""
    network = network_of(name)
    title = title_of(name) + (f", {network}" if network else "")
    return f"{title} {arrow(metric.higher_is_better)}{factor_text(metric.display_scale)}"


def _title(name: str, metric: MetricValue) -> str:
    """Returns the human name of a metric on two lines, the network below."""
    factor = factor_text(metric.display_scale)
    text = f"{title_of(name)} {arrow(metric.higher_is_better)}{factor}"
    return f"{text}\n{network_of(name)}".rstrip()


def _along(
    panel: Any,
    results: Results,
    selected: float | None,
    name: str,
    axis: Axis,
    hover: dict[str, str],
) -> None:
    metrics = [result.metrics[name] for result in results.values()]
    low, value, high = zip(*(_ends(metric) for metric in metrics), strict=True)
    scales = list(results)
    panel.fill_between(scales, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
    panel.plot(scales, value, "o-", color=PALETTE[0], markersize=4.5, linewidth=1.5)
    if selected is not None:
        panel.axvline(selected, color=QUIET, linestyle=":", linewidth=1.2)
    panel.set_title(_title(name, metrics[0]), parse_math=False)
    panel.set_xlabel(axis.name.replace("_", " "))
    _targets(panel, scales, value, [_text(axis, scale, results, [name]) for scale in scales], hover)


def _against(
    panel: Any,
    results: Results,
    selected: float | None,
    names: Sequence[str],
    axis: Axis,
    hover: dict[str, str],
) -> None:
    ends = [[_ends(result.metrics[name]) for result in results.values()] for name in names]
    xs, ys = ([value for _, value, _ in triples] for triples in ends)
    panel.plot(xs, ys, "-", color=QUIET, linewidth=0.8)
    for (x0, x, x1), (y0, y, y1), scale in zip(*ends, results, strict=True):
        panel.plot([x0, x1], [y, y], color=PALETTE[0], linewidth=1.1)
        panel.plot([x, x], [y0, y1], color=PALETTE[0], linewidth=1.1)
        size = 7.5 if scale == selected else 4.5
        panel.plot([x], [y], "o", color=PALETTE[0], markersize=size)
        panel.annotate(f"{scale:g}", (x, y), xytext=(5, 5), textcoords="offset points")
    first = next(iter(results.values())).metrics
    panel.set_title("Trade-off")
    panel.set_xlabel(_title(names[0], first[names[0]]), parse_math=False)
    panel.set_ylabel(_title(names[1], first[names[1]]), parse_math=False)
    _targets(panel, xs, ys, [_text(axis, scale, results, names) for scale in results], hover)


def _targets(
    panel: Any,
    xs: Sequence[float],
    ys: Sequence[float],
    texts: Sequence[str],
    hover: dict[str, str],
) -> None:
    """Draws a transparent disc over each point and records its text."""
    for x, y, text in zip(xs, ys, texts, strict=True):
        gid = f"hover-{len(hover)}"
        panel.plot([x], [y], "o", markersize=TARGET_SIZE, alpha=0, markeredgewidth=0, gid=gid)
        hover[gid] = text


def _text(axis: Axis, scale: float, results: Results, names: Sequence[str]) -> str:
    texts = []
    for name in names:
        metric = results[scale].metrics[name]
        number = format_number(metric.value, metric.display_scale)
        texts.append(f"{title_of(name)} {number} {interval_text(metric)}".rstrip())
    return f"{axis.title} {scale:g}: {'; '.join(texts)}"


def _ends(metric: MetricValue) -> tuple[float, float, float]:
    """Returns (low, value, high) on the metric's display scale."""
    value, scale, ends = metric.value or 0.0, metric.display_scale, metric.interval
    low, high = (ends.low, ends.high) if ends else (value, value)
    return low * scale, value * scale, high * scale
