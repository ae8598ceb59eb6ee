"""The rule of the recommendation: two levels, Kendall, neutral changes, fewest figures."""

from __future__ import annotations

from figbench.validation.recommend import MISSING_LEVEL, NOT_MEASURED, recommend

FLAW = "arrows-reversed"


def metric(*, levels=(1, 2), n=20, change=0.2, tau=1.0, alarm=0.01, by="layout"):
    cells = {
        str(level): {"seen": True, "n_needed": n // level, "change": change * level}
        for level in levels
    }
    flaw = {"levels": cells}
    if len(levels) > 1:
        flaw["kendall"] = {"value": tau}
    return {
        "flaws": {FLAW: flaw},
        "false_alarm": {"change": alarm, "by": by},
        "seconds_per_1000": None,
    }


def chosen(**metrics):
    return recommend(metrics)[FLAW]


def test_the_fewest_figures_at_level_2_are_recommended():
    offer = chosen(a=metric(n=40), b=metric(n=20))
    assert (offer["metric"], offer["n_level_1"], offer["n_level_2"]) == ("b", 20, 10)
    assert offer["confused_with"] is None


def test_level_2_does_not_stand_in_for_level_1():
    offer = chosen(fast=metric(levels=(2,), n=4), complete=metric(n=40))
    assert offer["metric"] == "complete"
    alone = chosen(fast=metric(levels=(2,), n=4))
    assert (alone["confused_with"], alone["n_level_1"]) == (MISSING_LEVEL, None)


def test_a_metric_without_monotonicity_or_confused_with_a_neutral_change_loses():
    assert chosen(a=metric(tau=0.3), b=metric(n=40))["metric"] == "b"
    assert chosen(a=metric(alarm=0.5), b=metric(n=40))["metric"] == "b"
    assert chosen(a=metric(alarm=0.5))["confused_with"] == "layout"
    assert chosen(a=metric(alarm=None))["confused_with"] == NOT_MEASURED
    assert chosen(a=metric(tau=0.3))["metric"] is None
