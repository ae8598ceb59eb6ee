"""Names, specs and documentation of every metric."""

import importlib.metadata
import subprocess
import sys

import pytest

from figbench.errors import UserError
from figbench.metrics import get_metric, metric_names
from figbench.protocol import Protocol, shipped_protocols

HEADINGS = ("Formula", "Reference", "Direction", "Minimum n", "Known biases")


def every_metric():
    return [get_metric(name.replace("EXTRACTOR", "net")) for name in metric_names()]


@pytest.mark.parametrize("metric", every_metric(), ids=lambda metric: metric.spec.name)
def test_specs_are_complete(metric):
    for heading in HEADINGS:
        text = metric.spec.section(heading)
        assert text, heading
        assert not any(f"{other}:" in text for other in HEADINGS)
    assert metric.spec.minimum_n >= 1
    lower = metric.spec.section("Direction").startswith("lower")
    assert lower is not metric.spec.outputs[0].higher_is_better
    ids = [output.id for output in metric.spec.outputs]
    assert len(set(ids)) == len(ids)
    assert all(output.low < output.high for output in metric.spec.outputs)


def test_output_ids_are_unique_over_all_metrics():
    ids = [output.id for metric in every_metric() for output in metric.spec.outputs]
    assert len(set(ids)) == len(ids)


def test_shipped_protocols_name_known_metrics():
    for name in shipped_protocols():
        for request in Protocol.load(name).metrics:
            metric = get_metric(request.metric)
            assert metric.spec.name == request.metric
            metric.spec.resolve(request.settings)


def test_families_carry_their_extractor():
    spec = get_metric("fd@efficientnet-lite0").spec
    assert spec.needs.extractor == "efficientnet-lite0"
    assert spec.outputs[0].id == "fd@efficientnet-lite0"
    assert get_metric("fid").spec.needs.extractor == "inception-v3"
    ids = [output.id for output in get_metric("prdc@net").spec.outputs]
    assert ids == ["precision@net", "recall@net", "density@net", "coverage@net"]


@pytest.mark.parametrize(
    ("request_name", "words"),
    [
        ("fidd", "Unknown metric 'fidd'. Did you mean 'fid'?"),
        ("label_fidelty", "Did you mean 'label_fidelity'"),
        ("fd", "fd@efficientnet-lite0"),
        ("fd@", "needs the extractor"),
        ("fid@craft", "write fd@craft"),
        ("ssim@craft", "takes no extractor"),
        ("", "Known: editability, faithfulness, fd@EXTRACTOR"),
    ],
)
def test_wrong_names(request_name, words):
    with pytest.raises(UserError) as caught:
        get_metric(request_name)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"subset_sise": 5}, "Did you mean 'subset_size'"), ({"subsets": "many"}, "expected int")],
)
def test_wrong_settings(settings, words):
    with pytest.raises(UserError, match=words):
        get_metric("kid").spec.resolve(settings)


def test_third_parties_register_by_entry_point(monkeypatch):
    point = importlib.metadata.EntryPoint(
        "my_metric", "figbench.metrics.paired:SSIM", "figbench.metrics"
    )
    monkeypatch.setattr(
        "figbench.registry.entry_points", lambda group: [point] if "metrics" in group else []
    )
    assert "my_metric" in metric_names()
    assert get_metric("my_metric").spec.name == "ssim"


def test_specs_need_neither_torch_nor_scipy():
    code = (
        "import sys; from figbench.metrics import get_metric, metric_names;"
        "[get_metric(n.replace('EXTRACTOR', 'x')).spec for n in metric_names()];"
        "assert not {'torch', 'scipy', 'pandas'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
