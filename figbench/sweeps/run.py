"""Scores every point of a sweep and writes ``sweep.json``, CSV and plots."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figbench.evaluation import Options, Progress, evaluate
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json
from figbench.results.schema import RunResult
from figbench.sweeps.axes import GUIDANCE, Axis
from figbench.sweeps.page import write_page
from figbench.sweeps.paired import compare_points, tests_csv, tests_document
from figbench.sweeps.plots import write_plots
from figbench.sweeps.points import RULE, choose, quality_metric, text_metric
from figbench.sweeps.strip import write_strip


def run_sweep(
    folders: Mapping[float, str | Path],
    reference: str,
    protocol: str,
    out: Path,
    *,
    axis: Axis = GUIDANCE,
    options: Options | None = None,
    progress: Progress | None = None,
    tests: bool = False,
) -> dict[str, Any]:
    """Scores each folder under one protocol and returns the document of ``sweep.json``.

    The reference is read and its networks run once for the whole family; a second run of the
    same sweep computes nothing that the store already has.

    Args:
        folders: Generated figures by value of the axis; paths or URLs.
        reference: What every point is scored against.
        protocol: Shipped name or YAML path.
        out: Receives ``points/<scale>/``, ``index.html``, ``sweep.json``, ``sweep.csv``, the plots
            and the sample strip.
        axis: What varies between the folders.
        options: How the runs behave.
        progress: Receives rates and counts.
        tests: Whether each point is tested against the chosen one (``sweep-tests.csv``).
    """
    results = {}
    for scale, folder in folders.items():
        results[scale] = evaluate(
            folder,
            reference,
            protocol,
            output=out / "points" / f"{scale:g}",
            model=axis.card(scale),
            options=options or Options(),
            progress=progress,
        )
    document = sweep_document(results, axis)
    if tests:
        point_tests = compare_points(results, document["chosen"])
        document["tests"] = tests_document(point_tests)
        write_text_atomic(out / "sweep-tests.csv", tests_csv(point_tests, axis.name))
    write_text_atomic(out / "sweep.csv", sweep_csv(results, axis))
    write_plots(results, document, out, axis)
    write_strip({scale: out / "points" / f"{scale:g}" for scale in results}, out)
    write_page(results, document, out, axis)
    write_text_atomic(out / "sweep.json", dump_json(document))
    return document


def sweep_document(results: Mapping[float, RunResult], axis: Axis) -> dict[str, Any]:
    """Returns the sweep as JSON-ready data."""
    protocol = next(iter(results.values())).protocol
    return {
        "sweep_version": 1,
        "axis": axis.name,
        "protocol": {"id": protocol.id, "hash": protocol.hash},
        "quality": quality_metric(results),
        "text_fidelity": text_metric(results),
        "chosen": choose(results),
        "rule": RULE,
        "points": [
            {
                axis.name: scale,
                "metrics": {
                    name: metric.model_dump(mode="json") for name, metric in result.metrics.items()
                },
            }
            for scale, result in results.items()
        ],
    }


def sweep_csv(results: Mapping[float, RunResult], axis: Axis) -> str:
    """Returns one line per point and metric: axis value, metric, value, low, high, status."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([axis.name, "metric", "value", "low", "high", "status"])
    for scale, result in results.items():
        for name, metric in result.metrics.items():
            ends = metric.interval
            low, high = (ends.low, ends.high) if ends else (None, None)
            writer.writerow([scale, name, metric.value, low, high, metric.status])
    return buffer.getvalue()
