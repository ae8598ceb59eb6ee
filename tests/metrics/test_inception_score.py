"""IS against torch-fidelity, scipy's entropies and a brute-force jackknife."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy
from torch_fidelity import metric_isc

from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.intervals import interval_of
from figbench.metrics.numerics.inception_score import inception_score, log_softmax, score_influence
from tests.metrics.inputs import feature_inputs


def by_entropy(logits):
    """exp(H(marginal) - mean H(conditional)) by scipy."""
    p = softmax(logits.astype(np.float64), axis=1)
    return float(np.exp(entropy(p.mean(axis=0)) - np.mean([entropy(row) for row in p])))


def logits_of(n, seed=0, classes=30):
    return 3 * np.random.default_rng(seed).normal(size=(n, classes)).astype(np.float32)


def measure(logits, settings=None):
    return get_metric("isc").compute(feature_inputs(logits, logits, logits=logits), settings or {})


@pytest.mark.parametrize("n", [10, 37, 240])
def test_headline_equals_torch_fidelity(n):
    logits = logits_of(n)
    peer = metric_isc.isc_features_to_metric(torch.from_numpy(logits))
    found = measure(logits)[0]
    assert found.output.id == "isc"
    assert found.value == pytest.approx(peer["inception_score_mean"], rel=1e-12)
    assert found.details["splits_sd"] == pytest.approx(peer["inception_score_std"], rel=1e-9)


def test_whole_set_equals_entropies_and_brute_force_jackknife():
    logits = logits_of(60)
    found = measure(logits)[1]
    assert found.output.id == "isc_full"
    assert found.value == pytest.approx(by_entropy(logits), rel=1e-12)
    values = np.array([by_entropy(np.delete(logits, row, axis=0)) for row in range(60)])
    variance = 59 / 60 * np.square(values - values.mean()).sum()
    assert found.standard_error == pytest.approx(variance**0.5, rel=1e-9)


def test_headline_error_is_the_jackknife_within_splits():
    logits = logits_of(100)
    found = measure(logits)[0]
    order = np.random.RandomState(2020).permutation(100)
    variance = 0.0
    for split in range(10):
        rows = logits[order[split * 10 : split * 10 + 10]]
        values = np.array([by_entropy(np.delete(rows, row, axis=0)) for row in range(10)])
        variance += 9 / 10 * np.square(values - values.mean()).sum() / 100
    assert found.standard_error == pytest.approx(variance**0.5, rel=0.02)


def test_bounds_and_extremes():
    confident = np.eye(20, dtype=np.float32) * 1000
    assert inception_score(log_softmax(confident)) == pytest.approx(20)
    assert inception_score(log_softmax(np.zeros((20, 7)))) == pytest.approx(1)
    assert np.isfinite(score_influence(log_softmax(confident))).all()


def test_fewer_images_than_splits_is_an_error():
    with pytest.raises(MetricError, match="found 9 generated figures, needs at least 10"):
        measure(logits_of(9))


def test_small_splits_have_no_interval_and_say_so():
    found = measure(logits_of(30))
    assert found[0].standard_error is None
    assert "50 images" in found[0].warnings[0]
    assert interval_of(found[0], [str(i) for i in range(30)], 0.95) is None
    assert found[1].standard_error > 0
