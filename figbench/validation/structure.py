"""Graph scores of changed scenes, from their exact graphs and through the SVG reader.

No image is drawn: the scene states its graph, and its SVG is what a vector pipeline delivers.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.graphs.model import FigureGraph
from figbench.graphs.svg import read_svg
from figbench.metrics.numerics.graph_legacy import sciflow_edge_f1, sciforma_axis_score
from figbench.metrics.numerics.graph_matching import compare_graphs, undirected
from figbench.statistics.influence import variance_of_mean
from figbench.synthfig.degrade import Flaw, change_scene
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.export.svg import scene_svg
from figbench.synthfig.make import restyle
from figbench.synthfig.scene import Scene
from figbench.synthfig.write import iter_synthfig
from figbench.validation.cells import cells
from figbench.validation.effects import Reading

SCORES = (
    "node_f1", "edge_f1", "edge_f1_undirected", "direction_accuracy", "path_f1", "edge_label_f1",
    "group_f1", "layout_agreement", "sciflow_edge_f1", "sciforma_arrows",
)  # fmt: skip
READERS: dict[str, Callable[[Scene], FigureGraph]] = {
    "exact": scene_graph,
    "svg": lambda scene: read_svg(scene_svg(scene).encode()),
}
_WIDTH = 512
_TINY = 1e-12
Readings = dict[str, Reading]


def structure_readings(
    n: int, seed: int, levels: Sequence[int], flaws: Sequence[str] | None, readers: Sequence[str]
) -> tuple[Readings, dict[str, dict[int, Readings]]]:
    """Returns the readings of graph scores: of the clean set, and by flaw and level.

    Output ids are ``edge_f1@exact``, ``edge_f1@svg`` and so on. ``sciflow_edge_f1`` restates the
    published score with character trigrams in the place of its sentence encoder,
    ``sciforma_arrows`` the published rule on missing and invented arrows without direction, which
    its authors do not judge.

    Args:
        n: Figures.
        seed: Of the figures and changes.
        levels: Among 1 to 5.
        flaws: Names; None for every flaw that changes scenes or sets of them.
        readers: Among ``READERS``.

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
    clean: Readings = {}
    done: dict[str, dict[int, Readings]] = {}
    for name in readers:
        read = READERS[name]
        references = [read(figure.scene) for figure in figures]
        own = [_scores(read(scene), ref) for scene, ref in zip(scenes, references, strict=True)]
        clean |= _readings(name, ids, papers, own)
        for cell in cells(flaws, levels, synthetic=True):
            changed = _changed(cell.flaw, cell.level, scenes, seed)
            if changed is None:
                continue
            rows = [
                _missing() if scene is None else _scores(read(scene), ref)
                for scene, ref in zip(changed, references, strict=True)
            ]
            found = done.setdefault(cell.flaw.name, {}).setdefault(cell.level, {})
            found |= _readings(name, ids, papers, rows)
    return clean, done


def _changed(
    flaw: Flaw, level: int, scenes: Sequence[Scene], seed: int
) -> list[Scene | None] | None:
    if flaw.scene is not None:
        return [
            change_scene(flaw, scene, level, seed=seed, index=i) for i, scene in enumerate(scenes)
        ]
    if flaw.set_ is None or flaw.name == "training-copies":
        return None
    slots = flaw.set_(len(scenes), flaw.strength(level), flaw.rng(seed))
    return [None if slot.source is None or slot.broken else scenes[slot.source] for slot in slots]


def _scores(generated: FigureGraph, reference: FigureGraph) -> dict[str, float]:
    scores = compare_graphs(generated, reference)
    ours, theirs = undirected(generated, scores.matched), undirected(reference)
    errors = ((ours - theirs) + (theirs - ours)).total()
    values = (
        scores.node.f1, scores.edge.f1, scores.edge_undirected.f1, scores.direction_accuracy,
        scores.path.f1, scores.edge_label_f1, scores.group_f1, scores.layout,
        sciflow_edge_f1(generated, reference, _trigrams),
        sciforma_axis_score(["critical"] * errors, theirs.total()),
    )  # fmt: skip
    return {
        name: float("nan") if value is None else float(value)
        for name, value in zip(SCORES, values, strict=True)
    }


def _missing() -> dict[str, float]:
    return dict.fromkeys(SCORES, 0.0)


def _trigrams(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    vectors = np.zeros((len(texts), _WIDTH))
    for row, text in zip(vectors, texts, strict=True):
        padded = f"  {text.casefold()} "
        for gram, count in Counter(padded[i : i + 3] for i in range(len(padded) - 2)).items():
            row[zlib.crc32(gram.encode()) % _WIDTH] += count
    return vectors


def _readings(
    reader: str, ids: Sequence[str], papers: dict[str, str], rows: Sequence[dict[str, float]]
) -> Readings:
    readings = {}
    for score in SCORES:
        column = {key: row[score] for key, row in zip(ids, rows, strict=True)}
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
        readings[f"{score}@{reader}"] = Reading(
            float(values.mean()), sd, True, len(ids), column, papers
        )
    return readings
