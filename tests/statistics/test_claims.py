"""Claims of docs/statistics.md by simulation, most of them in the slow lane.

The table under "Claims and their tests" in that page names the test of every claim;
``test_every_claim_names_a_test_that_exists`` holds the page to it.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.outcomes import outcome_of_values
from figbench.gate.budget import spend
from figbench.gate.rules import parse_rule
from figbench.gate.verdicts import apply_rule
from figbench.metrics import get_metric
from figbench.metrics.base import Measurement, MetricInputs, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.metrics.numerics.frechet import frechet_influence
from figbench.metrics.numerics.swap_tests import kernel_swap_test
from figbench.statistics.bounded import logit_t_bounds, t_quantile
from figbench.statistics.effects import (
    equal_means_p_value,
    holm,
    minimum_detectable_effect,
)
from figbench.statistics.influence import joint_variance, variance_of_mean
from figbench.statistics.paired import sign_flip_test
from tests.statistics.coverage import kernel_truth

ROOT = Path(__file__).resolve().parents[2]
LEVEL = 0.95
F1 = OutputSpec("label_f1", "Label F1", higher_is_better=True, low=0.0, high=1.0)
WIDTH = 48


def heavy_tailed(rng, n, width=WIDTH):
    """Feature-like rows: not negative, heavy tails, falling scale."""
    scale = 1.0 / np.sqrt(1.0 + np.arange(width))
    return (np.abs(rng.standard_t(6, size=(n, width))) * scale).astype(np.float32)


def paired_inputs(x, y, *, clusters=None, prompts=None):
    """Inputs of figures that belong to references, ``prompts[i]`` the reference row of row i."""
    prompts = range(len(x)) if prompts is None else prompts
    names = [f"f{row}" for row in range(len(y))]
    papers = clusters or names
    return MetricInputs(
        figure_ids=[names[row] for row in prompts],
        samples=[0] * len(x),
        clusters=[papers[row] for row in prompts],
        present=np.ones(len(x), np.bool_),
        rng=np.random.default_rng(0),
        generated={"features": np.asarray(x, np.float32)},
        reference={"features": np.asarray(y, np.float32)},
        reference_clusters=papers,
        reference_ids=names,
    )


def redrawn(rng, n):
    """Heavy tails, seven of ten features those of the reference: equal distributions."""
    y = heavy_tailed(rng, n)
    return np.where(rng.random(y.shape) < 0.7, y, heavy_tailed(rng, n)), y


def shifted(rng, n):
    """Normal features that correlate with the reference's (0.8), shifted by 0.3."""
    y = rng.normal(size=(n, WIDTH))
    return 0.8 * y + 0.6 * rng.normal(size=y.shape) + 0.3, y


def shrunk(rng, n):
    """The reference's features, all a fifth smaller."""
    y = heavy_tailed(rng, n)
    return 0.8 * y, y


DEPENDENT = {"redrawn": (redrawn, 0.0), "shifted": (shifted, kernel_truth(WIDTH, 0.3))}
"""Sets that depend on the reference, with the squared MMD of their distributions."""


def simulate(metric, settings, draw, n, repeats, *, seed=0):
    """Returns values, standard errors and lower and upper ends over simulated runs."""
    rows = []
    for rng in map(np.random.default_rng, np.random.SeedSequence([seed, n]).spawn(repeats)):
        inputs = paired_inputs(*draw(rng, n))
        item = get_metric(metric).compute(inputs, settings)[0]
        ends = interval_of(item, inputs.clusters, LEVEL)
        all_pairs = item.details.get("value_of_all_pairs", math.nan)
        rows.append((item.value, item.standard_error, ends.low, ends.high, all_pairs))
    return np.array(rows).T


@pytest.mark.parametrize("kind", DEPENDENT)
def test_the_kernel_distance_of_matched_figures_is_unbiased(kind):
    draw, truth = DEPENDENT[kind]
    value, error, _, _, all_pairs = simulate("kd@x", {"subsets": 0}, draw, 24, 60)
    assert abs(value.mean() - truth) < 4 * value.std() / 60**0.5
    assert all_pairs.mean() < truth - 0.01
    assert error.mean() > 0.7 * value.std()


