import numpy as np
import pytest

from figbench.data.load import load_manifest
from figbench.demo.structure import MODELS, REFERENCE, damaged_scenes, draw
from figbench.errors import UserError
from figbench.leaderboard.baselines import draw_baselines
from figbench.metrics.numerics.graph_matching import compare_graphs
from figbench.synthfig import iter_synthfig
from figbench.synthfig.export.graph import scene_graph


def test_the_damages_move_exact_graphs_that_name_them():
    scenes = [figure.scene for figure in iter_synthfig(8, 5, test_fraction=1.0)]
    truth = [scene_graph(scene) for scene in scenes]
    edge, direction = {}, {}
    for name in MODELS:
        graphs = [scene_graph(scene) for scene in damaged_scenes(name, scenes, 5)]
        scores = [compare_graphs(*pair) for pair in zip(graphs, truth, strict=True)]
        edge[name] = np.mean([score.edge.f1 for score in scores])
        accuracies = [score.direction_accuracy for score in scores]
        direction[name] = np.mean([value for value in accuracies if value is not None])
    assert edge["redrawn"] > 0.9  # another layout of equal labels can be matched in several ways
    damaged = [name for name in MODELS if name not in ("redrawn", "boxes-displaced")]
    assert max(edge[name] for name in damaged) < edge["redrawn"] - 0.1
    assert min(direction, key=direction.get) == "arrows-reversed"


def test_unknown_models_are_refused():
    with pytest.raises(UserError, match="Unknown model"):
        damaged_scenes("perfect", [], 0)


def test_figures_and_baselines_have_documents(tmp_path):
    draw(tmp_path / "demo", 6, 0)
    reference = load_manifest(tmp_path / "demo" / REFERENCE)
    assert all(reference.read_document(figure) for figure in reference.figures)
    model = load_manifest(tmp_path / "demo/models/arrows-reversed")
    assert all(model.read_document(figure) for figure in model.figures)
    draw_baselines(str(tmp_path / "demo" / REFERENCE), tmp_path / "base", seed=0)
    shuffled = load_manifest(tmp_path / "base/shuffled-captions")
    documents = {reference.read_document(figure) for figure in reference.figures}
    assert {shuffled.read_document(figure) for figure in shuffled.figures} == documents
    for name in ("real-vs-real", "blank-page"):
        figures = load_manifest(tmp_path / "base" / name)
        assert all(figures.read_document(figure) for figure in figures.figures)
    with pytest.raises(UserError, match="holds files"):
        draw(tmp_path / "demo", 6, 0)
