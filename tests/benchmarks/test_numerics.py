"""Statistics on stored features against torch-fidelity's, on the same numbers."""

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from figbench.metrics.numerics.frechet import frechet_distance, frechet_influence
from figbench.metrics.numerics.inception_score import (
    inception_score,
    log_softmax,
    score_influence,
)
from figbench.metrics.numerics.kernel import kernel_sums

pytestmark = pytest.mark.bench

N, WIDTH = 3000, 768
KID = {
    "kid_subsets": 100, "kid_subset_size": 1000, "kid_kernel": "poly", "kid_kernel_poly_degree": 3,
    "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1.0, "rng_seed": 2020,
    "verbose": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((WIDTH, WIDTH)).astype(np.float32) / WIDTH**0.5
    return [
        (rng.standard_normal((N, WIDTH)).astype(np.float32) + shift) @ mixing
        for shift in (0.0, 0.05)
    ]


def torch_fidelity_fid(features):
    statistics = [fid_features_to_statistics(torch.from_numpy(one)) for one in features]
    return fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]


def test_fid(against, features):
    assert frechet_distance(*features) == pytest.approx(torch_fidelity_fid(features), rel=1e-4)
    ratio = against(
        lambda: frechet_distance(*features),
        lambda: torch_fidelity_fid(features),
        name="torch-fidelity",
        rounds=3,
    )
    assert ratio < 1.2


def test_fid_with_its_standard_error(against, features):
    """The value with its interval stays near the peer's bare number."""
    ratio = against(
        lambda: frechet_influence(*features),
        lambda: torch_fidelity_fid(features),
        name="torch-fidelity, value only",
        rounds=3,
    )
    assert ratio < 3


def test_kid(against, features):
    """Every pair once, with a standard error, against 100 subsets of 1,000."""
    tensors = [torch.from_numpy(one) for one in features]
    ratio = against(
        lambda: kernel_sums(*features),
        lambda: kid_features_to_metric(*tensors, **KID),
        name="torch-fidelity, 100 subsets of 1,000",
        rounds=3,
    )
    assert ratio < 0.5


def test_inception_score(against):
    logits = np.random.default_rng(1).standard_normal((N, 1008)).astype(np.float32)

    def ours():
        log_probabilities = log_softmax(logits)
        return inception_score(log_probabilities), score_influence(log_probabilities)

    ratio = against(
        ours,
        lambda: isc_features_to_metric(torch.from_numpy(logits)),
        name="torch-fidelity, 10 splits",
    )
    # The peer's ten splits are one pass; ours is the full set and each row left out.
    assert ratio < 8
