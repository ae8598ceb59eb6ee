"""The comparison of two checkouts explains deliberate changes and nothing else."""

from tests.against_checkout import differences


def _result(**metrics):
    return {"metrics": metrics}


def _metric(value, low=0.0, high=1.0, method="logit t by paper", n=5):
    interval = {"low": low, "high": high, "method": method}
    return {"value": value, "status": "ok", "n_used": n, "n_expected": 5, "interval": interval}


def test_equal_results_have_no_difference():
    assert differences(_result(ssim=_metric(0.5)), _result(ssim=_metric(0.5))) == []


def test_a_value_that_moved_is_not_explained():
    [(name, text, reason, explained)] = differences(
        _result(ssim=_metric(0.5)), _result(ssim=_metric(0.6))
    )
    assert name == "ssim" and "0.5 to 0.6" in text and reason == "" and not explained


def test_the_kernel_distance_is_explained_and_a_count_is_not():
    before, after = _metric(-0.02), _metric(0.001, n=4)
    found = differences(_result(**{"kd@x": before}), _result(**{"kd@x": after}))
    assert [explained for *_, explained in found] == [False, True]


def test_another_method_of_the_interval_is_explained():
    before = _metric(0.5, 0.1, 0.9, "bootstrap clustered by paper (BCa)")
    [(_, _, reason, explained)] = differences(
        _result(label_f1=before), _result(label_f1=_metric(0.5, 0.05, 0.95))
    )
    assert explained and "logit" in reason
