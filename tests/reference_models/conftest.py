"""A small data set and a tiny trained model, shared by the tests of this room."""

import json
import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def simple_root(tmp_path_factory):
    from figbench.synthfig import synthesize

    root = tmp_path_factory.mktemp("figgen") / "simple"
    synthesize(root, 24, 5, 0.34, simple=True)
    return root


@pytest.fixture
def two_threads():
    """The same number of threads in every process: sums are then the same to the last bit."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def figgen():
    from figbench.models import get_model

    return get_model("figgen")


@pytest.fixture(scope="session")
def trained(figgen, simple_root, tmp_path_factory):
    """A run of both stages, a few steps each."""
    out = tmp_path_factory.mktemp("figgen") / "run"
    common = {"config": "figgen-ci", "data": str(simple_root), "out": out, "quiet": True}
    short = ["autoencoder.steps=4", "diffusion.steps=4", "run.grid_every=4"]
    figgen.train(stage="autoencoder", overrides=short, **common)
    figgen.train(stage="diffusion", overrides=short, autoencoder=out, **common)
    return out


def read_log(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def train(figgen, root, out, stage="diffusion", *overrides, **more):
    return figgen.train(
        stage=stage, config="figgen-ci", data=str(root), out=out, quiet=True,
        overrides=["run.grid_every=0", *overrides], device="cpu", **more,
    )  # fmt: skip


def state_of(out, stage):
    """What the last checkpoint of a stage holds."""
    import torch
    from figbench_figgen.checkpoint import latest

    state = latest(Path(out) / "checkpoints" / stage) / "state.pt"
    return torch.load(state, weights_only=True)
