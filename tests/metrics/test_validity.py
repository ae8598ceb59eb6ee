"""Each flaw shows in its own rate, and only there."""

import tracemalloc

import numpy as np
import pytest

from figbench.metrics import get_metric, validity
from figbench.metrics.validity import near_any
from tests.metrics.inputs import make_inputs

N = 20


def world(seed=0):
    """Twenty figures without a flaw against thirty references."""
    rng = np.random.default_rng(seed)
    generated = {
        "phash": rng.integers(0, 2, (N, 64)).astype(np.float32),
        "ink": np.full((N, 1), 0.2, np.float32),
        "distinct": np.full((N, 1), 40.0, np.float32),
    }
    reference = {"phash": rng.integers(0, 2, (30, 64)).astype(np.float32)}
    return generated, reference, [f"g{i}" for i in range(N)], [f"r{i}" for i in range(30)]


def measure(generated, reference, ours, theirs, *, present=None, rejected=0, settings=None):
    present = np.ones(N, np.bool_) if present is None else present
    inputs = make_inputs(
        len(present),
        present=present,
        generated=generated,
        reference=reference,
        generated_digests=ours,
        reference_digests=theirs,
        rejected=rejected,
    )
    return {m.output.id: m for m in get_metric("validity").compute(inputs, settings or {})}


def rates(found):
    return {key.removesuffix("_rate"): m.value for key, m in found.items()}


CLEAN = {"valid": 1.0, "missing": 0.0, "blank": 0.0, "duplicate": 0.0, "near_copy": 0.0}


def test_clean_set():
    found = measure(*world())
    assert rates(found) == CLEAN
    assert found["valid_rate"].output.higher_is_better
    assert not any(m.output.higher_is_better for k, m in found.items() if k != "valid_rate")
    assert found["valid_rate"].warnings == ()


@pytest.mark.parametrize(("field", "value"), [("ink", 0.0005), ("distinct", 1)])
def test_blank(field, value):
    generated, reference, ours, theirs = world()
    generated[field][:5] = value
    found = measure(generated, reference, ours, theirs)
    assert rates(found) == {**CLEAN, "valid": 0.75, "blank": 0.25}
    np.testing.assert_array_equal(found["blank_rate"].per_figure, [1] * 5 + [0] * 15)


def test_blank_pages_are_no_near_copies_of_a_blank_reference():
    generated, reference, ours, theirs = world()
    generated["ink"][0], generated["phash"][0], reference["phash"][0] = 0, 0, 0
    assert rates(measure(generated, reference, ours, theirs))["near_copy"] == 0


def test_duplicates_count_beyond_the_first():
    generated, reference, ours, theirs = world()
    ours[3] = ours[7] = ours[0]
    found = measure(generated, reference, ours, theirs)
    assert rates(found) == {**CLEAN, "valid": 0.9, "duplicate": 0.1}
    assert np.flatnonzero(found["duplicate_rate"].per_figure).tolist() == [3, 7]
    assert "f3, f7" in found["valid_rate"].warnings[0]


def test_near_copies_of_any_reference():
    generated, reference, ours, theirs = world()
    generated["phash"][4] = reference["phash"][29]
    generated["phash"][4, :2] = 1 - generated["phash"][4, :2]
    generated["phash"][5] = reference["phash"][28]
    generated["phash"][5, :3] = 1 - generated["phash"][5, :3]
    ours[6] = theirs[11]
    found = measure(generated, reference, ours, theirs)
    assert np.flatnonzero(found["near_copy_rate"].per_figure).tolist() == [4, 6]
    wider = measure(generated, reference, ours, theirs, settings={"copy_distance": 3})
    assert np.flatnonzero(wider["near_copy_rate"].per_figure).tolist() == [4, 5, 6]


def test_missing_and_unreadable():
    generated, reference, ours, theirs = world()
    present = np.ones(25, np.bool_)
    present[[0, 3, 9, 12, 24]] = False
    found = measure(generated, reference, ours, theirs, present=present, rejected=2)
    assert rates(found) == {**CLEAN, "valid": 0.8, "missing": 0.2}
    details = found["missing_rate"].details
    assert (details["missing"], details["unreadable"], details["files_rejected"]) == (5, 2, 2)


def test_nothing_delivered():
    _, reference, _, theirs = world()
    found = measure({}, reference, [], theirs, present=np.zeros(4, np.bool_))
    assert rates(found) == {**CLEAN, "valid": 0.0, "missing": 1.0}


def test_hash_distance_takes_bounded_memory():
    """Blocks are smaller where there are more references."""
    hashes = np.random.default_rng(2).integers(0, 2, (20_000, 64)).astype(np.float32)
    tracemalloc.start()
    near_any(hashes[:2000], hashes, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 48 * 2**20


@pytest.mark.parametrize("values", [2**22, 7000])
def test_hash_distance_in_blocks_equals_a_loop(values, monkeypatch):
    monkeypatch.setattr(validity, "BLOCK_VALUES", values)
    rng = np.random.default_rng(1)
    mine = rng.integers(0, 2, (1500, 64)).astype(np.float32)
    others = rng.integers(0, 2, (90, 64)).astype(np.float32)
    assert not near_any(mine[:40], mine[:40], 5, exclude_self=True).any()
    twice = np.vstack([mine[:1200], mine[:1]])
    near = near_any(twice, twice, 0, exclude_self=True)
    assert np.flatnonzero(near).tolist() == [0, 1200]
    expected = [min(int((row != other).sum()) for other in others) <= 19 for row in mine]
    assert 0 < sum(expected) < 1500
    np.testing.assert_array_equal(near_any(mine, others, 19), expected)
