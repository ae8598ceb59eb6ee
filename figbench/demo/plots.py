"""The two images of the demo: a contact sheet and a bar plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path
from figbench.plots.contact_sheet import contact_sheet
from figbench.plots.style import PALETTE, figbench_style, save
from figbench.results.schema import RunResult


def write_contact_sheet(
    target: Path, rows: Mapping[str, Sequence[RGBImage]], column_titles: Sequence[str]
) -> None:
    """Writes one row of figures per model, reference first, as PNG.

    Args:
        target: Path of the PNG file.
        rows: RGB uint8 figures (h, w, 3) of each model by its name; all of one length.
        column_titles: Title of each column.
    """
    images = [image for figures in rows.values() for image in figures]
    columns = len(next(iter(rows.values())))
    sheet = contact_sheet(images, columns, row_titles=list(rows), column_titles=list(column_titles))
    with atomic_path(target) as temporary:
        Image.fromarray(sheet).save(temporary, format="PNG", optimize=True)


def write_plot(target: Path, results: Mapping[str, RunResult], metrics: Sequence[str]) -> None:
    """Writes one small bar panel for each metric, models side by side, with intervals.

    Args:
        target: PNG file.
        results: By model.
        metrics: Output ids.
    """
    with figbench_style():
        _write_plot(target, results, metrics)


def _write_plot(target: Path, results: Mapping[str, RunResult], metrics: Sequence[str]) -> None:
    names = list(results)
    columns = 4
    rows = -(-len(metrics) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.3 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    colours = PALETTE
    for axis, metric_id in zip(axes.flat, metrics, strict=False):
        _panel(axis, results, metric_id, names, colours)
    for axis in axes.flat[len(metrics) :]:
        axis.axis("off")
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in colours[: len(names)]]
    if len(metrics) < rows * columns:
        axes.flat[-1].legend(handles, names, loc="center")
    else:
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    save(figure, target)


def _panel(
    axis: Axes,
    results: Mapping[str, RunResult],
    metric_id: str,
    names: Sequence[str],
    colours: Sequence[str],
) -> None:
    for position, (name, colour) in enumerate(zip(names, colours, strict=False)):
        metric = results[name].metrics.get(metric_id)
        if metric is None or metric.value is None:
            axis.text(position, 0, "n/a", ha="center")
            continue
        scale = metric.display_scale
        errors = None
        if metric.interval:
            low, high = metric.value - metric.interval.low, metric.interval.high - metric.value
            errors = np.maximum([[low * scale], [high * scale]], 0)
        axis.bar(position, metric.value * scale, color=colour, alpha=0.85, yerr=errors, capsize=3)
    some = results[names[0]].metrics.get(metric_id)
    arrow = "" if some is None else (" ↑" if some.higher_is_better else " ↓")
    axis.set_title(f"{metric_id}{arrow}", fontsize=8)
    axis.set_xticks([])
    axis.tick_params(labelsize=8)
    axis.grid(axis="x", visible=False)
