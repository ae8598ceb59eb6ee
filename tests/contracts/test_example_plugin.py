"""A third party's distribution metric gets what a built-in one gets: interval, test, gate."""

from importlib.metadata import EntryPoint

import pytest
from PIL import Image

import figbench
from figbench import metrics, registry
from figbench.comparison import compare
from figbench.gate.decision import gate
from figbench.metrics import get_metric, output_spec, set_statistic
from figbench.protocol import Protocol
from figbench.testing import MetricContract
from figbench.testing.builders import images

NAME = "mean_distance@image-stats-features"
POINT = EntryPoint(
    "mean_distance", "tests.contracts.example_plugin.mean_distance:bind", "figbench.metrics"
)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Registers the plug-in as an installed package would."""
    usual = registry.entry_points

    def entry_points(group):
        return [*usual(group=group), *([POINT] if group == "figbench.metrics" else [])]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    metrics.metric_of_output.cache_clear()
    yield
    metrics.metric_of_output.cache_clear()
    metrics._REGISTRY._loaded.pop("mean_distance", None)


class TestMeanDistance(MetricContract):
    def metric(self):
        return get_metric("mean_distance@efficientnet-lite0")


def test_its_outputs_are_known_by_id():
    assert output_spec("mean_distance@craft").bounds == (0.0, float("inf"))
    assert set_statistic("mean_distance@craft") is not None
    assert "mean_distance@EXTRACTOR" in metrics.metric_names()


@pytest.fixture
def runs(tmp_path):
    """Two runs of one protocol whose only metric is the plug-in's."""
    metric = "mean_distance@efficientnet-lite0"
    protocol = Protocol.from_document(
        {
            "id": "plugin",
            "version": 1,
            "preprocess": "pad256",
            "metrics": [{"metric": metric}],
            "dataset": {},
        },
        "plugin",
    )
    pages = images(8, size=(64, 64))
    folders = {"ref": pages, "same": pages, "dark": [page // 2 for page in pages]}
    for name, drawn in folders.items():
        (tmp_path / name).mkdir()
        for i, page in enumerate(drawn):
            Image.fromarray(page).save(tmp_path / name / f"p{i}.png")
    for name in ("same", "dark"):
        figbench.evaluate(
            tmp_path / name,
            tmp_path / "ref",
            protocol,
            store=tmp_path / "store",
            output=tmp_path / f"run-{name}",
        )
    return metric, tmp_path / "run-same", tmp_path / "run-dark"


def test_it_has_an_interval_a_paired_test_and_a_gate(runs):
    metric, same, dark = runs
    value = figbench.load_result(dark).metrics[metric]
    assert value.status == "ok" and value.interval is not None
    difference = compare(same, dark).of(metric)
    assert difference.paired and "swaps" in difference.method
    assert difference.p_value is not None and difference.better is False
    assert gate(dark, same, [f"{metric}:+0.01"]).exit_code == 1
