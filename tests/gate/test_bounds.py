"""Absolute rules, shares that bound nothing, alpha budgets, portable baselines, JUnit."""

import math
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest

from figbench.comparison.comparison import compare
from figbench.errors import IntegrityError, UserError
from figbench.evaluation.artifacts.portable_copy import make_portable
from figbench.gate.annotations import write_junit
from figbench.gate.budget import spend
from figbench.gate.decision import gate
from figbench.gate.rules import parse_rule
from tests.gate.factory import write_run

VALUES = np.linspace(0.7, 0.9, 30)


def test_a_bound_needs_no_baseline_and_both_sides_of_it_decide(tmp_path):
    run = write_run(tmp_path / "run", {"label_f1": VALUES})
    assert gate(run, None, ["label_f1>=0.79", "label_f1 > 0.1"]).passed
    failed = gate(run, None, ["label_f1>=0.81"])
    assert failed.exit_code == 1 and failed.verdicts[0].limit == 0.81
    with pytest.raises(UserError, match="would flag an improvement"):
        gate(run, None, ["label_f1<=0.81"])
    with pytest.raises(UserError, match="No baseline"):
        gate(run, None, ["label_f1>=0.1", "label_f1:-0.1"])
    with pytest.raises(IntegrityError, match="is not in the run"):
        gate(run, None, ["word_f1>=0.1"])


def test_a_share_is_refused_where_zero_is_near_or_the_metric_can_be_negative(tmp_path):
    rng = np.random.default_rng(0)
    features = (rng.normal(size=(30, 4)), rng.normal(size=(30, 4)))
    run = write_run(tmp_path / "run", {"label_f1": VALUES}, features=features)
    with pytest.raises(UserError, match="can be negative"):
        gate(run, run, ["kd@x:+10%"])
    assert gate(run, run, ["label_f1:-10%"]).passed
    zero = write_run(tmp_path / "zero", {"label_f1": VALUES * 0})
    with pytest.raises(UserError, match="holds 0"):
        gate(zero, zero, ["label_f1:-10%"])


def test_an_alpha_budget_is_never_overspent():
    rules = [parse_rule("label_f1:-0.01 & p<0.05"), parse_rule("ssim:-0.01 & p<0.05")]
    spent = sum(
        sum(rule.alpha for rule in spend(rules, 0.05, previous)) for previous in range(20_000)
    )
    assert 0.0499 < spent <= 0.05
    assert spend(rules, None, 0) == rules
    assert spend([parse_rule("label_f1>=0.5")], 0.05, 3)[0].alpha is None
    with pytest.raises(UserError, match="alpha budget"):
        spend(rules, 1.5, 0)


def test_a_share_below_the_resolution_of_the_swaps_is_tested_by_t(tmp_path):
    """The 13th gate tests at 0.0002; eight papers cannot get below 0.008 by swaps."""
    rng = np.random.default_rng(2)
    base = rng.normal(0.7, 0.02, 8)
    write_run(tmp_path / "base", {"label_f1": base}, name="base")
    write_run(tmp_path / "noise", {"label_f1": base + rng.normal(-0.01, 0.02, 8)}, name="noise")
    write_run(tmp_path / "worse", {"label_f1": base - rng.normal(0.2, 0.01, 8)}, name="worse")
    rules = ["label_f1:-0.001 & p<0.05"]
    options = {"alpha_budget": 0.05, "previous_gates": 12}
    noise = gate(tmp_path / "noise", tmp_path / "base", rules, **options)
    assert noise.verdicts[0].value < noise.verdicts[0].limit
    assert noise.passed and "t-test by paper" in noise.verdicts[0].method
    assert not gate(tmp_path / "worse", tmp_path / "base", rules, **options).passed


def test_a_portable_baseline_is_tested_paired_without_its_store(tmp_path):
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(40, 4))
    made = [
        write_run(
            tmp_path / name,
            {"label_f1": np.full(30, 0.5)},
            name=name,
            features=(rng.normal(size=(30, 4)) + shift, reference),
        )
        for name, shift in (("base", 0.0), ("run", 2.0))
    ]
    paired = compare(*made, metrics=["fd@x"]).of("fd@x")
    assert paired.paired
    make_portable(made[0])
    shutil.rmtree(made[0] / "store")
    assert compare(*made, metrics=["fd@x"]).of("fd@x") == paired
    (made[0] / "features.safetensors").unlink()
    assert not compare(*made, metrics=["fd@x"]).of("fd@x").paired


def test_junit_holds_the_numbers_on_a_pass_too(tmp_path):
    run = write_run(tmp_path / "run", {"label_f1": VALUES})
    write_junit(gate(run, run, ["label_f1:-0.01"]), tmp_path / "junit.xml")
    found = ElementTree.parse(tmp_path / "junit.xml").iter("property")
    values = {one.get("name"): one.get("value") for one in found}
    assert math.isclose(float(values["value"]), float(values["baseline"]))
    assert float(values["limit"]) == pytest.approx(float(values["baseline"]) - 0.01)
