"""Stored records to metric values: reads arrays, calls metrics, adds intervals."""

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
from figbench.evaluation.planning.workload import Namespaces, image_key, pair_key
from figbench.evaluation.scoring.score_cache import ScoreCache
from figbench.graphs.read import GRAPH_READERS, GraphReading, is_raster_name
from figbench.graphs.stored import decode_reading
from figbench.metrics.base import Measurement, MetricError, MetricInputs, Needs, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.metrics.numerics.blocks import Rows
from figbench.results.schema import MetricValue
from figbench.store import Namespace, decode_lines

Tasks = Mapping[tuple[type[Task], str, str], Task]
"""By class, network and preprocessing policy."""


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
    figures = _figures(sides)
    tasks = {(type(task), task.network, task.preprocess): task for task in plan.tasks}
    for item in plan.metrics:
        if item.skip_reason:
            _record_failure(scores, item, sides, "skipped", item.skip_reason)
            continue
        rng = metric_rng(plan.protocol.seed, item.request.metric)
        try:
            measurements = cache.measure(
                item.metric,
                {**_dependencies(item, plan, tasks, namespaces), "figures": figures},
                partial(_compute, item, plan, tasks, namespaces, sides, rng),
            )
            for measurement in measurements:
                value = _value(measurement, sides, plan.protocol.interval_level)
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
    item: PlannedMetric,
    plan: Plan,
    tasks: Tasks,
    namespaces: Namespaces,
    sides: Sides,
    rng: np.random.Generator,
) -> list[Measurement]:
    inputs = _inputs(item, plan, tasks, namespaces, sides, rng)
    return item.metric.compute(inputs, item.request.settings)


def _dependencies(
    item: PlannedMetric, plan: Plan, tasks: Tasks, namespaces: Namespaces
) -> dict[str, Any]:
    """Returns what the measurements of a metric depend on, apart from the figures."""
    task = tasks.get((FeatureTask, item.metric.spec.needs.extractor or "", item.preprocess))
    return {
        "request": item.request.model_dump(mode="json"),
        "seed": plan.protocol.seed,
        "spaces": [namespaces.of(task, side).id for side in (GENERATED, REFERENCE)] if task else [],
    }


def _figures(sides: Sides) -> str:
    """Returns a digest of all compared figures, in order."""
    digest = hashlib.sha256(f"{len(sides.pairs)} {sides.rejected}".encode())
    for pair in sides.pairs:
        expected, delivered = pair.reference, pair.generated and pair.generated.sha256
        line = [expected.figure_id, expected.paper_id, pair.sample, delivered]
        digest.update(json.dumps(line).encode())
    for figure in sides.reference.figures:
        identity = [figure.figure_id, figure.paper_id, figure.sha256]
        digest.update(json.dumps(identity).encode())
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
            "n_expected": len(sides.pairs),
            "title": output.title,
            "display_scale": output.display_scale,
        }
    )


def _inputs(
    item: PlannedMetric,
    plan: Plan,
    tasks: Tasks,
    namespaces: Namespaces,
    sides: Sides,
    rng: np.random.Generator,
) -> MetricInputs:
    needs, policy = item.metric.spec.needs, item.preprocess
    generated: Mapping[str, Rows] = {}
    reference: Mapping[str, Rows] = {}
    if needs.extractor:
        task = tasks[FeatureTask, needs.extractor, policy]
        generated = _features(namespaces, task, GENERATED, sides.present, needs)
        if needs.reference_features:
            figures = sides.reference.figures
            reference = _features(namespaces, task, REFERENCE, figures, needs)
    lines: tuple[list[tuple[TextLine, ...]], list[tuple[TextLine, ...]]] = ([], [])
    if needs.ocr and plan.protocol.ocr:
        lines = read_lines(
            namespaces, tasks[OcrTask, plan.protocol.ocr.engine, policy], sides.pairs
        )
    graphs = _Graphs()
    if needs.graphs:
        graphs = read_graphs(namespaces, tasks[GraphTask, GRAPH_READERS, AS_STORED], sides)
    pair_scores = None
    if needs.pair_scorer:
        namespace = namespaces.of(tasks[PairTask, needs.pair_scorer, policy], GENERATED)
        keys = [pair_key(pair.generated, pair.reference) for pair in sides.pairs]
        pair_scores = namespace.get(keys, "score").astype(np.float64).reshape(-1)
    return MetricInputs(
        figure_ids=[pair.reference.figure_id for pair in sides.pairs],
        samples=[pair.sample for pair in sides.pairs],
        clusters=clusters(sides.pairs),
        present=np.array([pair.generated is not None for pair in sides.pairs], dtype=np.bool_),
        rng=rng,
        generated=generated,
        reference=reference,
        generated_lines=lines[0],
        reference_lines=lines[1],
        truth_lines=[sides.reference.labels.get(pair.reference.figure_id) for pair in sides.pairs],
        generated_graphs=graphs.generated,
        reference_graphs=graphs.reference,
        ceiling_graphs=graphs.ceiling,
        pair_scores=pair_scores,
        reference_clusters=[
            figure.paper_id or figure.figure_id for figure in sides.reference.figures
        ],
        reference_ids=[figure.figure_id for figure in sides.reference.figures],
        generated_digests=[figure.sha256 for figure in sides.present],
        reference_digests=[figure.sha256 for figure in sides.reference.figures],
        rejected=sides.rejected,
    )


