"""Measurements of finished runs: values of metrics, their sampling sd and values per figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import load_features
from figbench.metrics import get_metric
from figbench.results.files import load_result
from figbench.results.schema import MetricValue, RunResult
from figbench.statistics.influence import variance_of_mean
from figbench.validation.effects import Measurement

_Z95 = 1.959963984540054


def read_run(folder: Path) -> dict[str, Measurement]:
    """Returns the measurements of a run by output id; outputs without a number are left out.

    Args:
        folder: Output folder of ``evaluate``.
    """
    result = load_result(folder)
    table = pq.read_table(folder / "per_figure.parquet").to_pydict()
    ids, papers = table["figure_id"], dict(zip(table["figure_id"], table["paper_id"], strict=True))
    pseudo = _pseudo_values(folder, result)
    measurements = {}
    for output, value in result.metrics.items():
        if value.value is None or value.higher_is_better is None:
            continue
        columns = dict(zip(ids, table[output], strict=True)) if output in table else {}
        columns = columns or pseudo.get(output, {})
        measurements[output] = Measurement(
            value.value,
            _sd(value, columns, papers),
            bool(value.higher_is_better),
            value.n_expected,
            columns,
            papers,
        )
    return measurements


def _sd(
    value: MetricValue, columns: Mapping[str, float | None], papers: Mapping[str, str]
) -> float | None:
    """The value's standard error; of a mean that does not vary, from the width of its interval."""
    if value.standard_error is not None:
        return value.standard_error
    entered = [key for key, number in columns.items() if number is not None and np.isfinite(number)]
    numbers = np.array([columns[key] for key in entered], np.float64)
    variance = variance_of_mean(numbers, [papers[key] for key in entered]) if entered else None
    if variance is not None and variance > 0:
        return float(np.sqrt(variance))
    if value.interval is None:
        return None
    return (value.interval.high - value.interval.low) / (2 * _Z95)


def _pseudo_values(folder: Path, result: RunResult) -> dict[str, dict[str, float]]:
    """Returns figure id to pseudo-value for outputs whose metric offers set statistics."""
    columns: dict[str, dict[str, float]] = {}
    for request in result.protocol.definition["metrics"]:
        offered = getattr(get_metric(request["metric"]), "set_statistics", {})
        for output, statistic in offered.items():
            if output not in result.metrics:
                continue
            try:
                stored = load_features(folder, output)
            except FigbenchError:
                continue
            matched = statistic.matched(stored.own)
            values = matched.pseudo_values(stored.generated, stored.reference)
            columns[output] = dict(
                zip(stored.figure_ids, np.asarray(values, float).tolist(), strict=True)
            )
    return columns
