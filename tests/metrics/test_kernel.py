"""KID against a double loop, torch-fidelity and a brute-force jackknife."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity import metric_kid

from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.numerics.kernel import kernel_sums
from tests.metrics.inputs import feature_inputs, relu_features


def by_double_loop(x, y):
    """The U-statistic term by term, float64."""

    def k(a, b):
        return (float(np.dot(a.astype(np.float64), b)) / len(a) + 1) ** 3

    def mean(pairs):
        return float(np.mean([k(a, b) for a, b in pairs]))

    within = [
        mean([(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j]) for s in (x, y)
    ]
    return sum(within) - 2 * mean([(a, b) for a in x for b in y])


def test_equals_the_double_loop_whatever_the_block():
    rng = np.random.default_rng(0)
    x, y = relu_features(rng, 23, 9), relu_features(rng, 31, 9, 1.0)
    expected = by_double_loop(x, y)
    for block in (1, 7, 2048):
        assert kernel_sums(x, y, block).value == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("n", "m", "size"), [(60, 80, 50), (64, 64, 64), (40, 90, 40)])
def test_subsets_equal_torch_fidelity(n, m, size):
    rng = np.random.default_rng(1)
    x, y = relu_features(rng, n, 128, 0.5), relu_features(rng, m, 128)
    found = get_metric("kid").compute(feature_inputs(x, y), {"subset_size": size})[0]
    peer = metric_kid.kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subset_size=size, verbose=False
    )
    assert found.details["subsets_mean"] == pytest.approx(
        peer["kernel_inception_distance_mean"], abs=1e-6
    )
    assert found.details["subsets_sd"] == pytest.approx(
        peer["kernel_inception_distance_std"], abs=1e-6
    )
    assert found.details["subset_size"] == size


def test_default_subset_size_is_capped_and_then_equals_the_headline():
    rng = np.random.default_rng(2)
    x, y = relu_features(rng, 30, 16), relu_features(rng, 30, 16)
    found = get_metric("kid").compute(feature_inputs(x, y), {})[0]
    assert found.details["subset_size"] == 30
    assert found.details["subsets_mean"] == found.value
    assert found.output.display_scale == 1000


def test_jackknife_equals_recomputing_without_each_row():
    rng = np.random.default_rng(3)
    x, y = relu_features(rng, 20, 6), relu_features(rng, 26, 6, 0.8)
    variance = 0.0
    for index, side in enumerate((x, y)):
        values = []
        for row in range(len(side)):
            pair = [x, y]
            pair[index] = np.delete(side, row, axis=0)
            values.append(by_double_loop(*pair))
        variance += (len(side) - 1) / len(side) * np.square(values - np.mean(values)).sum()
    found = get_metric("kd@x").compute(feature_inputs(x, y), {})[0]
    assert found.standard_error == pytest.approx(variance**0.5, rel=1e-4)
    assert found.method == "delete-1 jackknife"


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 20), st.integers(2, 20), st.integers(0, 2**31))
def test_properties(n, m, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 5)), rng.normal(size=(m, 5))
    value = kernel_sums(x, y).value
    assert kernel_sums(y, x).value == pytest.approx(value, abs=1e-5)
    shuffled = kernel_sums(x[rng.permutation(n)], y[rng.permutation(m)]).value
    assert shuffled == pytest.approx(value, abs=1e-5)


def test_negative_values_are_kept():
    rng = np.random.default_rng(4)
    x = relu_features(rng, 50, 8)
    found = get_metric("kid").compute(feature_inputs(x, x), {})[0]
    assert found.value < 0
    assert abs(found.value) < 0.1
    assert found.output.low == -np.inf


def test_two_figures_have_a_value_and_no_interval():
    rng = np.random.default_rng(5)
    x, y = relu_features(rng, 2, 4), relu_features(rng, 5, 4)
    assert get_metric("kid").compute(feature_inputs(x, y), {})[0].standard_error is None


def test_subsets_of_one_are_refused():
    x = relu_features(np.random.default_rng(6), 9, 4)
    with pytest.raises(MetricError, match="found 1 figures per subset, needs at least 2"):
        get_metric("kid").compute(feature_inputs(x, x), {"subset_size": 1})