def clusters(pairs: Sequence[Row]) -> list[str]:
    """Returns the paper of each pair, or its figure id where the paper is unknown."""
    return [pair.reference.paper_id or pair.reference.figure_id for pair in pairs]


def _features(
    namespaces: Namespaces, task: Task, side: Side, figures: Sequence[Figure], needs: Needs
) -> dict[str, Rows]:
    namespace = namespaces.of(task, side)
    keys = [image_key(figure) for figure in figures]
    read = namespace.get_lazily if needs.in_blocks and keys else namespace.get
    return {name: read(keys, name) for name in needs.features}


def read_lines(
    namespaces: Namespaces, task: Task, pairs: Sequence[Row]
) -> tuple[list[tuple[TextLine, ...]], list[tuple[TextLine, ...]]]:
    """Returns the text lines of both sides of each pair.

    Args:
        namespaces: Namespaces that hold the OCR results.
        task: The OCR task.
        pairs: The pairs; a missing figure has no lines.

    Returns:
        Generated and reference lines, in the order of the pairs.
    """
    generated_texts = namespaces.of(task, GENERATED)
    reference_texts = namespaces.of(task, REFERENCE)
    present = [pair.generated for pair in pairs if pair.generated is not None]
    payload = iter(generated_texts.get_bytes([image_key(figure) for figure in present]))
    generated = [
        decode_lines(next(payload)) if pair.generated is not None else () for pair in pairs
    ]
    payloads = reference_texts.get_bytes([image_key(pair.reference) for pair in pairs])
    return generated, [decode_lines(payload) for payload in payloads]


@dataclass(frozen=True, slots=True)
class _Graphs:
    generated: Sequence[GraphReading | None] = ()
    reference: Sequence[GraphReading | None] = ()
    ceiling: Sequence[GraphReading | None] = ()


def read_graphs(namespaces: Namespaces, task: Task, sides: Sides) -> _Graphs:
    """Returns the graphs of each pair, and those of references read from their pixels.

    Args:
        namespaces: Namespaces that hold the graphs.
        task: The graph task.
        sides: The pairing, with the documents of the figures.
    """
    generated_graphs = namespaces.of(task, GENERATED)
    reference_graphs = namespaces.of(task, REFERENCE)
    decoded: dict[tuple[str, bytes], GraphReading] = {}

    def graph_of(namespace: Namespace, figure: Figure) -> GraphReading:
        key = image_key(figure)
        if (namespace.id, key) not in decoded:
            decoded[namespace.id, key] = decode_reading(namespace.get_bytes([key])[0])
        return decoded[namespace.id, key]

    twice = {figure.path for figure in sides.read_twice}
    generated: list[GraphReading | None] = []
    reference, ceiling = [], []
    for pair in sides.pairs:
        from_pixels = False
        if pair.generated is None:
            generated.append(None)
        else:
            document = sides.document(GENERATED, pair.generated)
            generated.append(graph_of(generated_graphs, document))
            from_pixels = pair.reference.path in twice and is_raster_name(document.path)
        reference.append(graph_of(reference_graphs, sides.document(REFERENCE, pair.reference)))
        ceiling.append(graph_of(reference_graphs, pair.reference) if from_pixels else None)
    return _Graphs(generated, reference, ceiling)
