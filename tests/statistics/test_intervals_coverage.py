"""The slow lane: nominal 95% intervals cover the truth on known distributions."""

import numpy as np
import pytest

from tests.statistics.coverage import NAIVE, SCENARIOS


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nominal_95_percent_covers_the_truth(scenario):
    truth, mean, spread, covered = scenario.run()
    assert 0.90 <= covered <= (1.0 if scenario.conservative else 0.99)
    noise = spread / np.sqrt(scenario.replicates)
    assert abs(mean - truth) < 5 * noise + 0.05 * spread


@pytest.mark.slow
def test_ignoring_papers_covers_too_little():
    *_, covered = NAIVE.run()
    assert covered < 0.85
