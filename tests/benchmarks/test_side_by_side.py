"""The scripts that compare whole commands: their tables and plots, and one process of each kind."""

import json

import pytest

from tests.benchmarks.side_by_side import machine as machines
from tests.benchmarks.side_by_side import tools
from tests.benchmarks.side_by_side.__main__ import PARTS, main, render
from tests.benchmarks.side_by_side.machine import machine
from tests.benchmarks.side_by_side.pictures import draw_tiny, touch_one, write_protocol
from tests.benchmarks.side_by_side.processes import RunError, measure
from tests.benchmarks.side_by_side.settings import Settings, Work
from tests.benchmarks.side_by_side.workers import deviation


def run(tool, seconds, turn=0, **more):
    peaks = {"peak_mib": 100, "child_mib": 0}
    return {"tool": tool, "round": turn, "seconds": seconds, **peaks, "fid": 2.0, **more}


WHOLE = [
    run("torch-fidelity", 10.0),
    run("figbench", 4.0, fid=2.002),
    {"tool": "clean-fid", "round": 0, "missing": "not installed"},
    run("torch-fidelity", 30.0, 1),
    run("figbench", 10.0, 1),
]
STAGES = {"manifests": 0.1, "extract": 2.0, "score": 0.5}
MODELS = [
    run(tool, seconds, model=k, computed=7)
    for k, seconds in ((1, 10.0), (2, 5.0), (3, 6.0))
    for tool in ("figbench, everything", "torch-fidelity")
]
CHANGED = [
    run("figbench", seconds, step=step, stages=STAGES, computed=1)
    for step, seconds in (("cold", 100.0), ("start-up", 4.0), ("warm", 1.0), ("one changed", 6.0))
]
MEMORY = [
    run("figbench", 1.0, kind="cold", n=n) | {"peak_mib": peak}
    for n, peak in ((2000, 100), (20000, 109))
]
WORKERS = [
    {"way": "this machine: two processes of convolutions", "round": 0, "times": 1.9},
    run("figbench", 10.0, way="one process", networks=8.0, values={"fid": 2.0}),
    run("figbench", 6.0, way="two under torchrun", networks=4.0, values={"fid": 2.02}),
    {"way": "one Ray worker", "round": 0, "missing": "Ray is not installed"},
    {"way": "two Ray workers", "round": 0, "missing": "Ray is not installed"},
]
RATE = {
    "step": "rate", "network": "inception-v3", "gflop": 11.4, "ceiling": 30.0, "alone": 0.0,
    "way": "the usual way", "precision": "float32", "whole": 12.0, "deviation": 0.0,
}  # fmt: skip
FLOOR = [
    {"step": "peak", "precision": "float32", "matrix products": 345.0, "3 x 3 convolutions": 300.0},
    RATE,
    RATE | {"way": "figbench", "whole": 24.0, "alone": 27.0, "deviation": 1e-6},
]
NEIGHBOURS = [
    run("prdc", 4.0, values={"precision": 0.5}),
    run("figbench, with intervals", 2.0, values={"precision": 0.5001}),
]
RECORDS = {
    "neighbours": (NEIGHBOURS, "| figbench, with intervals | 2.0 | 2.00 | 1e-04 |"),
    "cold": (WHOLE, "| figbench | 7.0 | 2.75 (2.50 to 3.00) | 100 | – | 1e-03 |"),
    "warm": (WHOLE, "| clean-fid | not installed |"),
    "models": (MODELS, "| 2 | 5.0 | 5.0 | 50% | 7 |"),
    "changed": (CHANGED, "| figbench | 6.0 | 5.0 | 2.0 |"),
    "memory": (MEMORY, "| growth, 2,000 to 20,000 |  | +9% |"),
    "workers": (WORKERS, "| two under torchrun | 4.0 | 2.00 | 6.0 | 1.67 | 1e-02 |"),
    "floor": (FLOOR, "| figbench | 30.0 | 27.0 | 90% | 24.0 | 80% | 2.00 | 1e-06 |"),
}


@pytest.mark.parametrize("part", PARTS)
def test_table_and_plot(part, tmp_path):
    runs, expected = RECORDS[part]
    document = {"settings": {"n": 2}, "machine": machine(), "runs": runs}
    (tmp_path / f"{part}.json").write_text(json.dumps(document))
    render(part, tmp_path)
    assert expected in (tmp_path / f"{part}.md").read_text()
    assert (tmp_path / f"{part}.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("part", PARTS)
def test_part_that_broke_off_at_once_still_has_its_table(part, tmp_path):
    first = RECORDS[part][0][:1]
    document = {"settings": {"n": 2}, "machine": machine(), "runs": first}
    (tmp_path / f"{part}.json").write_text(json.dumps(document))
    render(part, tmp_path)
    assert (tmp_path / f"{part}.md").exists()


def test_a_score_that_is_absent_is_no_equality():
    assert deviation({"fid": 2.0}, [{"fid": 2.0}, {"fid": 2.1}]) == pytest.approx(0.05)
    assert deviation({"fid": 2.0}, [{}]) == float("inf")


def test_too_few_figures(tmp_path):
    with pytest.raises(SystemExit, match="IS needs 10 figures"):
        main(["cold", "--n", "4", "--out", str(tmp_path)])


def test_figbench_runs_as_a_command(tmp_path):
    """Cold, then warm, then with one pixel changed, without any network's weights."""
    work = Work(tmp_path)
    draw_tiny(tmp_path, 3, 16)
    protocol = write_protocol(work, ("ssim",))
    settings = Settings(3, 1)
    [ours] = [one for one in tools.OURS if one.name == "figbench"]

    def computed():
        found = tools.run_figbench(ours, work, settings, "generated", protocol, "store")
        assert found["seconds"] > 0 and found["peak_mib"] > 20
        return found["computed"]

    assert [computed(), computed()] == [3, 0]
    touch_one(tmp_path / "generated", 0)
    assert computed() == 1


def test_peer_that_is_absent_or_fails_is_a_line_of_the_table(tmp_path, monkeypatch):
    work = Work(tmp_path)
    absent = tools.Tool("absent", "no_such_module")
    found = tools.run_peer(absent, work, "generated", "cpu")
    assert found == {"tool": "absent", "missing": "not installed"}
    monkeypatch.setattr(machines, "_cpu", lambda: ("old", ["avx2"]))
    half = tools.Tool("half", "json", precision="bfloat16")
    assert "no bfloat16" in tools.run_peer(half, work, "generated", "cpu")["missing"]
    assert half.missing("cuda") == ""
    failing = tools.Tool("no peer of that name", "json")
    assert "KeyError" in tools.run_peer(failing, work, "generated", "cpu")["missing"]
    with pytest.raises(RunError, match="ended with 1"):
        measure("no_such_module", [], work)
