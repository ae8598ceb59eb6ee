"""PRDC against loops over points and torch-fidelity."""

import numpy as np
import pytest
import torch
from torch_fidelity import metric_prc

from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.numerics.neighbours import manifolds
from tests.metrics.inputs import feature_inputs, relu_features


def naive(x, y, k_balls=3, k_density=5):
    """Point by point, from the definitions."""
    x, y = x.astype(np.float64), y.astype(np.float64)

    def radius(points, i, k):
        others = [np.linalg.norm(points[i] - p) for j, p in enumerate(points) if j != i]
        return sorted(others)[k - 1]

    closed = [radius(y, i, k_balls) for i in range(len(y))]
    open_ = [radius(y, i, k_density) for i in range(len(y))]
    own = [radius(x, i, k_balls) for i in range(len(x))]
    d = np.array([[np.linalg.norm(a - b) for b in y] for a in x])
    return {
        "precision": np.mean(
            [any(d[i, j] <= closed[j] for j in range(len(y))) for i in range(len(x))]
        ),
        "recall": np.mean([any(d[i, j] <= own[i] for i in range(len(x))) for j in range(len(y))]),
        "density": np.sum(d < np.array(open_)) / k_density / len(x),
        "coverage": np.mean([d[:, j].min() < open_[j] for j in range(len(y))]),
    }


def measure(x, y, **fields):
    found = get_metric("prdc@net").compute(feature_inputs(x, y, **fields), {})
    return {m.output.id.removesuffix("@net"): m for m in found}


@pytest.mark.parametrize(("n", "m", "width"), [(40, 50, 3), (7, 60, 10), (60, 6, 2)])
def test_equals_loops_and_torch_fidelity(n, m, width):
    rng = np.random.default_rng(0)
    x, y = relu_features(rng, n, width, 0.5) + 3, relu_features(rng, m, width) + 3
    found = {key: m.value for key, m in measure(x, y).items()}
    assert found == pytest.approx(naive(x, y))
    peer = metric_prc.prc_features_to_metric(
        torch.from_numpy(x).double(), torch.from_numpy(y).double(), verbose=False, save_cpu_ram=True
    )
    assert found["precision"] == pytest.approx(peer["precision"], abs=1e-6)
    assert found["recall"] == pytest.approx(peer["recall"], abs=1e-6)


def test_blocks_change_nothing():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(70, 4)), rng.normal(size=(50, 4)) + 0.5
    whole = manifolds(x, y, k_balls=3, k_density=5)
    parts = manifolds(x, y, k_balls=3, k_density=5, block=9)
    for key in ("precision", "recall", "density", "coverage"):
        for field in ("counts", "load", "sole"):
            ours, theirs = getattr(getattr(whole, key), field), getattr(getattr(parts, key), field)
            np.testing.assert_array_equal(ours, theirs)


def test_sole_counts_what_is_lost_without_an_agent():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(30, 3)) + 0.8, rng.normal(size=(25, 3))
    found = manifolds(x, y, k_balls=3, k_density=5)
    radii = [np.sort(np.linalg.norm(y - p, axis=1))[3] for p in y]
    inside = np.linalg.norm(x[:, None] - y[None], axis=2) <= radii
    lost = [inside.any(1).sum() - np.delete(inside, j, axis=1).any(1).sum() for j in range(25)]
    np.testing.assert_array_equal(found.precision.sole, lost)
    radii = [np.sort(np.linalg.norm(y - p, axis=1))[5] for p in y]
    inside = np.linalg.norm(x[:, None] - y[None], axis=2) < radii
    lost = [inside.any(0).sum() - np.delete(inside, i, axis=0).any(0).sum() for i in range(30)]
    np.testing.assert_array_equal(found.coverage.sole, lost)


def test_repeated_points_far_from_the_origin_are_equal_points():
    rng = np.random.default_rng(3)
    y = np.repeat(rng.normal(size=(10, 6)), 6, axis=0) + 1e4
    found = measure(y, y)
    assert found["precision"].value == found["recall"].value == 1
    assert found["coverage"].value == 0


def test_mode_dropping_shows_in_recall_and_noise_in_precision():
    rng = np.random.default_rng(4)
    y = np.vstack([rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 20])
    dropped = measure(rng.normal(size=(200, 4)), y)
    assert dropped["precision"].value > 0.85
    assert dropped["recall"].value < 0.55
    assert dropped["coverage"].value < 0.55
    noisy = measure(rng.normal(size=(200, 4)) * 40, y)
    assert noisy["precision"].value < 0.1


def test_per_figure_precision_is_aligned_with_expected_rows():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(30, 3))
    present = np.arange(25) % 5 != 0
    found = measure(x, y, present=present)["precision"]
    np.testing.assert_array_equal(np.isfinite(found.per_figure), present)
    assert np.nanmean(found.per_figure) == pytest.approx(found.value)


def test_too_few_figures():
    with pytest.raises(MetricError, match="found 5 generated figures, needs at least 6"):
        measure(np.ones((5, 3)), np.ones((9, 3)))
