"""Claims of docs/statistics.md about comparisons and gates, most of them in the slow lane."""

from __future__ import annotations

import math

import numpy as np
import pytest

from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.outcomes import outcome_of_values
from figbench.gate.budget import spend
from figbench.gate.rules import parse_rule
from figbench.gate.verdicts import apply_rule
from figbench.metrics import get_metric
from figbench.metrics.base import MetricInputs, OutputSpec
from figbench.metrics.numerics.swap_tests import kernel_swap_test
from figbench.statistics.effects import (
    equal_means_p_value,
    holm,
    minimum_detectable_effect,
)
from figbench.statistics.paired import sign_flip_test

LEVEL = 0.95
F1 = OutputSpec("label_f1", "Label F1", higher_is_better=True, low=0.0, high=1.0)
WIDTH = 48


def unequal(rng, papers):
    """Symmetric differences; papers differ in their figures (1 to 12) and variance."""
    sizes = rng.integers(1, 13, papers)
    spread = np.where(rng.random(papers) < 0.3, 0.3, 0.05) * (0.5 + sizes / 12)
    return np.repeat(rng.normal(0, spread), sizes), np.repeat(np.arange(papers), sizes)


def huge_paper(rng, papers):
    """One paper has as many figures as all others together."""
    sizes = np.array([papers, *[1] * (papers - 1)])
    return np.repeat(rng.normal(0, 0.1, papers), sizes), np.repeat(np.arange(papers), sizes)


def skewed(rng, papers):
    """Exponential differences less their mean; papers of 1 to 6 figures."""
    sizes = rng.integers(1, 7, papers)
    return np.repeat(0.1 * (rng.exponential(size=papers) - 1), sizes), np.repeat(
        np.arange(papers), sizes
    )


def failing(share, loss):
    """Equal means: one model loses ``loss`` in ``share`` of papers, the other a bit throughout."""

    def draw(rng, papers):
        failed = np.where(rng.random(papers) < share, loss, 0.0)
        return share * loss - failed + rng.normal(0, 0.02, papers), np.arange(papers)

    return draw


def hardest(rng, papers):
    """A total failure in 3.3 of m papers: absent from 3 to 4% of samples, and then significant."""
    return failing(3.3 / papers, 1.0)(rng, papers)


EQUAL_MEANS = {
    "unequal variances and sizes": unequal,
    "one huge paper": huge_paper,
    "skewed": skewed,
    "6% fail by 0.6": failing(0.06, 0.6),
    "6% fail by 1": failing(0.06, 1.0),
    "15% fail by 0.8": failing(0.15, 0.8),
    "3.3 of m papers fail by 1": hardest,
}


