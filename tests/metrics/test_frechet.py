"""FD against closed forms, the definition by matrix square root, torch-fidelity and a jackknife."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity import metric_fid

from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.numerics.frechet import (
    factor_of,
    frechet_distance,
    frechet_influence,
    half_sample_distance,
)
from figbench.metrics.numerics.moments import moments_of
from figbench.statistics.influence import variance_of_mean
from tests.metrics.inputs import feature_inputs, relu_features

SHAPES = [(300, 250, 20), (300, 15, 20), (15, 300, 20), (15, 18, 20), (40, 40, 200)]


def by_definition(x, y):
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2), every matrix in full."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    first, second = np.cov(x.T), np.cov(y.T)
    values, vectors = scipy.linalg.eigh(first)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ second @ root)
    cross = np.sqrt(np.clip(inner, 0, None)).sum()
    shift = x.mean(0) - y.mean(0)
    return shift @ shift + np.trace(first) + np.trace(second) - 2 * cross


def by_torch_fidelity(x, y):
    stats = [metric_fid.fid_features_to_statistics(torch.from_numpy(v)) for v in (x, y)]
    return metric_fid.fid_statistics_to_metric(*stats, False)["frechet_inception_distance"]


@pytest.mark.parametrize(("n", "m", "width"), SHAPES)
def test_every_route_equals_the_definition_and_torch_fidelity(n, m, width):
    rng = np.random.default_rng(0)
    x, y = relu_features(rng, n, width), relu_features(rng, m, width, 0.3)
    value = frechet_distance(x, y)
    assert value == pytest.approx(by_definition(x, y), abs=1e-6)
    assert value == pytest.approx(by_torch_fidelity(x, y), abs=1e-5)
    assert frechet_influence(x, y).value == pytest.approx(value, rel=1e-9)


def test_gaussians_of_known_moments():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200_000, 3)) * [1, 2, 3] + [1, 0, 0]
    y = rng.normal(size=(200_000, 3)) * [2, 2, 1]
    assert frechet_distance(x, y) == pytest.approx(1 + 1 + 0 + 4, abs=0.05)


def test_constant_dimensions_leave_the_cholesky_route_and_change_nothing():
    rng = np.random.default_rng(2)
    x, y = relu_features(rng, 200, 10), relu_features(rng, 220, 10, 0.2)
    padded = [np.hstack([v, np.full((len(v), 4), 0.5, np.float32)]) for v in (x, y)]
    assert factor_of(x).route == "cholesky"
    assert factor_of(padded[0]).route == "eigenvectors"
    assert frechet_distance(*padded) == pytest.approx(frechet_distance(x, y), rel=1e-9)
    ours, plain = frechet_influence(*padded), frechet_influence(x, y)
    np.testing.assert_allclose(ours.generated, plain.generated, atol=1e-8)


def test_badly_conditioned_covariances_keep_their_digits():
    rng = np.random.default_rng(3)
    scale = np.logspace(0, -5, 12)
    x, y = rng.normal(size=(400, 12)) * scale, rng.normal(size=(400, 12)) * scale
    product = factor_of(x).matrix @ factor_of(y).matrix.T
    expected = scipy.linalg.svdvals(product).sum()
    shift = x.mean(0) - y.mean(0)
    traces = x.var(0, ddof=1).sum() + y.var(0, ddof=1).sum()
    assert frechet_distance(x, y) == pytest.approx(shift @ shift + traces - 2 * expected, abs=1e-13)


@pytest.mark.parametrize(("n", "m", "width"), [(80, 60, 6), (30, 24, 40), (80, 20, 40)])
def test_influence_matches_the_delete_one_change(n, m, width):
    rng = np.random.default_rng(4)
    x, y = relu_features(rng, n, width), relu_features(rng, m, width, 0.5)
    found = frechet_influence(x, y)
    for side, influence in ((x, found.generated), (y, found.reference)):
        rest = [np.delete(side, row, axis=0) for row in range(len(side))]
        values = [frechet_distance(r, y) if side is x else frechet_distance(x, r) for r in rest]
        jackknife = (len(side) - 1) * (np.mean(values) - np.array(values))
        assert np.corrcoef(jackknife, influence)[0, 1] > 0.93
        ratio = variance_of_mean(influence) / variance_of_mean(jackknife)
        assert 0.7 < ratio**0.5 < 1.4


def test_standard_error_equals_the_spread_over_replicates():
    rng = np.random.default_rng(5)
    values, errors = [], []
    for _ in range(200):
        x, y = rng.normal(size=(300, 6)) + 0.5, rng.normal(size=(300, 6)) * 1.3
        found = get_metric("fd@x").compute(feature_inputs(x, y), {"extrapolate": False})[0]
        values.append(found.value)
        errors.append(found.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_half_samples_extrapolate_towards_the_truth():
    rng = np.random.default_rng(6)
    plain, better = [], []
    for _ in range(12):
        x, y = rng.normal(size=(400, 24)), rng.normal(size=(400, 24))
        value = frechet_distance(x, y)
        plain.append(value)
        better.append(2 * value - half_sample_distance(x, y, rng))
    assert np.mean(plain) > 0.5
    assert abs(np.mean(better)) < 0.1


def test_moments_stream_in_float64():
    rng = np.random.default_rng(7)
    x = (rng.normal(size=(1000, 5)) + 1000).astype(np.float32)
    found = moments_of(x, block=77)
    np.testing.assert_allclose(found.mean, x.astype(np.float64).mean(0), rtol=1e-14)
    np.testing.assert_allclose(found.covariance, np.cov(x.astype(np.float64).T), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 12), st.integers(0, 2**31))
def test_properties(n, m, width, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, width)), rng.normal(size=(m, width)) + 1
    value = frechet_distance(x, y)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(y, x) == pytest.approx(value, rel=1e-8, abs=1e-9)
    shuffled = frechet_distance(x[rng.permutation(n)], y[rng.permutation(m)])
    assert shuffled == pytest.approx(value, rel=1e-8, abs=1e-9)
    shifted = frechet_distance(x + 5, y + 5)
    assert shifted == pytest.approx(value, rel=1e-6, abs=1e-8)
    assert value > -1e-9


def test_fid_warns_below_2048_and_reports_matched_n():
    rng = np.random.default_rng(8)
    x, y = relu_features(rng, 60, 2048), relu_features(rng, 40, 2048)
    found = get_metric("fid").compute(feature_inputs(x, y), {})[0]
    assert "40 figures for 2048 dimensions" in found.warnings[0]
    assert found.details["matched_n"] == 40
    assert found.details["extrapolation"] != "reliable"
    assert found.details["extrapolated"] == pytest.approx(
        2 * found.value - found.details["value_at_half_n"]
    )
    assert found.output.id == "fid"
    enough = get_metric("fd@x").compute(feature_inputs(x[:, :8], y[:, :8]), {"matched_n": 20})[0]
    assert enough.warnings == ()
    assert enough.details["matched_n"] == 20


def test_dependent_figures_widen_the_error():
    rng = np.random.default_rng(9)
    x = np.repeat(rng.normal(size=(50, 4)), 4, axis=0) + 0.1 * rng.normal(size=(200, 4)) + 1
    y = rng.normal(size=(200, 4))
    alone = get_metric("fd@x").compute(feature_inputs(x, y), {})[0]
    papers = [str(row // 4) for row in range(200)]
    together = get_metric("fd@x").compute(feature_inputs(x, y, clusters=papers), {})[0]
    assert together.value == alone.value
    assert together.standard_error > 1.3 * alone.standard_error
    assert "clustered" in together.method


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.ones((1, 4)), np.ones((5, 4)), "found 1 generated figures, needs at least 2"),
        (np.ones((5, 4)), np.ones((1, 4)), "found 1 reference figures, needs at least 2"),
        (np.full((5, 4), np.nan), np.ones((5, 4)), "5 generated figures hold NaN"),
        (np.ones((5, 4)), np.ones((5, 3)), "4 dimensions .* 3"),
    ],
)
def test_refuses(x, y, words):
    with pytest.raises(MetricError, match=words):
        get_metric("fd@x").compute(feature_inputs(x, y), {})
