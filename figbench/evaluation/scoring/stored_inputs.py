"""Inputs of a metric, read from the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from figbench.data.pairing import FigurePair
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
from figbench.graphs.read import GRAPH_READERS, GraphResult, is_raster_name
from figbench.graphs.stored import decode_result
from figbench.metrics.base import MetricInputs, Needs
from figbench.metrics.numerics.blocks import FeatureMatrix
from figbench.store import Namespace, decode_lines


class StoredInputs:
    """The stored records of a run, as the inputs of its metrics.

    Args:
        plan: The plan of the run.
        namespaces: Namespaces that hold every record of the plan.
        sides: The pairing.
    """

    def __init__(self, plan: Plan, namespaces: Namespaces, sides: Sides) -> None:
        self.sides = sides
        self._plan, self._namespaces = plan, namespaces
        self._tasks: Mapping[tuple[type[Task], str, str], Task] = {
            (type(task), task.network, task.preprocess): task for task in plan.tasks
        }
        self._figures = _digest(sides)

    def feature_task(self, item: PlannedMetric) -> Task | None:
        """Returns the task of a metric's features, or None for a metric without features."""
        key = (FeatureTask, item.metric.spec.needs.extractor or "", item.preprocess)
        return self._tasks.get(key)

    def dependencies(self, item: PlannedMetric) -> dict[str, Any]:
        """Returns everything that the measurements of a metric of features depend on, as JSON."""
        task = self.feature_task(item)
        sides = (GENERATED, REFERENCE)
        return {
            "request": item.request.model_dump(mode="json"),
            "seed": self._plan.protocol.seed,
            "spaces": [self._namespaces.of(task, side).id for side in sides] if task else [],
            "figures": self._figures,
        }

    def read(self, item: PlannedMetric, rng: np.random.Generator) -> MetricInputs:
        """Reads the inputs of one metric.

        Args:
            item: The planned metric.
            rng: Generator of the metric.
        """
        needs, policy, sides = item.metric.spec.needs, item.preprocess, self.sides
        generated: Mapping[str, FeatureMatrix] = {}
        reference: Mapping[str, FeatureMatrix] = {}
        if needs.extractor:
            task = self._tasks[FeatureTask, needs.extractor, policy]
            generated = read_features(self._namespaces, task, GENERATED, sides.present, needs)
            if needs.reference_features:
                figures = sides.reference.figures
                reference = read_features(self._namespaces, task, REFERENCE, figures, needs)
        lines: tuple[list[tuple[TextLine, ...]], list[tuple[TextLine, ...]]] = ([], [])
        ocr = self._plan.protocol.ocr
        if needs.ocr and ocr:
            lines = read_lines(
                self._namespaces, self._tasks[OcrTask, ocr.engine, policy], sides.pairs
            )
        graphs = _Graphs()
        if needs.graphs:
            graph_task = self._tasks[GraphTask, GRAPH_READERS, AS_STORED]
            graphs = read_graphs(self._namespaces, graph_task, sides)
        pair_scores = None
        if needs.pair_scorer:
            pair_task = self._tasks[PairTask, needs.pair_scorer, policy]
            keys = [pair_key(pair.generated, pair.reference) for pair in sides.pairs]
            stored = self._namespaces.of(pair_task, GENERATED).get(keys, "score")
            pair_scores = stored.astype(np.float64).reshape(-1)
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
            truth_lines=[
                sides.reference.labels.get(pair.reference.figure_id) for pair in sides.pairs
            ],
            generated_graphs=graphs.generated,
            reference_graphs=graphs.reference,
            ceiling_graphs=graphs.ceiling,
            specs=[sides.specs.get(pair.reference.path) for pair in sides.pairs],
            documents=[
                sides.contents.get(pair.generated.path) if pair.generated else None
                for pair in sides.pairs
            ],
            pair_scores=pair_scores,
            reference_clusters=[
                figure.paper_id or figure.figure_id for figure in sides.reference.figures
            ],
            reference_ids=[figure.figure_id for figure in sides.reference.figures],
            generated_digests=[figure.sha256 for figure in sides.present],
            reference_digests=[figure.sha256 for figure in sides.reference.figures],
            rejected=sides.rejected,
        )


def clusters(pairs: Sequence[FigurePair]) -> list[str]:
    """Returns the paper of each pair, or its figure id where the paper is unknown."""
    return [pair.reference.paper_id or pair.reference.figure_id for pair in pairs]


def read_features(
    namespaces: Namespaces, task: Task, side: Side, figures: Sequence[Figure], needs: Needs
) -> dict[str, FeatureMatrix]:
    """Reads the features of some figures.

    Args:
        namespaces: Namespaces that hold the features.
        task: The feature task.
        side: Side of the figures.
        figures: The figures.
        needs: Names of the arrays, and whether they stay on disk.

    Returns:
        By name: shape (n figures, d), in the order of the figures.
    """
    namespace = namespaces.of(task, side)
    keys = [image_key(figure) for figure in figures]
    read = namespace.get_lazily if needs.in_blocks and keys else namespace.get
    return {name: read(keys, name) for name in needs.features}


def read_lines(
    namespaces: Namespaces, task: Task, pairs: Sequence[FigurePair]
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
    generated: Sequence[GraphResult | None] = ()
    reference: Sequence[GraphResult | None] = ()
    ceiling: Sequence[GraphResult | None] = ()


def read_graphs(namespaces: Namespaces, task: Task, sides: Sides) -> _Graphs:
    """Returns the graphs of each pair, and those of references read from their pixels.

    Args:
        namespaces: Namespaces that hold the graphs.
        task: The graph task.
        sides: The pairing, with the documents of the figures.
    """
    generated_graphs = namespaces.of(task, GENERATED)
    reference_graphs = namespaces.of(task, REFERENCE)
    decoded: dict[tuple[str, bytes], GraphResult] = {}

    def graph_of(namespace: Namespace, figure: Figure) -> GraphResult:
        key = image_key(figure)
        if (namespace.id, key) not in decoded:
            decoded[namespace.id, key] = decode_result(namespace.get_bytes([key])[0])
        return decoded[namespace.id, key]

    twice = {figure.path for figure in sides.read_twice}
    generated: list[GraphResult | None] = []
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


def _digest(sides: Sides) -> str:
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
