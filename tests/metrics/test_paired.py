"""Means and best-of-k of pair scores, with their directions."""

import numpy as np
import pytest

from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from tests.metrics.inputs import make_inputs


@pytest.mark.parametrize(
    ("name", "scorer", "best"),
    [("ocr_sim", "ocr-sim", 1.5), ("ssim", "ssim", 3.0), ("lpips", "lpips", 1.5)],
)
def test_mean_and_best_of_k_follow_the_direction(name, scorer, best):
    metric = get_metric(name)
    inputs = make_inputs(
        4,
        ids=["a", "a", "b", "b"],
        samples=[0, 1, 0, 1],
        present=[True, False, True, True],
        pair_scores=np.array([1.0, 2.0, 4.0, 2.0]),
    )
    mean, top = metric.compute(inputs, {})
    assert metric.spec.needs.pair_scorer == scorer
    assert (mean.output.id, top.output.id) == (name, f"{name}_best_of_k")
    assert mean.value == 2.25
    assert top.value == best
    assert mean.details == {"k": 2, "missing_scored_as_white": 1}
    assert np.isnan(top.per_figure).tolist() == [False, True, False, True]


def test_one_sample_has_no_best_of_k():
    found = get_metric("ssim").compute(make_inputs(2, pair_scores=np.array([0.5, 1.0])), {})
    assert [m.output.id for m in found] == ["ssim"]


def test_ocr_sim_says_that_lower_is_better():
    spec = get_metric("ocr_sim").spec
    assert not spec.outputs[0].higher_is_better
    assert spec.section("Direction").startswith("lower is better")
    assert "strictly paired" in spec.section("Known biases")


def test_refuses():
    with pytest.raises(MetricError, match="found 0 pairs, needs at least 1"):
        get_metric("ssim").compute(make_inputs(1), {})
    with pytest.raises(MetricError, match="1 pairs have no finite score, the first is 'f1'"):
        get_metric("lpips").compute(make_inputs(2, pair_scores=np.array([0.5, np.nan])), {})
