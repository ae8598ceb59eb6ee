"""Stored records to metric values: reads arrays, calls metrics, adds intervals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from figbench.evaluation.planning.plan import Plan, PlannedMetric
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import (
    Task,
)
from figbench.evaluation.planning.workload import Namespaces
from figbench.evaluation.scoring.score_cache import ScoreCache
from figbench.evaluation.scoring.stored_inputs import StoredInputs, clusters
from figbench.metrics.base import Measurement, MetricError, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.results.schema import MetricValue


@dataclass(slots=True)
class Scores:
    """Scores of a run.

    Attributes:
        metrics: Values by metric id.
        per_figure: Columns of shape (n expected figures,) by metric id; NaN where not scored.
        tasks: Feature task of each distribution metric.
    """

    metrics: dict[str, MetricValue] = field(default_factory=dict)
    per_figure: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


def score(plan: Plan, namespaces: Namespaces, sides: Sides, cache: ScoreCache) -> Scores:
    """Computes every planned metric: a value with its interval, or the reason for none.

    Args:
        plan: The plan of the run.
        namespaces: Namespaces that hold every record of the plan.
        sides: The pairing.
        cache: Cache of set-level scores.
    """
    scores = Scores()
    inputs = StoredInputs(plan, namespaces, sides)
    for item in plan.metrics:
        if item.skip_reason:
            _record_failure(scores, item, sides, "skipped", item.skip_reason)
            continue
        rng = metric_rng(plan.protocol.seed, item.request.metric)
        try:
            measurements = cache.measure(
                item.metric,
                inputs.dependencies(item),
                partial(_compute, item, inputs, rng),
            )
            for measurement in measurements:
                value = _value(measurement, sides, plan.protocol.interval_level)
                scores.metrics[measurement.output.id] = value
                if measurement.per_figure is not None:
                    scores.per_figure[measurement.output.id] = measurement.per_figure
                task = inputs.feature_task(item)
                if task and item.metric.spec.needs.reference_features:
                    scores.tasks[measurement.output.id] = task
        except MetricError as error:
            _record_failure(scores, item, sides, "failed", str(error))
    return scores


def metric_rng(seed: int, name: str) -> np.random.Generator:
    """Returns the generator of a metric; it depends on the protocol's seed and the name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def _value(
    measurement: Measurement,
    sides: Sides,
    level: float,
) -> MetricValue:
    if not np.isfinite(measurement.value):
        raise MetricError(f"'{measurement.output.id}' came out as {measurement.value}")
    output = measurement.output
    return MetricValue(
        value=measurement.value,
        status="ok",
        higher_is_better=output.higher_is_better,
        interval=interval_of(measurement, clusters(sides.pairs), level),
        standard_error=measurement.standard_error,
        n_used=_entered(measurement, sides),
        n_expected=len(sides.pairs),
        title=output.title,
        display_scale=output.display_scale,
        details=dict(measurement.details),
        warnings=list(measurement.warnings),
    )


def _entered(measurement: Measurement, sides: Sides) -> int:
    """Returns how many delivered figures entered the value; NaN marks those that did not."""
    values = measurement.per_figure
    if values is None or len(values) != len(sides.pairs):
        return len(sides.present)
    delivered = np.array([pair.generated is not None for pair in sides.pairs])
    return int((delivered & np.isfinite(values)).sum())


def _compute(
    item: PlannedMetric, inputs: StoredInputs, rng: np.random.Generator
) -> list[Measurement]:
    return item.metric.compute(inputs.read(item, rng), item.request.settings)


def _record_failure(
    scores: Scores, item: PlannedMetric, sides: Sides, status: str, reason: str
) -> None:
    for output in item.metric.spec.outputs:
        if output.optional:
            continue
        scores.metrics[output.id] = _no_value(output, sides, status, reason)


def _no_value(output: OutputSpec, sides: Sides, status: str, reason: str) -> MetricValue:
    return MetricValue.model_validate(
        {
            "value": None,
            "status": status,
            "reason": reason,
            "higher_is_better": output.higher_is_better,
            "n_used": 0,
            "n_expected": len(sides.pairs),
            "title": output.title,
            "display_scale": output.display_scale,
        }
    )
