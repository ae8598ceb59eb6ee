"""Intervals from standard errors and from values per figure, degenerate cases included."""

import numpy as np
import pytest
from scipy import stats

from figbench.metrics.base import Measurement, OutputSpec
from figbench.metrics.intervals import interval_of
from figbench.statistics.bounded import logit_t_bounds, t_quantile

F1 = OutputSpec("label_f1", "Label F1", higher_is_better=True, low=0.0, high=1.0)
DISTANCE = OutputSpec("ocr_sim", "OCR-SIM", higher_is_better=False, low=0.0)


def interval(values, clusters=None, *, output=F1, level=0.95):
    values = np.asarray(values, np.float64)
    clusters = clusters or [str(row) for row in range(len(values))]
    measurement = Measurement(output, float(np.nanmean(values)), per_figure=values)
    return interval_of(measurement, clusters, level)


def test_standard_error_gives_a_t_interval_with_its_method():
    measurement = Measurement(DISTANCE, 0.5, standard_error=0.1, method="influence function")
    found = interval_of(measurement, [str(row // 2) for row in range(20)], 0.9)
    assert found.low == pytest.approx(0.5 + 0.1 * stats.t.ppf(0.05, 9))
    assert found.high == pytest.approx(0.5 + 0.1 * stats.t.ppf(0.95, 9))
    assert (found.level, found.method) == (0.9, "influence function")


def test_a_bounded_score_stays_inside_its_range_and_is_not_cut():
    measurement = Measurement(F1, 0.97, standard_error=0.03, method="jackknife")
    found = interval_of(measurement, [str(row) for row in range(40)], 0.95)
    assert 0.7 < found.low < 0.93 and 0.985 < found.high < 1
    assert found.method == "jackknife"


@pytest.mark.parametrize("papers", [6, 40, 4000])
def test_logit_bounds_contain_the_mean_and_approach_the_normal_interval(papers):
    low, high = logit_t_bounds(0.6, 0.3 / papers**0.5, papers, 0.95)
    assert 0 < low < 0.6 < high < 1
    if papers == 4000:
        reach = stats.norm.ppf(0.975) * 0.3 / papers**0.5
        assert (low, high) == pytest.approx((0.6 - reach, 0.6 + reach), abs=2e-4)
    assert logit_t_bounds(0.4, 0.1, papers, 0.95) == pytest.approx(
        [1 - end for end in logit_t_bounds(0.6, 0.1, papers, 0.95)[::-1]]
    )


def test_quantiles_of_t():
    assert t_quantile(0.95, 5) == pytest.approx(stats.t.ppf(0.975, 5))
    assert t_quantile(0.95, 0) == pytest.approx(stats.norm.ppf(0.975))


@pytest.mark.parametrize("error", [0.0, float("nan")])
def test_no_interval_from_an_error_that_says_nothing(error):
    measurement = Measurement(F1, 0.5, standard_error=error)
    assert interval_of(measurement, [], 0.95) is None


def test_neither_error_nor_values_means_none():
    assert interval_of(Measurement(F1, 0.5), [], 0.95) is None


def test_independent_figures_agree_with_scipy():
    values = np.random.default_rng(1).gamma(2.0, size=80)
    found = interval(values, output=DISTANCE)
    peer = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high))
    assert found.method == "t by paper"


def test_identical_figures_of_a_paper_count_once():
    values = np.random.default_rng(3).beta(2, 2, 40)
    papers = [str(row // 5) for row in range(200)]
    alone = interval(values)
    together = interval(np.repeat(values, 5), papers)
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.05)
    ignored = interval(np.repeat(values, 5))
    assert ignored.high - ignored.low < 0.6 * (together.high - together.low)


def test_row_order_does_not_matter():
    rng = np.random.default_rng(5)
    values, papers = rng.random(60), [str(row // 3) for row in range(60)]
    order = rng.permutation(60)
    first = interval(values, papers)
    moved = interval(values[order], [papers[row] for row in order])
    assert (moved.low, moved.high) == pytest.approx((first.low, first.high))


def test_nan_rows_do_not_enter():
    values = np.random.default_rng(6).random(30)
    padded = np.concatenate([values, np.full(10, np.nan)])
    names = [f"{row:02}" for row in range(40)]
    assert interval(padded, names) == interval(values, names[:30])


@pytest.mark.parametrize("values", [[0.3], [np.nan, np.nan, 0.4]])
def test_one_figure_has_no_interval(values):
    assert interval(values) is None


def test_one_paper_has_no_interval():
    assert interval([0.1, 0.5, 0.9], ["p", "p", "p"]) is None


@pytest.mark.parametrize(("value", "n"), [(1.0, 24), (0.0, 24), (1.0, 3)])
def test_all_at_an_end_gives_the_clopper_pearson_bound(value, n):
    found = interval([value] * n)
    peer = stats.binomtest(int(value * n), n).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high))
    assert "no variation" in found.method


@pytest.mark.parametrize(("value", "output"), [(0.3, F1), (0.0, DISTANCE)])
def test_constant_values_elsewhere_have_no_interval(value, output):
    assert interval([value] * 9, [str(row // 2) for row in range(9)], output=output) is None


def test_higher_levels_are_wider():
    values = np.random.default_rng(7).random(50)
    narrow, wide = interval(values, level=0.8), interval(values, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high
