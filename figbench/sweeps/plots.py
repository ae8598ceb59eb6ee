"""Plots of a sweep: quality and text fidelity along the axis, and against each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figbench.io.atomic import atomic_path
from figbench.results.schema import MetricValue, RunResult
from figbench.sweeps.axes import Axis


def write_plots(
    results: Mapping[float, RunResult], document: Mapping[str, Any], out: Path, axis: Axis
) -> None:
    """Writes ``sweep.png`` and ``sweep.svg`` into ``out``."""
    import matplotlib
    from matplotlib.figure import Figure

    shown = [one for one in (document["quality"], document["text_fidelity"]) if one]
    if not shown:
        return
    panels = len(shown) + (len(shown) == 2)
    with matplotlib.rc_context({"svg.hashsalt": "figbench", "font.size": 9}):
        figure = Figure(figsize=(4 * panels, 3.4), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
        for panel, metric_id in zip(axes, shown, strict=False):
            values = [result.metrics[metric_id] for result in results.values()]
            panel.errorbar(list(results), *_bars(values), fmt="o-", capsize=3)
            panel.set_xlabel(axis.name.replace("_", " "))
            panel.set_ylabel(metric_id)
            if document["chosen"] is not None:
                panel.axvline(document["chosen"], color="0.5", linestyle=":", label="chosen")
                panel.legend(frameon=False)
        if len(shown) == 2:
            _trade_off(axes[-1], results, shown)
        for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            with atomic_path(out / f"sweep.{suffix}") as temporary:
                figure.savefig(temporary, format=suffix, dpi=130, metadata=metadata)


def _trade_off(panel: Any, results: Mapping[float, RunResult], shown: list[str]) -> None:
    first, second = (
        _bars([result.metrics[metric_id] for result in results.values()]) for metric_id in shown
    )
    panel.errorbar(first[0], second[0], xerr=first[1], yerr=second[1], fmt="o-", capsize=2)
    for scale, x, y in zip(results, first[0], second[0], strict=True):
        panel.annotate(f"{scale:g}", (x, y), xytext=(5, 5), textcoords="offset points")
    panel.set_xlabel(shown[0])
    panel.set_ylabel(shown[1])


def _bars(metrics: list[MetricValue]) -> tuple[list[float], list[list[float]]]:
    values = [metric.value or 0.0 for metric in metrics]
    ends = [metric.interval for metric in metrics]
    low = [max(0.0, v - e.low) if e else 0.0 for v, e in zip(values, ends, strict=True)]
    high = [max(0.0, e.high - v) if e else 0.0 for v, e in zip(values, ends, strict=True)]
    return values, [low, high]
