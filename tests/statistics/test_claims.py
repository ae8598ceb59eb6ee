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

from figbench.metrics import get_metric
from figbench.metrics.base import Measurement, MetricInputs, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.metrics.numerics.frechet import frechet_influence
from figbench.statistics.bounded import logit_t_bounds, t_quantile
from figbench.statistics.influence import joint_variance, variance_of_mean
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