@pytest.mark.slow
@pytest.mark.parametrize("n", [24, 64, 200])
@pytest.mark.parametrize("kind", DEPENDENT)
def test_intervals_of_the_kernel_distance_of_matched_figures(kind, n):
    draw, truth = DEPENDENT[kind]
    _, _, low, high, _ = simulate("kd@x", {"subsets": 0}, draw, n, 200, seed=1)
    assert np.mean((low <= truth) & (truth <= high)) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("n", [24, 64])
@pytest.mark.parametrize("draw", [shifted, shrunk])
def test_the_error_of_the_frechet_distance_of_matched_figures(draw, n):
    """Both sides joint: near the spread. Taken for independent: two to six times too wide."""
    rows = []
    for rng in map(np.random.default_rng, np.random.SeedSequence([5, n]).spawn(100)):
        x, y = draw(rng, n)
        result = frechet_influence(x.astype(np.float64), y.astype(np.float64))
        names = [str(row) for row in range(n)]
        joint = joint_variance(result.generated, result.reference, names, names)
        apart = variance_of_mean(result.generated) + variance_of_mean(result.reference)
        rows.append((result.value, joint**0.5, apart**0.5))
    value, joint, apart = np.array(rows).T
    # Heavy tails: a rare outlier makes the spread, and the interval covers for all that.
    assert (0.7 if draw is shifted else 0.5) < joint.mean() / value.std(ddof=1) < 1.6
    assert np.mean(abs(value - value.mean()) <= t_quantile(LEVEL, n - 1) * joint) >= 0.87
    assert apart.mean() / value.std(ddof=1) > 1.6


@pytest.mark.slow
@pytest.mark.parametrize("n", [24, 100, 300])
@pytest.mark.parametrize("metric", ["kd@x", "fd@x"])
def test_intervals_of_distances_of_independent_heavy_tailed_sets(metric, n):
    settings = {"subsets": 0} if metric == "kd@x" else {"extrapolate": False}
    rows = []
    for rng in map(np.random.default_rng, np.random.SeedSequence([7, n]).spawn(80)):
        inputs = paired_inputs(0.8 * heavy_tailed(rng, n), heavy_tailed(rng, n))
        item = get_metric(metric).compute(replace(inputs, reference_ids=()), settings)[0]
        ends = interval_of(item, inputs.clusters, LEVEL)
        rows.append((item.value, ends.low, ends.high))
    value, low, high = np.array(rows).T
    assert np.mean((low <= value.mean()) & (value.mean() <= high)) >= 0.9


def papers_of(kind, rng, papers):
    """Returns the values of figures of papers with 1 to 6 figures, and the paper of each."""
    sizes = rng.integers(1, 7, papers)
    paper = np.repeat(np.arange(papers), sizes)
    n = len(paper)
    if kind == "good, rarely failing":
        failed = (rng.random(papers) < 0.03)[paper]
        values = np.where(rng.random(n) < 0.65, 1.0, rng.beta(14, 1.2, n))
        return np.where(failed, rng.beta(3, 3, n), values), paper
    if kind == "weak":
        hit = (rng.random(papers) < 0.35)[paper] & (rng.random(n) < 0.6)
        return np.where(hit, rng.beta(1.2, 8, n), 0.0), paper
    quality = rng.beta(4, 4, papers)[paper]
    return rng.beta(8 * quality, 8 * (1 - quality)), paper


TRUE_MEANS = {
    "good, rarely failing": 0.97 * (0.65 + 0.35 * 14 / 15.2) + 0.03 * 0.5,
    "weak": 0.35 * 0.6 * 1.2 / 9.2,
    "middle": 0.5,
}


@pytest.mark.slow
@pytest.mark.parametrize("papers", [6, 10, 15, 25, 40])
@pytest.mark.parametrize("kind", TRUE_MEANS)
def test_intervals_of_label_means_with_few_papers(kind, papers):
    inside = []
    for rng in map(np.random.default_rng, np.random.SeedSequence([2, papers]).spawn(400)):
        values, paper = papers_of(kind, rng, papers)
        item = Measurement(F1, float(values.mean()), per_figure=values)
        ends = interval_of(item, [str(name) for name in paper], LEVEL)
        inside.append(ends is not None and ends.low <= TRUE_MEANS[kind] <= ends.high)
    assert np.mean(inside) >= 0.89


