"""Graph scores of changed scenes, from their exact graphs and through the SVG reader.

No image is drawn: the scene states its graph, and its SVG is what a vector pipeline delivers.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.graphs.model import FigureGraph
from figbench.graphs.readers.svg import read_svg
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json, read_json
from figbench.metrics.numerics.alignment import alignment, label_alignment
from figbench.metrics.numerics.graph_legacy import sciflow_edge_f1, sciforma_axis_score
from figbench.metrics.numerics.graph_matching import compare_graphs, undirected
from figbench.metrics.numerics.label_matching import Label, compare_labels, labels_of
from figbench.metrics.numerics.label_positions import matched_centres, order_agreement
from figbench.statistics.influence import variance_of_mean
from figbench.synthfig.degrade import Flaw, change_scene
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.export.svg import scene_svg
from figbench.synthfig.make import restyle
from figbench.synthfig.scene import Scene
from figbench.synthfig.write import iter_synthfig
from figbench.validation.cells import CLEAN, Cell, cells
from figbench.validation.effects import Measurement

SCORES = (
    "node_f1", "edge_f1", "edge_f1_undirected", "direction_accuracy", "path_f1", "edge_label_f1",
    "group_f1", "layout_agreement", "box_alignment", "sciflow_edge_f1", "sciforma_arrows",
)  # fmt: skip
LABEL_SCORES = ("label_f1", "word_f1", "label_layout", "label_alignment")
"""Scores of the labels that a scene states, for the exact reader alone."""
READERS: dict[str, Callable[[Scene], FigureGraph]] = {
    "exact": scene_graph,
    "svg": lambda scene: read_svg(scene_svg(scene).encode()),
}
_WIDTH = 512
_TINY = 1e-12
MAX_NED, TOLERANCE, ALIGNMENT_TOLERANCE = 0.2, 0.05, 0.012
"""Defaults of ``label_layout``."""
Measurements = dict[str, Measurement]
Read = tuple[FigureGraph, Sequence[TextLine] | None]
"""A figure's graph and, for the exact reader, its labels."""


def structure_measurements(
    n: int,
    seed: int,
    levels: Sequence[int],
    flaws: Sequence[str] | None,
    readers: Sequence[str],
    *,
    folder: Path | None = None,
    finished: bool = False,
) -> tuple[Measurements, dict[str, dict[int, Measurements]]]:
    """Returns the measurements of graph scores: of the clean set, and by flaw and level.

    Output ids are ``edge_f1@exact``, ``edge_f1@svg`` and so on. ``sciflow_edge_f1`` restates the
    published score with character trigrams instead of its sentence encoder,
    ``sciforma_arrows`` the published rule on missing and invented arrows without direction, which
    its authors do not judge. The exact reader scores labels too, as the scene states them.

    Args:
        n: Figures.
        seed: Of the figures and changes.
        levels: Among 1 to 5.
        flaws: Names; None for every flaw that changes scenes or sets of them.
        readers: Among ``READERS``.
        folder: Receives the scores of every cell; cells that are there are read. None for memory.
        finished: Compute nothing; return the cells in ``folder``.

    Raises:
        UserError: If a reader is unknown.
    """
    for name in readers:
        if name not in READERS:
            raise UserError(f"Unknown reader '{name}'.", remedy=f"Known: {', '.join(READERS)}.")
    figures = list(iter_synthfig(n, seed, test_fraction=1.0))
    hands = np.random.default_rng([seed, 1]).integers(2**61, size=n).tolist()
    scenes = [restyle(figure.scene, hand) for figure, hand in zip(figures, hands, strict=True)]
    ids = [figure.figure_id for figure in figures]
    papers = {figure.figure_id: figure.paper_id for figure in figures}
    clean: Measurements = {}
    done: dict[str, dict[int, Measurements]] = {}
    for name in readers:
        scorer = _Scorer(name, [figure.scene for figure in figures], scenes)
        files = None if folder is None else folder / name
        scores = _cached(files, CLEAN, ids, partial(_clean_scores, scorer), finished)
        clean |= {} if scores is None else _measurements(name, ids, papers, scores)
        for cell in cells(flaws, levels, synthetic=True):
            if not _applies(cell.flaw):
                continue
            compute = partial(_changed_scores, scorer, cell, scenes, seed)
            scores = _cached(files, cell.name, ids, compute, finished)
            if scores is not None:
                by_output = done.setdefault(cell.flaw.name, {}).setdefault(cell.level, {})
                by_output |= _measurements(name, ids, papers, scores)
    return clean, done


FigureScores = list[dict[str, float]]


def _cached(
    folder: Path | None,
    name: str,
    ids: Sequence[str],
    compute: Callable[[], FigureScores],
    finished: bool,
) -> FigureScores | None:
    """Returns the scores of a cell by figure from its file, or computes and writes them."""
    path = None if folder is None else folder / f"{name}.json"
    if path is not None and path.is_file():
        stored = read_json(path)
        if stored["ids"] != list(ids):
            raise UserError(f"{path}: holds other figures.", remedy="Choose another --out.")
        columns = stored["scores"]
        return [
            {
                key: float("nan") if values[i] is None else values[i]
                for key, values in columns.items()
            }
            for i in range(len(ids))
        ]
    if finished:
        return None
    scores = compute()
    if path is not None:
        columns = {
            key: [
                None if np.isnan(figure_scores[key]) else figure_scores[key]
                for figure_scores in scores
            ]
            for key in scores[0]
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, dump_json({"ids": list(ids), "scores": columns}))
    return scores


def _clean_scores(scorer: _Scorer) -> FigureScores:
    return scorer.clean


