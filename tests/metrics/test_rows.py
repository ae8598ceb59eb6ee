"""Rows that stay on disk give what arrays give, whatever the block and wherever they lie."""

from functools import partial

import numpy as np
import pytest

from figbench.errors import IntegrityError
from figbench.metrics import get_metric
from figbench.metrics.numerics.blocks import Picked, blocks, draw_subsets
from figbench.metrics.numerics.frechet import frechet_influence, half_sample_distance
from figbench.metrics.numerics.inception_score import score_influences, score_sums, split_indices
from figbench.metrics.numerics.kernel import kernel_sums
from figbench.metrics.numerics.moments import mean_of, moments_of
from figbench.metrics.numerics.singular import singular_vectors, sum_of_singular_values
from figbench.store import Store, record_key
from tests.metrics.inputs import feature_inputs, make_inputs, relu_features

N, M, WIDTH = 130, 90, 20


@pytest.fixture
def sides():
    rng = np.random.default_rng(0)
    return relu_features(rng, N, WIDTH, 0.3), relu_features(rng, M, WIDTH)


def stored(root, array, rng, segment=16, name="features"):
    """The rows of ``array`` in segments that have nothing to do with their order."""
    keys = [record_key(str(row)) for row in range(len(array))]
    namespace = Store(root).namespace({"kind": name})
    for part in np.array_split(rng.permutation(len(array)), -(-len(array) // segment)):
        namespace.put([keys[row] for row in part], {name: array[part]})
    return Store(root).namespace({"kind": name}).get_lazily(keys, name)


@pytest.fixture
def on_disk(sides, tmp_path):
    rng = np.random.default_rng(1)
    return [stored(tmp_path / str(i), side, rng) for i, side in enumerate(sides)]


def test_stored_rows_read_like_the_array(sides, on_disk):
    array, rows = sides[0], on_disk[0]
    assert (rows.shape, len(rows), rows.dtype, rows.ndim) == (array.shape, N, array.dtype, 2)
    scattered = np.array([5, 129, 5, 0])
    for index in (
        slice(None),
        slice(3, 70),
        slice(7, 7),
        scattered,
        scattered[:0],
        array[:, 0] > 1,
    ):
        np.testing.assert_array_equal(rows[index], array[index])
    np.testing.assert_array_equal(np.asarray(rows, np.float64), array)
    assert np.mean(rows, axis=0) == pytest.approx(array.mean(0))
    picked = Picked(rows, scattered)
    assert picked.shape == (4, WIDTH)
    np.testing.assert_array_equal(picked[1:3], array[[129, 5]])
    np.testing.assert_array_equal(np.vstack([part for _, part in blocks(rows, 37)]), array)


def test_a_row_that_is_not_there_is_an_integrity_error(tmp_path):
    namespace = Store(tmp_path).namespace({"kind": "test"})
    with pytest.raises(IntegrityError, match="no record"):
        namespace.get_lazily([record_key("nothing")], "features")


@pytest.mark.parametrize("name", ["fid", "kid", "prdc@x"])
def test_metrics_of_stored_rows_equal_those_of_arrays(sides, on_disk, name):
    settings = {"subset_size": 40} if name == "kid" else {}
    fields = {"clusters": [f"p{row // 2}" for row in range(N)]}
    arrays = feature_inputs(*sides, **fields)
    rows = make_inputs(
        N, generated={"features": on_disk[0]}, reference={"features": on_disk[1]}, **fields
    )
    ours, theirs = (get_metric(name).compute(one, settings) for one in (rows, arrays))
    # Some BLAS multiply an array by its own transpose another way than two equal arrays.
    near = partial(pytest.approx, rel=1e-6) if name == "kid" else lambda value: value
    for mine, yours in zip(ours, theirs, strict=True):
        assert mine.value == near(yours.value)
        assert mine.standard_error == near(yours.standard_error)
        assert mine.details == near(yours.details)


def test_inception_score_of_stored_rows(tmp_path):
    logits = np.random.default_rng(2).normal(size=(N, 30)).astype(np.float32) * 3
    rows = stored(tmp_path, logits, np.random.default_rng(3), name="logits")
    found = get_metric("isc").compute(make_inputs(N, generated={"logits": rows}), {})
    assert found == get_metric("isc").compute(make_inputs(N, generated={"logits": logits}), {})


def test_inception_score_whatever_the_block():
    logits = np.random.default_rng(2).normal(size=(N, 30)).astype(np.float32) * 3
    parts = split_indices(N, 10, 2020)
    whole, some = score_sums(logits, parts), score_sums(logits, parts, block=7)
    np.testing.assert_allclose(some.scores, whole.scores, rtol=1e-13)
    ours, theirs = score_influences(logits, [some], block=7), score_influences(logits, [whole])
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-11)


def test_kernel_subsets_whatever_the_block_equal_each_subset_alone(sides):
    subsets = draw_subsets(N, M, subsets=12, size=40, seed=2020)
    expected = [
        kernel_sums(sides[0][subsets.generated[:, s]], sides[1][subsets.reference[:, s]]).value
        for s in range(12)
    ]
    for block in (1, 16, 50, 4096):
        found = kernel_sums(*sides, block, subsets)
        np.testing.assert_allclose(found.subsets, expected, atol=2e-7)
        whole = kernel_sums(*sides)
        assert found.value == pytest.approx(whole.value, abs=1e-7)
        for ours, theirs in zip(found.influences(), whole.influences(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_moments_whatever_the_block(sides):
    whole = moments_of(sides[0])
    for block in (1, 13, 500):
        some = moments_of(sides[0], block)
        np.testing.assert_allclose(some.mean, whole.mean, rtol=1e-14)
        np.testing.assert_allclose(some.scatter, whole.scatter, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="no rows"):
        mean_of(sides[0][:0])


def test_half_samples_do_not_copy_what_they_pick(sides, on_disk):
    expected = half_sample_distance(*sides, np.random.default_rng(4))
    assert half_sample_distance(*on_disk, np.random.default_rng(4)) == expected


@pytest.mark.parametrize("decades", [0, 4, 8, 12])
@pytest.mark.parametrize("shape", [(60, 60), (40, 70), (70, 40)])
def test_singular_vectors_keep_the_digits_of_an_svd(decades, shape):
    rng = np.random.default_rng(5)
    scale = np.logspace(0, -decades, max(shape))
    product = rng.normal(size=shape) * scale[: shape[0], None] * scale[: shape[1]]
    left, singular, right = singular_vectors(product)
    expected = np.linalg.svd(product)
    np.testing.assert_allclose(np.sort(singular)[::-1], expected[1], atol=1e-11 * expected[1][0])
    np.testing.assert_allclose(left @ right.T, product, atol=1e-14 * expected[1][0])
    roots = np.sqrt(expected[1])
    for ours, theirs in ((left, expected[0]), (right, expected[2].T)):
        lengths = np.square(theirs[:, : len(roots)] * roots).sum(axis=1)
        np.testing.assert_allclose(np.square(ours).sum(axis=1), lengths, rtol=1e-6, atol=1e-10)
    assert sum_of_singular_values(product) == pytest.approx(expected[1].sum(), rel=1e-11)


@pytest.mark.parametrize("n", [60, 15])
def test_influence_of_both_routes_is_that_of_the_decomposition(n):
    """The map of a row to its coordinates goes by the other side's factor, without an inverse."""
    rng = np.random.default_rng(6)
    x, y = relu_features(rng, n, 20, 0.2), relu_features(rng, 50, 20)
    centred = [(side - side.mean(0)).astype(np.float64) for side in (x, y)]
    a, b = (side / np.sqrt(len(side) - 1) for side in centred)
    u, s, _ = np.linalg.svd(a @ b.T, full_matrices=False)
    shift = x.mean(0, np.float64) - y.mean(0, np.float64)
    expected = 2 * centred[0] @ shift + np.square(centred[0]).sum(axis=1)
    expected -= (n - 1) * np.square(u) @ s
    np.testing.assert_allclose(frechet_influence(x, y).generated, expected, atol=1e-6)
