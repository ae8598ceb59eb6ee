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
    x, y = relu_features(rng, 50, 8), relu_features(rng, 50, 8)
    found = get_metric("kid").compute(feature_inputs(x, y), {})[0]
    assert -0.1 < found.value < 0
    assert found.output.low == -np.inf


def test_two_figures_have_a_value_and_no_interval():
    rng = np.random.default_rng(5)
    x, y = relu_features(rng, 2, 4), relu_features(rng, 5, 4)
    assert get_metric("kid").compute(feature_inputs(x, y), {})[0].standard_error is None


def test_subsets_of_one_are_refused():
    x = relu_features(np.random.default_rng(6), 9, 4)
    with pytest.raises(MetricError, match="found 1 figures per subset, needs at least 2"):
        get_metric("kid").compute(feature_inputs(x, x), {"subset_size": 1})


def without_matched_pairs(x, y, prompts):
    """The U-statistic over pairs of different prompts, term by term; y[j] is of prompt j."""

    def k(a, b):
        return (float(np.dot(a.astype(np.float64), b)) / len(a) + 1) ** 3

    n, m = range(len(x)), range(len(y))
    own = np.mean([k(x[i], x[j]) for i in n for j in n if prompts[i] != prompts[j]])
    other = np.mean([k(y[i], y[j]) for i in m for j in m if i != j])
    return own + other - 2 * np.mean([k(x[i], y[j]) for i in n for j in m if prompts[i] != j])


def matched_inputs(x, y, prompts, **fields):
    ids = [f"f{row}" for row in prompts]
    names = [f"f{row}" for row in range(len(y))]
    fields.setdefault("reference_clusters", names)
    return feature_inputs(x, y, ids=ids, reference_ids=names, **fields)


def test_matched_pairs_are_left_out_and_the_jackknife_is_joint():
    rng = np.random.default_rng(7)
    y = relu_features(rng, 12, 6)
    prompts = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    x = y[prompts] + 0.1 * relu_features(rng, 11, 6)
    found = get_metric("kd@x").compute(matched_inputs(x, y, prompts), {})[0]
    assert found.value == pytest.approx(without_matched_pairs(x, y, prompts), abs=1e-7)
    assert found.details["value_of_all_pairs"] == pytest.approx(by_double_loop(x, y), abs=1e-7)
    assert found.details["subsets_mean"] != found.value
    assert found.method == "joint jackknife by paper, matched pairs left out"
    left_out = []
    for prompt in range(12):
        rows = [row for row, own in enumerate(prompts) if own != prompt]
        others = [row for row in range(12) if row != prompt]
        renamed = [others.index(prompts[row]) for row in rows]
        left_out.append(without_matched_pairs(x[rows], y[others], renamed))
    variance = 11 / 12 * np.square(left_out - np.mean(left_out)).sum()
    assert found.standard_error == pytest.approx(variance**0.5, rel=1e-4)


def test_a_reference_against_itself_is_0_by_id_by_digest_and_by_features():
    x = relu_features(np.random.default_rng(8), 24, 6)
    digests = [f"{row:064d}" for row in range(24)]
    by_digest = {"generated_digests": digests, "reference_digests": digests}
    for inputs in (
        matched_inputs(x, x, range(24)),
        feature_inputs(x, x, **by_digest),
        feature_inputs(x, x),
    ):
        found = get_metric("kd@x").compute(inputs, {})[0]
        assert found.value == pytest.approx(0, abs=1e-6)
        assert found.standard_error < 1e-6
        assert found.details["dependent"] == "yes"
        assert found.details["value_of_all_pairs"] < -0.01


def test_independent_sets_with_ids_in_common_are_not_called_dependent():
    rng = np.random.default_rng(9)
    x, y = relu_features(rng, 60, 6), relu_features(rng, 60, 6)
    found = get_metric("kd@x").compute(matched_inputs(x, y, range(60)), {})[0]
    assert found.details["dependent"] == "no"
    assert found.value == pytest.approx(by_double_loop(x, y), abs=found.standard_error)


def test_samples_of_one_prompt_only_fall_back_to_all_pairs():
    rng = np.random.default_rng(10)
    x, y = relu_features(rng, 5, 6), relu_features(rng, 8, 6)
    found = get_metric("kd@x").compute(matched_inputs(x, y, [3] * 5), {})[0]
    assert found.value == pytest.approx(by_double_loop(x, y), abs=1e-6)
    assert "matched" not in found.method


class ReadRows:
    """Rows that are read anew on every access, as a store's are."""

    def __init__(self, rows):
        self.rows, self.shape = rows, rows.shape

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return np.array(self.rows[index])


def test_rows_of_a_store_give_the_bits_of_an_array():
    """Folders are scored from stored rows, images in memory from arrays."""
    rng = np.random.default_rng(3)
    x, y = (relu_features(rng, n, 1280, 0.2).astype(np.float32) for n in (8, 11))
    stored = kernel_sums(ReadRows(x), ReadRows(y))
    array = kernel_sums(x, y)
    assert stored.value == array.value
    np.testing.assert_array_equal(stored.generated, array.generated)
    assert kernel_sums(x, x).value == kernel_sums(ReadRows(x), ReadRows(x)).value
