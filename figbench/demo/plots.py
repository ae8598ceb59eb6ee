"""The demo's two pictures: a contact sheet and one bar plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from figbench.images.types import RGBImage
from figbench.io.atomic import atomic_path
from figbench.plots.contact_sheet import contact_sheet
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
    """Writes one small bar panel per metric, models side by side, with intervals.

    Args:
        target: Path of the image file.
        results: Result of each model by its name.
        metrics: Ids of the outputs, one panel each.
    """
    names = list(results)
    columns = 4
    rows = -(-len(metrics) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.1 * columns, 2.5 * rows), squeeze=False)
    colours = ["#2a6f97", "#d1495b", "#edae49", "#7a5195"]
    for axis, metric_id in zip(axes.flat, metrics, strict=False):
        _panel(axis, results, metric_id, names, colours)
    for axis in axes.flat[len(metrics) :]:
        axis.axis("off")
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in colours[: len(names)]]
    spare = axes.flat[-1] if len(metrics) < rows * columns else figure
    spare.legend(handles, names, loc="center" if spare is not figure else "lower center")
    figure.tight_layout()
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
    plt.close(figure)


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
        axis.bar(position, metric.value * scale, color=colour, yerr=errors, capsize=3)
    some = results[names[0]].metrics.get(metric_id)
    arrow = "" if some is None else (" ↑" if some.higher_is_better else " ↓")
    axis.set_title(f"{metric_id}{arrow}", fontsize=9)
    axis.set_xticks([])
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
