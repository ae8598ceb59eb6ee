"""``figbench plot``: intervals, scatter, sweep and sample sheet of finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figbench.errors import FigbenchError, IntegrityError, UserError
from figbench.metrics.names import expand, headline
from figbench.pages.numbers import heading
from figbench.plots.style import MARKERS, PALETTE, QUIET, figbench_style, save
from figbench.results.files import RESULT_NAME, load_result
from figbench.results.schema import MetricValue, RunResult

Runs = list[tuple[str, Path, RunResult]]
COLUMNS = 3


def draw_runs(
    paths: Sequence[Path],
    out: Path,
    *,
    kind: str,
    metrics: Sequence[str] | None,
    figures: int = 6,
) -> Path:
    """Draws runs of one protocol and returns the file.

    Args:
        paths: Run folders or result files.
        out: File to write, ``.pdf``, ``.svg`` or ``.png``.
        kind: ``intervals``, ``scatter``, ``sweep`` or ``sheet``.
        metrics: Output ids; None for the headline metrics.
        figures: Prompts of a sheet.

    Raises:
        UserError: If a run or a metric is not there.
        IntegrityError: If the runs followed different protocols.
    """
    runs = _load(paths)
    if out.suffix.lower() not in (".pdf", ".svg", ".png"):
        raise UserError(f"{out}: not .pdf, .svg or .png.", remedy="Change the suffix of --output.")
    if kind == "sheet":
        return _sheet(runs, out, figures)
    names = _metrics_of(runs, metrics)
    with figbench_style():
        figure = {"intervals": _intervals, "scatter": _scatter, "sweep": _sweep}[kind](runs, names)
        save(figure, out)
    return out


def _load(paths: Sequence[Path]) -> Runs:
    runs = []
    for path in paths:
        result = load_result(path)
        folder = path.parent if path.name == RESULT_NAME else path
        runs.append((result.model.name or folder.name, folder, result))
    if len({result.protocol.hash for _, _, result in runs}) > 1:
        raise IntegrityError(
            "The runs followed different protocols, so one plot cannot hold them.",
            remedy="Plot them one by one.",
        )
    return runs


def _metrics_of(runs: Runs, metrics: Sequence[str] | None) -> list[str]:
    scored = [
        name
        for name in runs[0][2].metrics
        if all(
            (value := result.metrics.get(name)) is not None and value.value is not None
            for _, _, result in runs
        )
    ]
    selected = headline(scored) if metrics is None else expand(metrics)
    absent = [name for name in selected if name not in scored]
    if absent or not selected:
        raise UserError(
            f"Not every run has a value of {', '.join(absent) or 'any headline metric'}.",
            remedy=f"They share: {', '.join(scored) or 'none'}.",
        )
    return selected


def _ends(metric: MetricValue) -> tuple[float, float, float]:
    value, scale = metric.value or 0.0, metric.display_scale
    ends = metric.interval
    low, high = (ends.low, ends.high) if ends else (value, value)
    return low * scale, value * scale, high * scale


def _intervals(runs: Runs, names: Sequence[str]) -> Any:
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    height = lines * (0.75 + 0.26 * len(runs))
    figure = Figure(figsize=(2.6 * columns + 0.8, height), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for index, panel in enumerate(panels):
        if index >= len(names):
            panel.axis("off")
            continue
        metrics = [result.metrics[names[index]] for _, _, result in runs]
        for line, metric in enumerate(metrics):
            low, value, high = _ends(metric)
            colour = PALETTE[line % len(PALETTE)]
            panel.plot([low, high], [line, line], color=colour, linewidth=1.8)
            panel.plot([value], [line], MARKERS[line % len(MARKERS)], color=colour, markersize=5)
        labels = [name for name, _, _ in runs] if index % columns == 0 else [""] * len(runs)
        panel.set_yticks(range(len(runs)), labels)
        panel.set_ylim(len(runs) - 0.4, -0.6)
        panel.grid(axis="y", visible=False)
        panel.locator_params(axis="x", nbins=4)
        panel.set_title(heading(names[index], metrics[0]))
    return figure


def _scatter(runs: Runs, names: Sequence[str]) -> Any:
    from matplotlib.figure import Figure

    if len(names) < 2:
        raise UserError("A scatter plot needs two metrics.", remedy="Add --metrics fid,label_f1")
    figure = Figure(figsize=(3.6, 3.0), layout="constrained")
    axes = figure.add_subplot()
    for index, (name, _, result) in enumerate(runs):
        (x0, x, x1), (y0, y, y1) = (_ends(result.metrics[metric]) for metric in names[:2])
        colour = PALETTE[index % len(PALETTE)]
        axes.plot([x0, x1], [y, y], color=colour, linewidth=1.2)
        axes.plot([x, x], [y0, y1], color=colour, linewidth=1.2)
        marker = MARKERS[index % len(MARKERS)]
        axes.plot([x], [y], marker, color=colour, markersize=5.5, label=name)
    first = runs[0][2].metrics
    axes.set_xlabel(heading(names[0], first[names[0]]))
    axes.set_ylabel(heading(names[1], first[names[1]]))
    figure.legend(loc="outside upper center", ncols=min(3, len(runs)), fontsize=8)
    return figure


def _sweep(runs: Runs, names: Sequence[str]) -> Any:
    from matplotlib.figure import Figure

    points = [(run.model.guidance_scale, run) for _, _, run in runs]
    if any(scale is None for scale, _ in points):
        raise UserError(
            "A sweep needs the guidance scale of every run.",
            remedy="Plot the folders of a sweep's points/, or give --model-card a guidance_scale.",
        )
    points.sort(key=lambda point: point[0] or 0.0)
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(2.5 * columns, 2.1 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for index, panel in enumerate(panels):
        if index >= len(names):
            panel.axis("off")
            continue
        metrics = [result.metrics[names[index]] for _, result in points]
        low, value, high = zip(*(_ends(metric) for metric in metrics), strict=True)
        scales = [scale or 0.0 for scale, _ in points]
        panel.fill_between(scales, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
        panel.plot(scales, value, "o-", color=PALETTE[0], markersize=4, linewidth=1.4)
        panel.set_title(heading(names[index], metrics[0]))
        if index >= len(names) - columns:
            panel.set_xlabel("guidance scale", color=QUIET)
    return figure


def _sheet(runs: Runs, out: Path, count: int) -> Path:
    """Draws the same prompts across runs, reference first."""
    import numpy as np
    from matplotlib.figure import Figure

    from figbench.data.load import load_manifest
    from figbench.evaluation.artifacts.writer import GENERATED_NAME, REFERENCE_NAME
    from figbench.images.decode import decode

    def pixels(manifest: Any, figure: Any) -> Any:
        try:
            return None if figure is None else decode(manifest.read(figure)).image
        except (FigbenchError, OSError, ValueError):
            return None

    reference = load_manifest(runs[0][1] / REFERENCE_NAME)
    sides = [load_manifest(folder / GENERATED_NAME) for _, folder, _ in runs]
    figures_by_id: list[dict[str, Any]] = []
    for side in sides:
        by_id: dict[str, Any] = {}
        for item in side.figures:
            by_id.setdefault(item.figure_id, item)
        figures_by_id.append(by_id)
    prompts = [
        item for item in reference.figures if any(item.figure_id in by for by in figures_by_id)
    ][:count]
    if not prompts:
        raise UserError("No run has a figure of the reference.", remedy="Check the runs' inputs.")
    columns = 1 + len(runs)
    with figbench_style(**{"axes.grid": False}):
        figure = Figure(figsize=(1.7 * columns, 1.7 * len(prompts) + 0.3), layout="constrained")
        panels = figure.subplots(len(prompts), columns, squeeze=False)
        for line, prompt in enumerate(prompts):
            images = [pixels(reference, prompt)]
            images += [
                pixels(side, by_id.get(prompt.figure_id))
                for side, by_id in zip(sides, figures_by_id, strict=True)
            ]
            for panel, image in zip(panels[line], images, strict=True):
                panel.set_xticks([])
                panel.set_yticks([])
                panel.spines[["top", "right"]].set_visible(True)
                if image is None:
                    panel.text(0.5, 0.5, "no figure", ha="center", va="center", color=QUIET)
                else:
                    panel.imshow(np.asarray(image), interpolation="antialiased")
        for panel, title in zip(
            panels[0], ["reference", *(name for name, _, _ in runs)], strict=True
        ):
            panel.set_title(title, loc="center")
        save(figure, out)
    return out
