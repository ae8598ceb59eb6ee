"""Tests of each point of a sweep against the chosen point, on the same prompts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from figbench.comparison.comparison import compare
from figbench.metrics.names import headline, ordered
from figbench.results.schema import RunResult
from figbench.statistics.effects import holm


@dataclass(frozen=True, slots=True)
class PointTest:
    """The difference between a point and the chosen point in one metric.

    Attributes:
        value: Of the axis.
        against: Value of the chosen point.
        metric: Metric id.
        difference: The point minus the chosen point.
        standard_error: Of the difference; None where it is not available.
        p_value: Two-sided; None where no test is sound.
        p_holm: Adjusted over all points and metrics of the sweep.
        paired: Whether prompts were paired.
        method: Of the test.
        better: Whether the point is better than the chosen point; None without a difference.
    """

    value: float
    against: float
    metric: str
    difference: float
    standard_error: float | None
    p_value: float | None
    p_holm: float | None
    paired: bool
    method: str
    better: bool | None


def compare_points(results: Mapping[float, RunResult], baseline: float | None) -> list[PointTest]:
    """Returns a test of every other point and headline metric against the chosen point.

    Figures are paired by prompt and sample; papers are resampled as units, as in
    :func:`figbench.comparison.compare`. Holm's correction runs over all tests of the sweep.

    Args:
        results: By value of the axis, with their per-figure values or folders.
        baseline: The point to compare with; None gives no tests.
    """
    if baseline is None:
        return []
    names = ordered(headline(list(results[baseline].metrics)) or list(results[baseline].metrics))
    tests: list[PointTest] = []
    for value, result in results.items():
        if value == baseline:
            continue
        comparison = compare(results[baseline], result, names)
        tests += [
            PointTest(
                value, baseline, item.metric, item.difference, item.standard_error, item.p_value,
                None, item.paired, item.method, item.better,
            )
            for item in comparison.differences
        ]  # fmt: skip
    p_values = {str(i): test.p_value for i, test in enumerate(tests) if test.p_value is not None}
    adjusted = holm(p_values)
    return [replace(test, p_holm=adjusted.get(str(i))) for i, test in enumerate(tests)]


def tests_document(tests: Sequence[PointTest]) -> list[dict[str, Any]]:
    """Returns the tests as JSON-ready data."""
    return [asdict(test) for test in tests]


def tests_csv(tests: Sequence[PointTest], axis: str) -> str:
    """Returns one line for each test.

    Args:
        tests: Of the sweep.
        axis: Name of the column with the point's value.
    """
    columns = ("against", "metric", "difference", "standard_error", "p_value", "p_holm", "paired")
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([axis, *columns])
    for test in tests:
        writer.writerow([test.value, *(getattr(test, name) for name in columns)])
    return buffer.getvalue()
