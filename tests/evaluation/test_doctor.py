"""``figbench doctor`` sees drift, broken weights and unsafe versions, and names each."""

import json
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.diagnostics import doctor, versions
from figbench.features.networks.image_stats import ImageStats


def checks_of(name):
    """The checks with every probe but one left out."""
    kept = doctor.measurements()[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "measurements", lambda: {name: kept})
        return {one.name: one for one in doctor.examine()}


@pytest.mark.parametrize("name", ["extractor image-stats", "pair scorer ssim"])
def test_recorded_numbers_are_found_again(name):
    found = checks_of(name)[name]
    assert found.state == "ok"
    assert "largest relative drift" in found.detail


def test_a_component_that_says_other_numbers_has_drifted(monkeypatch):
    usual = ImageStats.extract

    def off(self, images):
        return {name: array * 1.01 for name, array in usual(self, images).items()}

    monkeypatch.setattr(ImageStats, "extract", off)
    found = checks_of("extractor image-stats")
    drifted = found["extractor image-stats"]
    assert drifted.state == "drift"
    assert float(drifted.detail.rpartition(" ")[2]) == pytest.approx(0.01, rel=0.01)
    facts = doctor.report(list(found.values()))
    assert not facts["healthy"]
    assert "extractor image-stats" in facts["bad"]


def test_a_component_that_fails_hides_no_other(monkeypatch):
    def fail(self, images):
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(ImageStats, "extract", fail)
    found = checks_of("extractor image-stats")
    assert found["extractor image-stats"].state == "broken"
    assert "no kernel image" in found["extractor image-stats"].detail
    assert found["fonts"].state == "ok"


def test_every_component_that_can_run_here_has_a_recorded_value():
    from importlib import resources

    text = (resources.files("figbench.diagnostics") / doctor.RECORDED).read_text()
    recorded = json.loads(text)
    for name in ("craft", "efficientnet-lite0", "image-stats"):
        assert np.isfinite(recorded[f"extractor {name}"]).all()
    assert {"pair scorer ssim", "pair scorer ocr-sim", "reader easyocr", "reader rapidocr"} <= set(
        recorded
    )


def test_labels_read_otherwise_are_drift():
    recorded = [f"label {number}" for number in range(10)]
    assert doctor._compare("reader", partial(list, recorded[:9]), recorded).state == "ok"
    assert doctor._compare("reader", partial(list, recorded[:8]), recorded).state == "drift"


def test_misbehaving_versions_are_named(monkeypatch):
    usual = versions.version
    monkeypatch.setattr(
        versions, "version", lambda name: {"torch": "2.5.1+cpu"}.get(name) or usual(name)
    )
    found = checks_of("extractor image-stats")["version torch 2.5.1+cpu"]
    assert found.state == "broken"
    assert "CVE-2025-32434" in found.detail
    monkeypatch.setattr(versions, "version", lambda name: "99.0")
    assert versions.faulty_versions() == []


def test_tampered_weights_are_named(monkeypatch):
    monkeypatch.setattr(doctor, "weights_digest", lambda name: "0" * 64)
    found = checks_of("extractor image-stats")
    tampered = found["weights efficientnet-lite0"]
    assert tampered.state == "broken"
    assert "0000" in tampered.detail


def test_command_ends_with_3_on_drift(monkeypatch):
    kept = {"extractor image-stats": doctor.measurements()["extractor image-stats"]}
    monkeypatch.setattr(doctor, "measurements", lambda: kept)
    assert CliRunner().invoke(app, ["doctor", "--json"]).exit_code == 0
    monkeypatch.setattr(doctor, "TOLERANCE", -1.0)
    ended = CliRunner().invoke(app, ["doctor", "--json"])
    assert ended.exit_code == 3
    assert json.loads(ended.stdout)["bad"] == ["extractor image-stats"]


@pytest.mark.slow
def test_every_network_and_reader_here_says_what_was_recorded():
    facts = doctor.report(doctor.examine())
    assert facts["healthy"], facts["bad"]
    states = {one["name"]: one["state"] for one in facts["checks"]}
    for name in ("extractor craft", "extractor efficientnet-lite0", "reader easyocr"):
        assert states[name] == "ok"
