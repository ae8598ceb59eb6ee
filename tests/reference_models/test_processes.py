"""Two processes over gloo are one: training within tolerance, sampling to the last bit."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tests.reference_models.conftest import read_log, state_of, train

STEPS = "diffusion.steps=5"


def two_processes(*arguments):
    """Runs ``figbench model ...`` in two processes, one thread each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2",
        "--master_port", str(port), "-m", "figbench", "model", *map(str, arguments),
    ]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=400)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_is_that_of_one_process(figgen, simple_root, trained, tmp_path, one_thread):
    """Losses and weights; the gradient's sum has another order, so not to the last bit."""
    one, two = tmp_path / "one", tmp_path / "two"
    train(
        figgen, simple_root, one, "diffusion", STEPS, "diffusion.micro_batch=4",
        "diffusion.global_batch=4", "run.log_every=1", autoencoder=trained,
    )  # fmt: skip
    two_processes(
        "train", "figgen", "--stage", "diffusion", "--config", "figgen-ci", "--data", simple_root,
        "--out", two, "--autoencoder", trained, "--device", "cpu", "--set", STEPS, "--set",
        "diffusion.micro_batch=2", "--set", "diffusion.global_batch=4", "--set",
        "run.grid_every=0", "--set", "run.log_every=1",
    )  # fmt: skip
    alone, shared = state_of(one, "diffusion"), state_of(two, "diffusion")
    start = torch.cat([value.flatten() for value in alone["denoiser"].values()])
    difference = torch.cat(
        [(alone["denoiser"][key] - shared["denoiser"][key]).flatten() for key in alone["denoiser"]]
    )
    assert float(difference.norm() / start.norm()) < 1e-4
    losses = [
        [record["loss"] for record in read_log(run / "log-diffusion.jsonl")] for run in (one, two)
    ]
    assert len(losses[0]) == len(losses[1]) == 5
    # A process logs the loss of its own half of the batch.
    assert losses[0] != losses[1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sampling_is_that_of_one_process_bit_for_bit(
    figgen, simple_root, trained, tmp_path, one_thread
):
    one, two = tmp_path / "one", tmp_path / "two"
    figgen.sample(
        trained, f"{simple_root}:test", 3.0, 4, out=one, device="cpu", batch_size=1, quiet=True
    )
    two_processes(
        "sample", "figgen", "--checkpoint", trained, "--prompts", f"{simple_root}:test", "--out",
        two, "--guidance-scale", 3, "--steps", 4, "--batch-size", 1, "--device", "cpu",
    )  # fmt: skip
    names = sorted(path.name for path in one.glob("*.png"))
    assert names == sorted(path.name for path in two.glob("*.png"))
    assert len(names) > 2
    for name in names:
        pixels = [np.asarray(Image.open(folder / name)) for folder in (one, two)]
        assert np.array_equal(*pixels), name
