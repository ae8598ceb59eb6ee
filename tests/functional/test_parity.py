"""functional against torch-fidelity on the same features, and against numpy formulas."""

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from figbench import functional as F


@pytest.fixture
def features():
    rng = np.random.default_rng(7)
    x = np.maximum(rng.normal(size=(120, 16)), 0).astype(np.float32)
    y = np.maximum(rng.normal(0.3, 1.2, size=(150, 16)), 0).astype(np.float32)
    return x, y


def test_fid_equals_torch_fidelity(features):
    x, y = features
    statistics = [fid_features_to_statistics(torch.from_numpy(side).double()) for side in (x, y)]
    peer = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert F.frechet_distance(x, y).value == pytest.approx(peer, rel=1e-6)


@pytest.mark.parametrize("size", [50, 120])
def test_kid_equals_torch_fidelity(features, size):
    x, y = features
    peer = kid_features_to_metric(
        torch.from_numpy(x).double(),
        torch.from_numpy(y).double(),
        kid_subsets=20,
        kid_subset_size=size,
        rng_seed=2020,
        verbose=False,
    )
    score = F.kernel_distance(x, y, subsets=20, subset_size=size)
    mean, spread = (peer[f"kernel_inception_distance_{name}"] for name in ("mean", "std"))
    assert score.details["subsets_mean"] == pytest.approx(mean, rel=1e-6, abs=1e-9)
    assert score.details["subsets_sd"] == pytest.approx(spread, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("splits", [1, 10])
def test_isc_equals_torch_fidelity(features, splits):
    logits = features[0] * 3
    peer = isc_features_to_metric(torch.from_numpy(logits), splits=splits, rng_seed=2020)
    score = F.inception_score(logits, splits=splits)
    assert score.value == pytest.approx(peer["inception_score_mean"], rel=1e-6)


def test_torch_and_numpy_give_one_number(features):
    x, y = features
    plain = F.frechet_distance(x, y)
    assert F.frechet_distance(torch.from_numpy(x), torch.from_numpy(y)) == plain
    leaf = torch.from_numpy(x).requires_grad_()
    assert F.kernel_distance(leaf, y) == F.kernel_distance(x, y)


def test_clusters_widen_the_interval(features):
    x, y = features
    doubled = np.concatenate([x, x])
    papers = [str(i % len(x)) for i in range(len(doubled))]
    alone = F.kernel_distance(doubled, y)
    together = F.kernel_distance(doubled, y, clusters=papers)
    assert together.value == alone.value
    assert together.standard_error > 1.05 * alone.standard_error
    assert "clustered by paper" in together.interval.method


def test_a_score_prints_its_uncertainty(features):
    score = F.frechet_distance(*features)
    assert str(score).endswith("(95%, n=120)")
    assert float(score) == score.value
    assert "per_figure" not in repr(score)


def test_samples_of_one_prompt_have_a_best():
    scores = F.label_fidelity(
        [["a"], ["x"], ["b"]], [["a"], ["a"], ["b"]], figure_ids=["p", "p", "q"]
    )
    assert scores["label_f1"].value == pytest.approx(2 / 3)
    assert scores["label_f1_best_of_k"].value == 1.0


def test_validity_counts_every_flaw():
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(4)]
    white = np.full((64, 64, 3), 255, np.uint8)
    scores = F.validity([images[0], images[0], white, images[2]], [images[2]], expected=5)
    rates = {name: score.value for name, score in scores.items()}
    assert rates == {
        "valid_rate": 0.2,
        "missing_rate": 0.2,
        "blank_rate": 0.2,
        "duplicate_rate": 0.2,
        "near_copy_rate": 0.2,
    }


def test_structure_equals_the_comparison_of_two_graphs():
    from figbench.graphs.model import FigureGraph
    from figbench.metrics.numerics.graph_matching import compare_graphs

    nodes = [{"id": name, "text": f"Layer {name}"} for name in "abcd"]
    edges = [{"source": s, "target": t} for s, t in ("ab", "bc", "cd")]
    truth = {"nodes": nodes, "edges": edges}
    drawn = {"nodes": nodes[:3], "edges": [edges[0], {"source": "c", "target": "b"}]}
    scores = F.structure([drawn, truth], [truth, FigureGraph.from_json(truth)])
    expected = compare_graphs(*(FigureGraph.from_json(one) for one in (drawn, truth)))
    assert scores["node_f1"].value == pytest.approx((expected.node.f1 + 1) / 2)
    assert scores["edge_f1"].value == pytest.approx((expected.edge.f1 + 1) / 2)
    missing = F.structure([None, truth], [truth, truth])
    assert missing["edge_f1"].value == 0.5


def test_the_recall_of_a_caption_needs_no_reference():
    captions = [
        "A \"ResNet-50\" feeds \u201cHead\u201d and `Loss`; it doesn't feed 'Data'.",
        "A figure without names.",
        "``Encoder'' and then ``Decoder''",
    ]
    assert F.named_labels(captions[0]) == ["ResNet-50", "Head", "Loss", "Data"]
    score = F.caption_recall([["ResNet-50", "Head"], ["x"], ["Decodr", "other"]], captions)
    assert score.value == pytest.approx(0.5) and score.n == 2
    assert score.per_figure.tolist() == [0.5, 0.5]
