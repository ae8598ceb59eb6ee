"""The kit's dry run on a CPU, and the parity checks on a GPU where there is one."""

import json

import pytest
import torch

from tests.device import __main__ as kit
from tests.device.page import page
from tests.device.parity import figgen_parity, figures, resize_parity, run_parity
from tests.device.training import timed_stage


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_dry_run(tmp_path, monkeypatch):
    """Every part runs through; on a CPU the device's values are the CPU's."""
    for name in ("FIGBENCH_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    code = kit.main(["--device", "cpu", "--tiny", "--minutes", "1", "--out", str(tmp_path)])
    document = json.loads((tmp_path / "device.json").read_text())
    assert code == 0, document
    checked = [one for one in document["parity"]["result"] if "left_out" not in one]
    assert {"craft", "efficientnet-lite0", "figgen-ci", "TF1 bilinear", "ocr-sim"} <= {
        one["network"] for one in checked
    }
    assert all(one["passed"] for one in checked)
    assert "page" in document["speed"]["result"]["floor"], document["speed"]
    trained = document["training"]["result"]
    assert trained["autoencoder"]["steps"] >= 4
    assert trained["diffusion"]["steps"] >= 4
    assert trained["scores"]
    assert (tmp_path / "samples.png").is_file()
    text = (tmp_path / "device.md").read_text()
    assert "A dry run" in text
    assert "Broke off" not in text


def test_without_a_gpu_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert kit.main(["--out", str(tmp_path / "out")]) == 2
    assert "--device cpu --tiny" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_part_that_breaks_off_is_reported():
    def fails():
        raise RuntimeError("no kernel image")

    assert kit.guarded(fails) == {"broke_off": "RuntimeError: no kernel image"}
    machine = {"device": "D", "date": "2026-01-01", "python": "3", "cuda": None, "packages": {}}
    text = page({"machine": machine, "tiny": False, "parity": kit.guarded(fails)})
    assert "Broke off: RuntimeError: no kernel image" in text


def test_stage_lasts_as_long_as_it_may(monkeypatch):
    """Steps follow from the trial's duration, within their limits."""
    now = [0.0]
    monkeypatch.setattr("tests.device.training.time.perf_counter", lambda: now[0])
    calls = []

    def train(steps, resume=False):
        calls.append((steps, resume))
        now[0] += 1.0 * (steps if not resume else steps - calls[0][0])

    record = timed_stage(train, first=10, most=1000, seconds=200.0)
    assert calls == [(10, False), (200, True)]
    assert record["steps"] == 200
    calls.clear()
    timed_stage(train, first=10, most=50, seconds=200.0)
    assert calls[-1] == (50, True)
    calls.clear()
    timed_stage(train, first=10, most=1000, seconds=1.0)
    assert calls[-1] == (11, True)


def test_resize_check_sees_a_changed_bit(monkeypatch):
    images = figures(1)
    assert resize_parity("cpu", images) == {"values_that_differ": 0, "passed": True}
    from tests.device import parity

    exact = parity.resize_on_device
    monkeypatch.setattr(parity, "resize_on_device", lambda *a: exact(*a).nextafter_(
        torch.tensor(1e9)))  # fmt: skip
    assert not resize_parity("cpu", images)["passed"]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_parity_on_a_gpu():
    records = list(run_parity("cuda"))
    checked = [one for one in records if "left_out" not in one]
    assert checked
    assert [one for one in checked if not one["passed"]] == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_figgen_on_a_gpu(precision):
    assert figgen_parity("cuda", precision)["passed"]