def false_alarm_rates(draw, papers, repeats):
    """Returns the shares of p < 0.05 of ``compare``'s test and of the swap test alone."""
    rng = np.random.default_rng([13, papers])
    hits = []
    for _ in range(repeats):
        values, paper = draw(rng, papers)
        zero = np.zeros(len(values))
        test = outcome_of_values("label_f1", zero, values, [str(one) for one in paper], rng)
        hits.append((test.p_value < 0.05, test.p_swap < 0.05))
    return np.mean(hits, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("papers", [6, 10, 20, 40])
@pytest.mark.parametrize("kind", EQUAL_MEANS)
def test_equal_means_of_models_that_cannot_be_exchanged_are_seldom_called_different(kind, papers):
    rate, swap = false_alarm_rates(EQUAL_MEANS[kind], papers, 120)
    assert rate <= 0.1
    if kind == "6% fail by 0.6" and papers == 10:
        assert swap > 0.4  # the test of exchangeable outputs, formerly the only one


@pytest.mark.slow
def test_the_swap_test_under_an_exchangeable_null():
    rng = np.random.default_rng(6)
    hits = [
        sign_flip_test(rng.normal(size=60) * 0.1, [str(row // 3) for row in range(60)], rng).p_value
        < 0.05
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(hits) <= 0.08


@pytest.mark.slow
def test_distances_that_are_equal_in_different_ways_are_seldom_called_different():
    """One model adds noise, the other shifts one feature; both are as far from the reference."""
    rng = np.random.default_rng(8)
    n, width, noise = 48, 8, 0.8
    reference = rng.normal(size=(400, width)).astype(np.float32)
    large = rng.normal(size=(4000, width))
    target = (
        get_metric("kd@x")
        .compute(
            _independent(large + noise * rng.normal(size=large.shape), reference), {"subsets": 0}
        )[0]
        .value
    )
    low, high = 0.0, 3.0
    for _ in range(20):
        shift = (low + high) / 2
        moved = large + shift * np.eye(width)[0]
        value = get_metric("kd@x").compute(_independent(moved, reference), {"subsets": 0})[0].value
        low, high = (shift, high) if value < target else (low, shift)
    hits = []
    for _ in range(100):
        base = rng.normal(size=(n, width))
        first = (base + noise * rng.normal(size=base.shape)).astype(np.float32)
        second = (base + low * np.eye(width)[0]).astype(np.float32)
        test = kernel_swap_test(first, second, reference, [str(row) for row in range(n)], rng)
        assert test.standard_error is not None
        t = equal_means_p_value(test.difference, test.standard_error, n)
        hits.append(max(test.p_value, t) < 0.05)
    assert np.mean(hits) <= 0.1


def _independent(x, y):
    names = [str(row) for row in range(len(x))]
    return MetricInputs(
        names, [0] * len(x), names, np.ones(len(x), np.bool_), np.random.default_rng(0),
        generated={"features": np.asarray(x, np.float32)},
        reference={"features": np.asarray(y, np.float32)},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("width", [None, 1.0])
@pytest.mark.parametrize(("papers", "tests"), [(8, 1), (12, 5), (20, 1), (20, 10), (40, 5)])
def test_the_stated_visible_difference_has_80_percent_power_after_holm(papers, tests, width):
    """The other tests of the table have no effect: the hardest case for Holm.

    With a width, the test of ``compare``; without it, that of a gate.
    """
    rng = np.random.default_rng(9)
    names = [str(row) for row in range(papers)]
    zero, sd = np.zeros(papers), 0.05
    visible = minimum_detectable_effect(sd / papers**0.5, papers=papers, tests=tests, width=width)
    if visible is None:
        assert (width and papers == 8) or (papers, tests) == (12, 5)
        return
    detected = []
    for _ in range(60):
        outcomes = {
            str(row): outcome_of_values(
                "label_f1", zero, rng.normal(0.0 if row else visible, sd, papers), names, rng
            )
            for row in range(tests)
        }
        p_values = {name: one.p_value if width else one.p_swap for name, one in outcomes.items()}
        detected.append(holm(p_values)["0"] < 0.05)
    assert np.mean(detected) >= 0.66


def test_no_difference_is_called_visible_below_the_floor_of_p():
    assert minimum_detectable_effect(1.0, papers=5, smallest_p=2**-4) is None
    assert minimum_detectable_effect(1.0, papers=7, tests=5, smallest_p=2**-6) is None
    assert minimum_detectable_effect(1.0, papers=9, tests=5, smallest_p=2**-8) is not None


def false_alarms(rng, histories, gates, rules, budget):
    """Returns the share of histories of unchanged models with an alarm; p-values are uniform."""
    parsed = [parse_rule("label_f1:-0.001 & p<0.05") for _ in range(rules)]
    alphas = np.array([[rule.alpha for rule in spend(parsed, budget, k)] for k in range(gates)])
    # An alarm needs a difference towards worse, half of the two-sided cases.
    p_values = rng.random((histories, gates, rules))
    worse = rng.random((histories, gates, rules)) < 0.5
    return float(((p_values < alphas) & worse).any(axis=(1, 2)).mean())


def test_an_alpha_budget_bounds_false_alarms_over_a_history():
    rng = np.random.default_rng(10)
    assert false_alarms(rng, 4000, 50, 4, None) > 0.8
    assert false_alarms(rng, 4000, 50, 4, 0.05) <= 0.05
    assert false_alarms(rng, 4000, 500, 4, 0.05) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("budget", "least", "most"), [(None, 0.5, 1.0), (0.05, 0.0, 0.1)])
def test_histories_of_50_gates_with_four_rules_of_an_unchanged_model(budget, least, most):
    """10 papers; four scores that have a part in common; one baseline. The rules test any loss.

    From the second gate on, the shares of the budget are below the smallest p of 10 papers.
    """
    rng = np.random.default_rng(17)
    papers, gates, names = 10, 50, ("label_f1", "word_f1", "edge_f1", "node_f1")
    clusters = [str(paper) for paper in range(papers)]

    def scores():
        common = rng.normal(0, 0.05, papers)
        return {name: 0.6 + common + rng.normal(0, 0.05, papers) for name in names}

    def alarm(baseline, previous):
        rules = spend([parse_rule(f"{name}:-0.0001 & p<0.05") for name in names], budget, previous)
        now = scores()
        differences = []
        for name in names:
            a, b = baseline[name], now[name]
            test = outcome_of_values(name, a, b, clusters, rng)
            differences.append(
                Difference(
                    name, True, float(a.mean()), float(b.mean()), float(b.mean() - a.mean()),
                    test.p_value, None, None, True, test.method, test.smallest_p,
                    standard_error=test.standard_error, n_papers=test.n_papers,
                    p_swap=test.p_swap, smallest_p_swap=test.smallest_p_swap,
                )
            )  # fmt: skip
        comparison = Comparison("baseline", "now", "x", tuple(differences))
        return any(apply_rule(rule, comparison).state == "regression" for rule in rules)

    histories = 40
    alarms = 0
    for _ in range(histories):
        baseline = scores()
        alarms += any(alarm(baseline, previous) for previous in range(gates))
    assert least <= alarms / histories <= most


def test_a_refreshed_baseline_hides_a_slow_drift():
    """A loss of 0.002 a commit, each score with an error of 0.004, and the rule -0.01 & p<0.05."""
    rng = np.random.default_rng(11)

    def lost_at_alarm(refreshed):
        losses = []
        for _ in range(400):
            baseline = rng.normal(0, 0.004)
            for commit in range(1, 60):
                value = rng.normal(-0.002 * commit, 0.004)
                p = math.erfc(abs(value - baseline) / math.hypot(0.004, 0.004) / math.sqrt(2))
                if value < baseline - 0.01 and p < 0.05:
                    break
                baseline = value if refreshed else baseline
            losses.append(0.002 * commit)
        return float(np.median(losses))

    assert lost_at_alarm(refreshed=False) < 0.015
    assert lost_at_alarm(refreshed=True) > 1.5 * lost_at_alarm(refreshed=False)