def _changed_scores(
    scorer: _Scorer, cell: Cell, scenes: Sequence[Scene], seed: int
) -> FigureScores:
    changed = _changed(cell.flaw, cell.level, scenes, seed)
    return [scorer.score(i, scene) for i, scene in enumerate(changed)]


class _Scorer:
    """Scores of changed scenes under one reader; scenes that read like the clean one cost less."""

    def __init__(self, name: str, references: Sequence[Scene], scenes: Sequence[Scene]) -> None:
        self._name = name
        self._scenes = references, scenes

    @cached_property
    def _references(self) -> list[Read]:
        return [self._read(scene) for scene in self._scenes[0]]

    @cached_property
    def _read_clean(self) -> list[Read]:
        return [self._read(scene) for scene in self._scenes[1]]

    @cached_property
    def clean(self) -> FigureScores:
        """Scores of the clean scenes."""
        pairs = zip(self._read_clean, self._references, strict=True)
        return [_scores(own, reference) for own, reference in pairs]

    def _read(self, scene: Scene) -> Read:
        labels = scene.labels if self._name == "exact" else None
        return READERS[self._name](scene), labels

    def score(self, index: int, scene: Scene | None) -> dict[str, float]:
        """Returns the scores of a scene as figure ``index``; 0 for None."""
        if scene is None:
            return dict.fromkeys(self.clean[index], 0.0)
        read = self._read(scene)
        if read == self._read_clean[index]:
            return self.clean[index]
        return _scores(read, self._references[index])


def _applies(flaw: Flaw) -> bool:
    return flaw.scene is not None or (flaw.set_ is not None and flaw.name != "training-copies")


def _changed(flaw: Flaw, level: int, scenes: Sequence[Scene], seed: int) -> list[Scene | None]:
    if flaw.scene is not None:
        return [
            change_scene(flaw, scene, level, seed=seed, index=i) for i, scene in enumerate(scenes)
        ]
    assert flaw.set_ is not None  # nosec B101 # only flaws that apply come here
    slots = flaw.set_(len(scenes), flaw.strength(level), flaw.rng(seed))
    return [None if slot.source is None or slot.broken else scenes[slot.source] for slot in slots]


def _scores(generated: Read, reference: Read) -> dict[str, float]:
    values = _graph_scores(generated[0], reference[0])
    if generated[1] is not None and reference[1] is not None:
        values |= _label_scores(labels_of(generated[1]), labels_of(reference[1]))
    return {name: float("nan") if value is None else float(value) for name, value in values.items()}


def _graph_scores(generated: FigureGraph, reference: FigureGraph) -> dict[str, float | None]:
    scores = compare_graphs(generated, reference)
    generated_edges, reference_edges = undirected(generated, scores.matched), undirected(reference)
    errors = ((generated_edges - reference_edges) + (reference_edges - generated_edges)).total()
    values = (
        scores.node.f1, scores.edge.f1, scores.edge_undirected.f1, scores.direction_accuracy,
        scores.path.f1, scores.edge_label_f1, scores.group_f1, scores.layout,
        alignment(_boxes(generated), _boxes(reference)),
        sciflow_edge_f1(generated, reference, _trigrams),
        sciforma_axis_score(["critical"] * errors, reference_edges.total()),
    )  # fmt: skip
    return dict(zip(SCORES, values, strict=True))


def _boxes(graph: FigureGraph) -> npt.NDArray[np.float64]:
    """Returns the boxes of a graph in units of the page's longer side, shape (k, 4)."""
    boxes = np.array([node.box for node in graph.nodes if node.box], np.float64).reshape(-1, 4)
    aspect = graph.aspect or 1.0
    scaled: npt.NDArray[np.float64] = boxes * np.array([aspect, 1.0, aspect, 1.0])
    return scaled / max(aspect, 1.0)


def _label_scores(
    generated: Sequence[Label], reference: Sequence[Label]
) -> dict[str, float | None]:
    if not reference:
        return dict.fromkeys(LABEL_SCORES)
    scores = compare_labels(generated, reference)
    target = matched_centres(reference, reference, MAX_NED)
    layout = None
    if order_agreement(*target, TOLERANCE) is not None:
        layout = order_agreement(*matched_centres(generated, reference, MAX_NED), TOLERANCE) or 0.0
    in_line = label_alignment(generated, reference, ALIGNMENT_TOLERANCE)
    return dict(zip(LABEL_SCORES, (scores.f1, scores.word_f1, layout, in_line), strict=True))


def _trigrams(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    vectors = np.zeros((len(texts), _WIDTH))
    for vector, text in zip(vectors, texts, strict=True):
        padded = f"  {text.casefold()} "
        for gram, count in Counter(padded[i : i + 3] for i in range(len(padded) - 2)).items():
            vector[zlib.crc32(gram.encode()) % _WIDTH] += count
    return vectors


def _measurements(
    name: str, ids: Sequence[str], papers: dict[str, str], scores: Sequence[dict[str, float]]
) -> Measurements:
    measurements = {}
    for score in scores[0]:
        column = {key: figure_scores[score] for key, figure_scores in zip(ids, scores, strict=True)}
        finite = [key for key in ids if np.isfinite(column[key])]
        if not finite:
            continue
        values = np.array([column[key] for key in finite])
        variance = variance_of_mean(values, [papers[key] for key in finite])
        sd = None if variance is None else float(np.sqrt(variance))
        if sd is not None and sd < _TINY and values.mean() in (0.0, 1.0):
            # Without variation: the width of the exact 95% bound over papers, as in intervals.
            groups = len({papers[key] for key in finite})
            sd = float((1.0 - 0.025 ** (1.0 / groups)) / (2 * 1.96))
        measurements[f"{score}@{name}"] = Measurement(
            float(values.mean()), sd, True, len(ids), column, papers
        )
    return measurements
