"""Seeded inputs that fit the needs of any metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from figbench.data.types import TextLine
from figbench.features import extractors
from figbench.graphs.editable import DocumentContent
from figbench.graphs.model import Edge, FigureGraph, Group, Node
from figbench.graphs.read import GraphResult
from figbench.graphs.spec import FigureSpec, SpecEdge, SpecLabel
from figbench.images.types import RGBImage
from figbench.metrics.base import MetricInputs, MetricSpec
from figbench.metrics.numerics.blocks import FeatureMatrix

WORDS = ("Encoder", "Decoder", "Attention", "Input", "Output", "Loss", "Pooling", "Softmax")
UNKNOWN_WIDTH = 16
"""Width of the features of an extractor that is not installed."""


def metric_inputs(
    spec: MetricSpec, n: int = 64, *, seed: int = 0, missing: Sequence[int] = ()
) -> MetricInputs:
    """Returns inputs for a metric with ``n`` prompts of n / 2 papers.

    Args:
        spec: Spec of the metric; only the fields that it needs are filled.
        n: Number of prompts, at least 2.
        seed: Seed of every array.
        missing: Indices of prompts without a generated figure.
    """
    rng = np.random.default_rng(seed)
    present = np.ones(n, dtype=np.bool_)
    present[list(missing)] = False
    generated: dict[str, FeatureMatrix] = {}
    reference: dict[str, FeatureMatrix] = {}
    for name, width in _widths(spec).items():
        generated[name] = _features(rng, int(present.sum()), width, name)
        if spec.needs.reference_features:
            reference[name] = _features(rng, n, width, name)
    lines = [_lines(rng) for _ in range(n)]
    generated_lines = [_lines(rng) if i % 3 == 0 else lines[i] for i in range(n)]
    graphs = _graphs(n, seed) if spec.needs.graphs else ([], [])
    ids = [f"figure-{i}" for i in range(n)]
    papers = [f"paper-{i // 2}" for i in range(n)]
    return MetricInputs(
        figure_ids=ids,
        samples=[0] * n,
        clusters=papers,
        present=present,
        rng=np.random.default_rng(seed + 1),
        generated=generated,
        reference=reference,
        generated_lines=[generated_lines[i] if present[i] else () for i in range(n)],
        reference_lines=lines,
        truth_lines=[None] * n,
        generated_graphs=[graph if present[i] else None for i, graph in enumerate(graphs[0])],
        reference_graphs=graphs[1],
        ceiling_graphs=[None] * len(graphs[0]),
        specs=[_spec_of(graph) for graph in graphs[1]] if spec.needs.specs else [],
        documents=_documents(generated_lines, present) if spec.needs.documents else [],
        pair_scores=rng.uniform(0.1, 0.9, n) if spec.needs.pair_scorer else None,
        generated_digests=[f"g{i:063d}" for i in range(n) if present[i]],
        reference_digests=[f"r{i:063d}" for i in range(n)],
        reference_clusters=papers,
    )


def images(n: int = 3, *, size: tuple[int, int] = (96, 128), seed: int = 0) -> list[RGBImage]:
    """Returns different images: boxes on a white page.

    Args:
        n: Number of images.
        size: Height and width in pixels, at least 24 and 40.
        seed: Seed of the boxes.

    Returns:
        uint8 arrays of shape (height, width, 3).
    """
    rng = np.random.default_rng(seed)
    height, width = size
    pages = []
    for _ in range(n):
        page = np.full((height, width, 3), 255, dtype=np.uint8)
        for _ in range(3):
            top, left = int(rng.integers(0, height - 24)), int(rng.integers(0, width - 40))
            page[top : top + 20, left : left + 32] = rng.integers(0, 200, 3)
        pages.append(page)
    return pages


def _widths(spec: MetricSpec) -> Mapping[str, int]:
    if not spec.needs.extractor:
        return {}
    installed = spec.needs.extractor in extractors.names()
    outputs = extractors.get(spec.needs.extractor).info.outputs if installed else {}
    return {name: min(outputs.get(name, UNKNOWN_WIDTH), 64) for name in spec.needs.features}


def _features(rng: np.random.Generator, n: int, width: int, name: str) -> FeatureMatrix:
    if name == "phash":
        return np.asarray(rng.integers(0, 2, (n, width)), dtype=np.float32)
    scale = 1.0 / np.sqrt(1.0 + np.arange(width))
    values = np.abs(rng.normal(size=(n, width)) * scale) + 0.05
    return np.asarray(values, dtype=np.float32)


def _lines(rng: np.random.Generator) -> tuple[TextLine, ...]:
    texts = rng.choice(WORDS, size=4, replace=False)
    boxes = [(x, 10.0 + 20.0 * i) for i, x in enumerate(rng.uniform(5, 60, 4))]
    return tuple(
        TextLine(str(text), ((x, y), (x + 30, y), (x + 30, y + 10), (x, y + 10)))
        for text, (x, y) in zip(texts, boxes, strict=True)
    )


def _graphs(n: int, seed: int) -> tuple[list[GraphResult], list[GraphResult]]:
    """Returns ``n`` generated and reference graphs; each third generated graph has other arrows."""
    rng = np.random.default_rng([seed, 1])
    generated, reference = [], []
    for index in range(n):
        nodes = tuple(
            Node(f"n{i}", str(text), (0.1 * i, 0.2, 0.1 * i + 0.08, 0.4))
            for i, text in enumerate(rng.choice(WORDS, size=4, replace=False))
        )
        ends = rng.permutation(4)
        edges = tuple(
            Edge(f"n{a}", f"n{b}", label="uses" if index % 2 else "")
            for a, b in pairwise(ends.tolist())
        )
        groups = (Group("g", "Stage", ("n0", "n1")),)
        wrong = tuple(Edge(edge.target, edge.source, edge.label) for edge in edges[:2]) + edges[2:]
        reference.append(GraphResult(FigureGraph(nodes, edges, groups), "json", None, None))
        changed = FigureGraph(nodes, wrong if index % 3 == 0 else edges, groups)
        generated.append(GraphResult(changed, "json", None, None))
    return generated, reference


def _documents(
    lines: Sequence[Sequence[TextLine]], present: npt.NDArray[np.bool_]
) -> list[DocumentContent | None]:
    """Returns documents with half the labels as text; each third figure has pixels only."""
    return [
        DocumentContent("svg", tuple(line.text for line in texts[::2]), 0.25, 6, 3, i % 4)
        if present[i] and i % 3
        else None
        for i, texts in enumerate(lines)
    ]


def _spec_of(result: GraphResult) -> FigureSpec:
    texts = result.graph.texts
    edges = [SpecEdge(texts[edge.source], texts[edge.target]) for edge in result.graph.edges]
    labels = tuple(SpecLabel(text) for text in texts.values())
    return FigureSpec(labels, tuple(edges), (SpecLabel("Forbidden"),))