def test_unseen_failures_are_inside_the_interval():
    """25 papers of which none failed do not exclude that 3% of papers fail."""
    low, high = logit_t_bounds(0.973, 0.004, 25, LEVEL)
    assert low <= TRUE_MEANS["good, rarely failing"] <= high
    assert 0.973 - 1.96 * 0.004 > TRUE_MEANS["good, rarely failing"]


def moved(rng, n):
    """Normal features in 8 dimensions, narrower and moved."""
    return 0.9 * rng.normal(size=(n, 8)) + 0.3, rng.normal(size=(n, 8))


def narrower(rng, n):
    """Heavy-tailed features in 48 dimensions, a fifth smaller."""
    return 0.8 * heavy_tailed(rng, n), heavy_tailed(rng, n)


@pytest.mark.slow
@pytest.mark.parametrize("n", [24, 64])
@pytest.mark.parametrize("draw", [moved, narrower, redrawn])
def test_intervals_of_precision_recall_and_coverage_with_few_figures(draw, n):
    rows = []
    for rng in map(np.random.default_rng, np.random.SeedSequence([3, n]).spawn(150)):
        inputs = paired_inputs(*draw(rng, n))
        inputs = inputs if draw is redrawn else replace(inputs, reference_ids=())
        items = get_metric("prdc@x").compute(inputs, {})
        for item in (items[0], items[1], items[3]):
            ends = interval_of(item, inputs.clusters, LEVEL)
            rows.append((item.value, ends.low, ends.high))
    value, low, high = np.array(rows).reshape(-1, 3, 3).transpose(2, 0, 1)
    assert (high > low).all()
    truth = value.mean(axis=0)
    assert (((low <= truth) & (truth <= high)).mean(axis=0) >= 0.9).all()


def test_precision_without_the_own_reference_is_near_that_of_independent_sets():
    """Equal distributions: 0.80 for independent sets, 0.97 where figures derive from references."""
    values, others, apart, warned = [], [], [], 0
    for rng in map(np.random.default_rng, np.random.SeedSequence(16).spawn(40)):
        x, y = redrawn(rng, 24)
        matched = get_metric("prdc@x").compute(paired_inputs(x, y), {})
        fresh = replace(paired_inputs(x, heavy_tailed(rng, 24)), reference_ids=())
        values.append([item.value for item in matched])
        others.append([item.details["value_of_other_references"] for item in matched])
        apart.append([item.value for item in get_metric("prdc@x").compute(fresh, {})])
        warned += any("cover each other" in text for text in matched[0].warnings)
    assert warned > 30
    value, other, independent = (np.mean(each, axis=0) for each in (values, others, apart))
    assert (value[:2] > independent[:2] + 0.1).all()
    assert other[:2] == pytest.approx(independent[:2], abs=0.06)
    assert other[3] == pytest.approx(independent[3], abs=0.06)


def test_k_samples_of_a_prompt_count_as_one_paper():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(200):
        quality = np.repeat(rng.beta(4, 4, 30), 4)
        values = rng.beta(8 * quality, 8 * (1 - quality))
        item = Measurement(F1, float(values.mean()), per_figure=values)
        ends = interval_of(item, [str(row // 4) for row in range(120)], LEVEL)
        inside.append(ends.low <= 0.5 <= ends.high)
    assert np.mean(inside) >= 0.9


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


def test_repeats_in_the_reference_cap_coverage_and_are_named():
    rng = np.random.default_rng(12)
    y = rng.normal(size=(60, 6))
    y[:12] = y[0]
    inputs = replace(paired_inputs(y + 1e-3, y), reference_ids=())
    _, _, density, coverage = get_metric("prdc@x").compute(inputs, {})
    assert coverage.value <= coverage.details["largest_possible_coverage"] == pytest.approx(0.8)
    assert density.details["reference_repeats"] == 12
    assert "12 of 60 references equal another one" in coverage.warnings[0]
    alone = replace(paired_inputs(y[12:] + 1e-3, y[12:]), reference_ids=())
    clean = get_metric("prdc@x").compute(alone, {})
    assert clean[3].value > 0.95 and not clean[3].warnings


def test_every_claim_names_a_test_that_exists():
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    table = page[page.index("## Claims and their tests") :]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", table)
    assert len(named) >= 15
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"
