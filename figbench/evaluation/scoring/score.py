"""From stored rows to metric values: gathers arrays, calls metrics, adds intervals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.data.pairing import Row
from figbench.data.types import Figure, TextLine
from figbench.evaluation.planning.plan import AS_STORED, Plan, PlannedMetric
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import (
    GENERATED,
    REFERENCE,
    FeatureTask,
    GraphTask,
    OcrTask,
    PairTask,
    Side,
    Task,
)
from figbench.evaluation.planning.workload import Spaces, image_key, pair_key
from figbench.evaluation.scoring.score_cache import KeptScores
from figbench.graphs.read import GRAPH_READERS, GraphReading, is_raster_name
from figbench.graphs.stored import decode_reading
from figbench.metrics.base import Measurement, MetricError, MetricInputs, Needs, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.metrics.numerics.blocks import Rows
from figbench.results.schema import MetricValue
from figbench.store import Space, decode_lines

Tasks = Mapping[tuple[type[Task], str, str], Task]
"""By class, network and preprocessing policy."""


@dataclass(slots=True)
class Scores:
    """Values by metric id, and the per-figure columns."""

    metrics: dict[str, MetricValue] = field(default_factory=dict)
    per_figure: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


def score(plan: Plan, spaces: Spaces, sides: Sides, kept: KeptScores) -> Scores:
    """Returns every planned metric: a value with its interval, or the reason for none."""
    scores = Scores()
    figures = _figures(sides)
    tasks = {(type(task), task.network, task.preprocess): task for task in plan.tasks}
    for item in plan.metrics:
        if item.skip_reason:
            _record_failure(scores, item, sides, "skipped", item.skip_reason)
            continue
        rng = metric_rng(plan.protocol.seed, item.request.metric)
        try:
            measurements = kept.measure(
                item.metric,
                {**_dependencies(item, plan, tasks, spaces), "figures": figures},
                partial(_compute, item, plan, tasks, spaces, sides, rng),
            )
            for measurement in measurements:
                value = _value(measurement, sides, plan.protocol.interval_level, rng)
                scores.metrics[measurement.output.id] = value
                if measurement.per_figure is not None:
                    scores.per_figure[measurement.output.id] = measurement.per_figure
                needs = item.metric.spec.needs
                if needs.extractor and needs.reference_features:
                    task = tasks[FeatureTask, needs.extractor, item.preprocess]
                    scores.tasks[measurement.output.id] = task
        except MetricError as error:
            _record_failure(scores, item, sides, "failed", str(error))
    return scores


def metric_rng(seed: int, name: str) -> np.random.Generator:
    """Returns the generator of one metric: depends on the protocol's seed and its name alone."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def _value(
    measurement: Measurement,
    sides: Sides,
    level: float,
    rng: np.random.Generator,
) -> MetricValue:
    if not np.isfinite(measurement.value):
        raise MetricError(f"'{measurement.output.id}' came out as {measurement.value}")
    output = measurement.output
    return MetricValue(
        value=measurement.value,
        status="ok",
        higher_is_better=output.higher_is_better,
        interval=interval_of(measurement, clusters(sides.rows), level, rng),
        standard_error=measurement.standard_error,
        n_used=_entered(measurement, sides),
        n_expected=len(sides.rows),
        title=output.title,
        display_scale=output.display_scale,
        details=dict(measurement.details),
        warnings=list(measurement.warnings),
    )


def _entered(measurement: Measurement, sides: Sides) -> int:
    """Returns how many delivered figures entered the value; NaN marks those that did not."""
    values = measurement.per_figure
    if values is None or len(values) != len(sides.rows):
        return len(sides.present)
    delivered = np.array([row.generated is not None for row in sides.rows])
    return int((delivered & np.isfinite(values)).sum())


def _compute(
    item: PlannedMetric,
    plan: Plan,
    tasks: Tasks,
    spaces: Spaces,
    sides: Sides,
    rng: np.random.Generator,
) -> list[Measurement]:
    inputs = _inputs(item, plan, tasks, spaces, sides, rng)
    return item.metric.compute(inputs, item.request.settings)


def _dependencies(item: PlannedMetric, plan: Plan, tasks: Tasks, spaces: Spaces) -> dict[str, Any]:
    """What the measurements of a metric of features depend on besides the figures."""
    task = tasks.get((FeatureTask, item.metric.spec.needs.extractor or "", item.preprocess))
    return {
        "request": item.request.model_dump(mode="json"),
        "seed": plan.protocol.seed,
        "spaces": [spaces.of(task, side).id for side in (GENERATED, REFERENCE)] if task else [],
    }


def _figures(sides: Sides) -> str:
    """Returns a digest of all that is compared, in order."""
    digest = hashlib.sha256(f"{len(sides.rows)} {sides.rejected}".encode())
    for row in sides.rows:
        expected, drawn = row.reference, row.generated and row.generated.sha256
        line = [expected.figure_id, expected.paper_id, row.sample, drawn]
        digest.update(json.dumps(line).encode())
    for one in sides.reference.figures:
        digest.update(json.dumps([one.figure_id, one.paper_id, one.sha256]).encode())
    return digest.hexdigest()


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
            "n_expected": len(sides.rows),
            "title": output.title,
            "display_scale": output.display_scale,
        }
    )


