"""Shared fixtures: a store of the session's own, and a seeded Inception file in the real format."""

import os

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch is loaded. Workers share the cores: several threads each wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")

LONGEST = "test_learning.py"
"""One training run that takes as long as the rest of the slow lane."""


def pytest_collection_modifyitems(items):
    """Begins with the longest file, so that no worker is left alone with it."""
    items.sort(key=lambda one: one.path.name != LONGEST)


@pytest.fixture(autouse=True, scope="session")
def own_store(tmp_path_factory):
    """Keeps tests off the user's store; the session shares one, as real runs do."""
    before = os.environ.get("FIGBENCH_STORE")
    os.environ["FIGBENCH_STORE"] = str(tmp_path_factory.mktemp("store"))
    yield
    if before is None:
        del os.environ["FIGBENCH_STORE"]
    else:
        os.environ["FIGBENCH_STORE"] = before


@pytest.fixture(scope="session")
def synthfig_root(tmp_path_factory):
    """SynthFig in Paper2Fig100k's layout: 12 test figures."""
    from figbench.synthfig import synthesize

    root = tmp_path_factory.mktemp("synthfig") / "root"
    synthesize(root, 12, 3, test_fraction=1.0)
    return root


@pytest.fixture(scope="session")
def random_inception(tmp_path_factory):
    """A seeded random network in torch-fidelity's weight format, calibrated to sane activations."""
    import torch

    from tests.parity.inception_file import write_random_inception

    path = tmp_path_factory.mktemp("weights") / "weights-inception-2015-12-05-6726825d.pth"
    threads = torch.get_num_threads()
    write_random_inception(path, seed=0)
    torch.set_num_threads(threads)
    return path


@pytest.fixture
def inception_weights(random_inception, tmp_path, monkeypatch):
    """Imports the random network under the pinned name, as an unverified file."""
    from figbench.features.weights import import_weights

    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "weights"))
    import_weights("inception-v3", random_inception, allow_unverified=True)
    return random_inception


@pytest.fixture
def rng():
    """A seeded generator."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def object_store():
    """S3 over HTTP on this machine, for the session."""
    from tests.object_store import served

    with served() as store:
        yield store
