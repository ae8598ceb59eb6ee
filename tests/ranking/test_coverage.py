"""Simulation: intervals cover the truth when votes are clustered by paper."""

import numpy as np
import pytest

from figbench.ranking import rank
from tests.ranking.simulate import simulate

RUNS = 600
PAPERS = 60


def covers(estimate, truth):
    return estimate.low <= truth <= estimate.high


@pytest.mark.slow
def test_intervals_cover_93_to_97_percent_with_clustered_papers():
    """The truth is the limit over many papers: strengths that vary by paper shrink the odds."""
    strengths, spread, tie = [0.6, 0.0, -0.6], 0.8, 0.4
    limit = rank(
        simulate(strengths, 20_000, 1, np.random.default_rng(1), spread=spread, tie=tie),
        resamples=100,
    )
    names = ("m0", "m1", "m2")
    hits = {"win_rate": [], "strength": []}
    for run in range(RUNS):
        votes = simulate(
            strengths, PAPERS, 3, np.random.default_rng([2, run]), spread=spread, tie=tie
        )
        result = rank(votes, resamples=800, seed=run)
        for kind, found in hits.items():
            for name in names:
                truth = getattr(limit[name], kind).value
                found.append(covers(getattr(result[name], kind), truth))
    coverage = {kind: float(np.mean(found)) for kind, found in hits.items()}
    print(coverage)
    assert all(0.93 <= value <= 0.97 for value in coverage.values()), coverage


@pytest.mark.slow
def test_intervals_of_few_papers_are_not_too_narrow():
    hits = []
    for run in range(400):
        votes = simulate([0.3, -0.3], 8, 4, np.random.default_rng([4, run]), spread=0.6)
        hits.append(rank(votes, resamples=400, seed=run)["m0"].win_rate)
    limit = rank(
        simulate([0.3, -0.3], 20_000, 4, np.random.default_rng(5), spread=0.6), resamples=100
    )
    coverage = np.mean([covers(one, limit["m0"].win_rate.value) for one in hits])
    print(coverage)
    assert 0.93 <= coverage <= 0.98


@pytest.mark.slow
def test_equal_models_tie():
    tied = []
    for run in range(200):
        votes = simulate([0.0] * 4, 50, 2, np.random.default_rng([3, run]), spread=0.8, tie=0.4)
        result = rank(votes, resamples=400, seed=run)
        tied.append(all(str(line.ranks) == "1-4" for line in result.models))
    print(np.mean(tied))
    assert np.mean(tied) >= 0.93