def _inputs(
    item: PlannedMetric,
    plan: Plan,
    tasks: Tasks,
    spaces: Spaces,
    sides: Sides,
    rng: np.random.Generator,
) -> MetricInputs:
    needs, policy = item.metric.spec.needs, item.preprocess
    generated: Mapping[str, Rows] = {}
    reference: Mapping[str, Rows] = {}
    if needs.extractor:
        task = tasks[FeatureTask, needs.extractor, policy]
        generated = _features(spaces, task, GENERATED, sides.present, needs)
        if needs.reference_features:
            figures = sides.reference.figures
            reference = _features(spaces, task, REFERENCE, figures, needs)
    lines: tuple[list[tuple[TextLine, ...]], list[tuple[TextLine, ...]]] = ([], [])
    if needs.ocr and plan.protocol.ocr:
        lines = read_lines(spaces, tasks[OcrTask, plan.protocol.ocr.engine, policy], sides.rows)
    graphs = _Graphs()
    if needs.graphs:
        graphs = read_graphs(spaces, tasks[GraphTask, GRAPH_READERS, AS_STORED], sides)
    pair_scores = None
    if needs.pair_scorer:
        space = spaces.of(tasks[PairTask, needs.pair_scorer, policy], GENERATED)
        keys = [pair_key(row.generated, row.reference) for row in sides.rows]
        pair_scores = space.get(keys, "score").astype(np.float64).reshape(-1)
    return MetricInputs(
        figure_ids=[row.reference.figure_id for row in sides.rows],
        samples=[row.sample for row in sides.rows],
        clusters=clusters(sides.rows),
        present=np.array([row.generated is not None for row in sides.rows], dtype=np.bool_),
        rng=rng,
        generated=generated,
        reference=reference,
        generated_lines=lines[0],
        reference_lines=lines[1],
        truth_lines=[sides.reference.labels.get(row.reference.figure_id) for row in sides.rows],
        generated_graphs=graphs.generated,
        reference_graphs=graphs.reference,
        ceiling_graphs=graphs.ceiling,
        specs=[sides.specs.get(row.reference.path) for row in sides.rows],
        pair_scores=pair_scores,
        reference_clusters=[
            figure.paper_id or figure.figure_id for figure in sides.reference.figures
        ],
        generated_digests=[figure.sha256 for figure in sides.present],
        reference_digests=[figure.sha256 for figure in sides.reference.figures],
        rejected=sides.rejected,
    )


def clusters(rows: Sequence[Row]) -> list[str]:
    """Returns the paper of each row, or its figure id where no paper is known."""
    return [row.reference.paper_id or row.reference.figure_id for row in rows]


def _features(
    spaces: Spaces, task: Task, side: Side, figures: Sequence[Figure], needs: Needs
) -> dict[str, Rows]:
    space = spaces.of(task, side)
    keys = [image_key(figure) for figure in figures]
    read = space.rows if needs.in_blocks and keys else space.get
    return {name: read(keys, name) for name in needs.features}


def read_lines(
    spaces: Spaces, task: Task, rows: Sequence[Row]
) -> tuple[list[tuple[TextLine, ...]], list[tuple[TextLine, ...]]]:
    """Returns (generated, reference) text lines per row; a missing figure reads as empty."""
    ours, theirs = spaces.of(task, GENERATED), spaces.of(task, REFERENCE)
    present = [row.generated for row in rows if row.generated is not None]
    read = iter(ours.get_bytes([image_key(figure) for figure in present]))
    generated = [decode_lines(next(read)) if row.generated is not None else () for row in rows]
    payloads = theirs.get_bytes([image_key(row.reference) for row in rows])
    return generated, [decode_lines(payload) for payload in payloads]


@dataclass(frozen=True, slots=True)
class _Graphs:
    generated: Sequence[GraphReading | None] = ()
    reference: Sequence[GraphReading | None] = ()
    ceiling: Sequence[GraphReading | None] = ()


def read_graphs(spaces: Spaces, task: Task, sides: Sides) -> _Graphs:
    """Returns the graphs of both sides per row, and those of references read from their pixels."""
    own, other = spaces.of(task, GENERATED), spaces.of(task, REFERENCE)
    decoded: dict[tuple[str, bytes], GraphReading] = {}

    def reading(space: Space, figure: Figure) -> GraphReading:
        key = image_key(figure)
        if (space.id, key) not in decoded:
            decoded[space.id, key] = decode_reading(space.get_bytes([key])[0])
        return decoded[space.id, key]

    twice = {figure.path for figure in sides.read_twice}
    generated, reference, ceiling = [], [], []
    for row in sides.rows:
        drawn = row.generated
        generated.append(None if drawn is None else reading(own, sides.document(GENERATED, drawn)))
        reference.append(reading(other, sides.document(REFERENCE, row.reference)))
        pixels = (
            drawn is not None
            and row.reference.path in twice
            and is_raster_name(sides.document(GENERATED, drawn).path)
        )
        ceiling.append(reading(other, row.reference) if pixels else None)
    return _Graphs(generated, reference, ceiling)
