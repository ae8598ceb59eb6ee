"""Exit codes and messages of compare and gate; nothing broken ever passes."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from figbench.results.files import load_result, write_result
from tests.gate.factory import digest, value, write_run
from tests.waiting import HANG_S


def figbench(*arguments, cwd=None, **env):
    return subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "250", **env},
        timeout=HANG_S,
    )


@pytest.fixture
def runs(tmp_path):
    rng = np.random.default_rng(0)
    base = rng.normal(0.8, 0.05, 60)
    write_run(tmp_path / "base", {"label_f1": base, "ssim": base}, name="base")
    worse = base - 0.1 + rng.normal(0, 0.01, 60)
    write_run(tmp_path / "worse", {"label_f1": worse, "ssim": base}, name="worse")
    noise = base + rng.normal(0, 0.02, 60)
    write_run(tmp_path / "noise", {"label_f1": noise, "ssim": base}, name="noise")
    return tmp_path


def change(folder, **changes):
    result = load_result(folder)
    document = {**result.model_dump(mode="json"), **changes}
    write_result(type(result).model_validate(document), folder)


def test_regression_and_pass(runs):
    rule = "label_f1:-0.01 & p<0.05"
    worse = figbench("gate", runs / "worse", "--baseline", runs / "base", "--rule", rule)
    assert worse.returncode == 1, worse.stderr
    assert "regression" in worse.stdout
    noise = figbench("gate", runs / "noise", "--baseline", runs / "base", "--rule", rule)
    assert noise.returncode == 0, noise.stderr
    assert "Smallest visible difference" in noise.stdout


def other_protocol(runs):
    protocol = {"id": "offline", "hash": "e" * 64, "definition": {"preprocess": "pad256"}}
    change(runs / "worse", protocol=protocol)


def other_reference(runs):
    manifests = load_result(runs / "worse").manifests.model_dump(mode="json")
    manifests["reference"]["digest"] = digest("another")
    change(runs / "worse", manifests=manifests)


def other_n(runs):
    write_run(runs / "worse", {"label_f1": np.full(30, 0.5), "ssim": np.ones(30)})


def vanished_metric(runs):
    metrics = load_result(runs / "worse").model_dump(mode="json")["metrics"]
    del metrics["ssim"]
    change(runs / "worse", metrics=metrics)


def failed_metric(runs):
    metrics = load_result(runs / "worse").model_dump(mode="json")["metrics"]
    metrics["ssim"] = {**value(0, 60), "value": None, "status": "failed", "reason": "out of luck"}
    change(runs / "worse", metrics=metrics)


def no_baseline(runs):
    (runs / "base").rename(runs / "elsewhere")


def empty_baseline(runs):
    metrics = {"ssim": {**value(0, 60), "value": None, "status": "skipped", "reason": "no"}}
    change(runs / "base", metrics=metrics)


def truncated_baseline(runs):
    path = runs / "base" / "result.json"
    path.write_text(path.read_text()[:300])


def nan_in_run(runs):
    path = runs / "worse" / "result.json"
    document = json.loads(path.read_text())
    document["metrics"]["label_f1"]["value"] = float("nan")
    path.write_text(json.dumps(document))


def zero_byte_run(runs):
    (runs / "worse" / "result.json").write_text("")


@pytest.mark.parametrize(
    ("break_it", "code", "words"),
    [
        (other_protocol, 3, ["different protocols", "preprocess"]),
        (other_reference, 3, ["different references"]),
        (other_n, 3, ["30 expected figures"]),
        (vanished_metric, 3, ["'ssim'", "not in the run"]),
        (failed_metric, 3, ["'ssim'", "out of luck"]),
        (no_baseline, 3, ["the baseline is not there", "--allow-no-baseline"]),
        (empty_baseline, 3, ["no value at all"]),
        (truncated_baseline, 2, ["not valid JSON"]),
        (nan_in_run, 2, ["NaN"]),
        (zero_byte_run, 2, ["not valid JSON"]),
    ],
)
def test_refusals(runs, break_it, code, words):
    break_it(runs)
    rule = "label_f1:-0.5"
    done = figbench("gate", runs / "worse", "--baseline", runs / "base", "--rule", rule)
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], ["No rule"]),
        (["label_f1:+0.1"], ["would flag an improvement"]),
        (["label_f1"], ["is not METRIC"]),
    ],
)
def test_wrong_rules(runs, rules, words):
    options = [part for rule in rules for part in ("--rule", rule)]
    done = figbench("gate", runs / "noise", "--baseline", runs / "base", *options, cwd=runs)
    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr


def test_unknown_metric_in_a_rule_is_not_a_pass(runs):
    done = figbench("gate", runs / "noise", "--baseline", runs / "base", "--rule", "labelf1:-1")
    assert done.returncode == 3
    assert "Did you mean 'label_f1'" in done.stderr


def test_allow_no_baseline_and_require_update(runs):
    rule = ("--rule", "label_f1:-0.01")
    done = figbench(
        "gate", runs / "noise", "--baseline", runs / "none", *rule, "--allow-no-baseline"
    )
    assert done.returncode == 0
    assert "nothing compared" in done.stdout
    better = figbench(
        "gate", runs / "base", "--baseline", runs / "worse", *rule, "--require-update"
    )
    assert better.returncode == 1
    assert "Update the baseline" in better.stdout


def test_config_file_junit_summary_and_json(runs):
    (runs / "figbench.toml").write_text(
        '[gate]\nresult = "worse"\nbaseline = "base"\nrules = ["label_f1:-0.01 & p<0.05"]\n'
    )
    done = figbench(
        "gate", "--junit", "gate.xml", "--json", cwd=runs, GITHUB_STEP_SUMMARY=str(runs / "sum.md")
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["verdicts"][0]["state"] == "regression"
    suite = ElementTree.parse(runs / "gate.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "figbench gate failed" in (runs / "sum.md").read_text()
    (runs / "figbench.toml").write_text('[gate]\nrule = ["label_f1:-0.01"]\n')
    wrong = figbench("gate", cwd=runs)
    assert wrong.returncode == 2
    assert "Did you mean 'rules'" in wrong.stderr


def test_compare_pairs_prompts_and_refuses_other_protocols(runs):
    done = figbench("compare", runs / "base", runs / "worse", runs / "noise", "--json")
    assert done.returncode == 0, done.stderr
    worse, noise = json.loads(done.stdout)["comparisons"]
    found = {one["metric"]: one for one in worse["differences"]}
    assert found["label_f1"]["paired"] is True
    assert found["label_f1"]["p_holm"] < 0.01
    assert found["label_f1"]["losses"] == 60
    assert found["ssim"]["p_value"] is None
    assert found["ssim"]["ties"] == 60
    assert len(worse["most_different"]) == 12
    assert noise["differences"][0]["p_value"] > 0.01
    shown = figbench("compare", runs / "base", runs / "worse", "--markdown")
    assert "| `label_f1` ↑ |" in shown.stdout
    other_protocol(runs)
    refused = figbench("compare", runs / "base", runs / "worse")
    assert refused.returncode == 3
    assert "preprocess: None != 'pad256'" in refused.stderr


def test_compare_falls_back_to_unpaired_and_says_so(runs):
    other_n(runs)
    done = figbench("compare", runs / "base", runs / "worse", "--json")
    assert done.returncode == 0, done.stderr
    [comparison] = json.loads(done.stdout)["comparisons"]
    assert not any(one["paired"] for one in comparison["differences"])
    assert "unpaired" in comparison["notes"][0]


def test_gate_starts_without_torch_pandas_or_matplotlib():
    code = (
        "import sys, figbench.cli.main, figbench.gate, figbench.gate.annotations;"
        "print({'torch', 'pandas', 'matplotlib', 'scipy', 'diffusers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
