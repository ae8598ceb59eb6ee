"""The soak run in small; ``python -m tests.faults.soak`` is the long one."""

import pytest

from tests.faults.soak import soak


@pytest.mark.slow
def test_nothing_is_lost(tmp_path):
    report = soak(tmp_path, n=100, kills=5, seed=3)
    assert report["kills"] == 5
    assert report["named"] == report["damaged"] == 3
    assert (report["n_used"], report["n_expected"]) == (97, 100)
