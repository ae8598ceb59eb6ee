"""Training that stops: a resumed run is the undisturbed one, bit for bit."""

import os
import signal
import subprocess
import sys

import pytest
import torch
from figbench_figgen.checkpoint import latest
from figbench_figgen.train_autoencoder import AutoencoderStage

from figbench.errors import EXIT_INTERRUPTED
from tests.reference_models.conftest import read_log, state_of, train
from tests.waiting import HANG_S

TWO_THREADS = {**os.environ, "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


def assert_same(a, b, place="state"):
    assert type(a) is type(b), place
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), place
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), place
        for key in a:
            assert_same(a[key], b[key], f"{place}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), place
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{place}[{i}]")
    else:
        assert a == b, place


# Every part of the state is in play: accumulation, dropout of captions, averages, warm-up.
DIFFUSION = (
    "diffusion.steps=9", "diffusion.caption_dropout=0.3", "diffusion.warmup_steps=5",
    "diffusion.lr_schedule=cosine", "diffusion.grad_clip=1.0",
)  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(figgen, simple_root, trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    train(figgen, simple_root, out, "diffusion", *DIFFUSION, autoencoder=trained)
    torch.set_num_threads(threads)
    return out


KILLED = """
import os, signal, sys
import torch
from figbench.errors import FigbenchError
from figbench.models import get_model
from figbench_figgen.train_diffusion import DiffusionStage

torch.set_num_threads(2)
root, out, trained, number, *overrides = sys.argv[1:]
real = DiffusionStage.step

def step(self, batches, step, lr):
    if step == 6:
        os.kill(os.getpid(), int(number))
    return real(self, batches, step, lr)

DiffusionStage.step = step
try:
    get_model("figgen").train(
        stage="diffusion", config="figgen-ci", data=root, out=out, autoencoder=trained,
        overrides=["run.grid_every=0", *overrides], device="cpu", quiet=True,
    )
except FigbenchError as error:
    sys.stderr.write(str(error))
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize(
    ("number", "code", "kept"),
    [(signal.SIGTERM, EXIT_INTERRUPTED, 7), (signal.SIGKILL, -signal.SIGKILL, 4)],
    ids=["SIGTERM", "kill -9"],
)
def test_stopped_and_resumed_equals_undisturbed_bit_for_bit(
    figgen, simple_root, trained, undisturbed, tmp_path, two_threads, number, code, kept
):
    arguments = [str(simple_root), str(tmp_path), str(trained), str(int(number)), *DIFFUSION]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        capture_output=True, text=True, env=TWO_THREADS, timeout=HANG_S,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    if code == EXIT_INTERRUPTED:
        assert "Stopped at step 7 of 9" in done.stderr
        assert "--resume" in done.stderr
    folder = tmp_path / "checkpoints" / "diffusion"
    (folder / "step-00000099.part").mkdir()
    assert latest(folder).name == f"step-{kept:08d}"
    resumed = {"autoencoder": trained, "resume": True}
    train(figgen, simple_root, tmp_path, "diffusion", *DIFFUSION, **resumed)
    assert not list(folder.glob("*.part"))
    assert_same(state_of(tmp_path, "diffusion"), state_of(undisturbed, "diffusion"))
    ours, theirs = (read_log(one / "log-diffusion.jsonl") for one in (tmp_path, undisturbed))
    assert ours == theirs


def test_autoencoder_with_discriminator_resumes_bit_for_bit(
    figgen, simple_root, tmp_path, two_threads, monkeypatch
):
    settings = (
        "autoencoder.steps=7", "autoencoder.disc_start=3", "autoencoder.ocr_weight=0.5",
        "run.checkpoint_every=2",
    )  # fmt: skip
    train(figgen, simple_root, tmp_path / "a", "autoencoder", *settings)
    log = read_log(tmp_path / "a" / "log-autoencoder.jsonl")
    assert ["adversary" in one for one in log] == [False] * 3 + [True] * 4
    assert all("ocr" in one for one in log)

    class Crash(Exception):
        pass

    real = AutoencoderStage.step

    def step(self, batches, step, lr):
        if step == 5:
            raise Crash
        return real(self, batches, step, lr)

    monkeypatch.setattr(AutoencoderStage, "step", step)
    with pytest.raises(Crash):
        train(figgen, simple_root, tmp_path / "b", "autoencoder", *settings)
    monkeypatch.undo()
    train(figgen, simple_root, tmp_path / "b", "autoencoder", *settings, resume=True)
    assert_same(state_of(tmp_path / "b", "autoencoder"), state_of(tmp_path / "a", "autoencoder"))
