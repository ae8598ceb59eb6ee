"""Both stages learn, stop and resume; what goes wrong is said."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from figbench.errors import EXIT_INTERRUPTED, IntegrityError, UserError
from reference_models.figgen import loop
from reference_models.figgen.build import build_scheduler
from reference_models.figgen.checkpoint import latest, load_checkpoint
from reference_models.figgen.config import load_config
from reference_models.figgen.train_autoencoder import AutoencoderStage
from reference_models.figgen.train_diffusion import DiffusionStage
from tests.reference_models.conftest import read_log

TWO_THREADS = {**os.environ, "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


def train(figgen, root, out, stage="diffusion", *overrides, **more):
    return figgen.train(
        stage=stage, config="figgen-ci", data=str(root), out=out, quiet=True,
        overrides=["run.grid_every=0", *overrides], device="cpu", **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    from figbench.data.synthfig import synthesize

    root = tmp_path_factory.mktemp("eight") / "root"
    synthesize(root, 8, 2, 0.0, simple=True)
    return root


def mean_loss(records):
    return sum(one["loss"] for one in records) / len(records)


def test_autoencoder_overfits_eight_figures(figgen, eight, tmp_path):
    train(
        figgen, eight, tmp_path, "autoencoder", "autoencoder.steps=150", "autoencoder.lr=4e-3",
        "autoencoder.lr_schedule=cosine", "autoencoder.global_batch=8",
        "autoencoder.micro_batch=8", "run.checkpoint_every=1000",
    )  # fmt: skip
    log = read_log(tmp_path / "log-autoencoder.jsonl")
    assert mean_loss(log[-5:]) < 0.2 * log[0]["loss"]


def test_diffusion_finds_the_autoencoder_of_its_own_run(figgen, simple_root, trained, tmp_path):
    shutil.copytree(trained / "autoencoder", tmp_path / "run" / "autoencoder")
    made = train(figgen, simple_root, tmp_path / "run", "diffusion", "diffusion.steps=1")
    assert (made / "model_index.json").is_file()


def test_diffusion_overfits_eight_figures(figgen, eight, trained, tmp_path):
    train(
        figgen, eight, tmp_path, "diffusion", "diffusion.steps=250", "diffusion.lr=4e-3",
        "diffusion.lr_schedule=cosine", "diffusion.global_batch=8", "diffusion.micro_batch=8",
        "run.checkpoint_every=1000", autoencoder=trained,
    )  # fmt: skip
    log = read_log(tmp_path / "log-diffusion.jsonl")
    assert log[0]["loss"] > 0.8
    assert mean_loss(log[-40:]) < 0.5 * log[0]["loss"]


def state_of(out, stage):
    return torch.load(latest(Path(out) / "checkpoints" / stage) / "state.pt", weights_only=True)


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
from reference_models.figgen.train_diffusion import DiffusionStage

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
        capture_output=True, text=True, env=TWO_THREADS, timeout=120,
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


def test_accumulation_does_not_change_the_gradient(figgen, simple_root, trained, tmp_path):
    made = []
    for micro in (1, 4):
        out = tmp_path / str(micro)
        train(
            figgen, simple_root, out, "diffusion", "diffusion.steps=2",
            f"diffusion.micro_batch={micro}", autoencoder=trained,
        )  # fmt: skip
        made.append([one["loss"] for one in read_log(out / "log-diffusion.jsonl")])
    assert made[0] == pytest.approx(made[1], rel=1e-4)


def test_shares_of_the_processes_make_up_the_global_batch():
    def all_positions(world, micro_batch):
        steps = 12 // (world * micro_batch)
        return sorted(
            position
            for rank in range(world)
            for micro in range(steps)
            for position in loop.positions(
                5, micro, micro_batch=micro_batch, global_batch=12, rank=rank, world=world
            )
        )

    expected = list(range(60, 72))
    assert all(all_positions(w, m) == expected for w, m in ((1, 12), (1, 3), (2, 3), (4, 1)))


def test_latents_cached_or_not_give_the_same_run(figgen, simple_root, trained, tmp_path):
    losses = []
    for cached in ("true", "false"):
        out = tmp_path / cached
        train(
            figgen, simple_root, out, "diffusion", "diffusion.steps=2",
            f"diffusion.cache_latents={cached}", autoencoder=trained,
        )  # fmt: skip
        losses.append([one["loss"] for one in read_log(out / "log-diffusion.jsonl")])
    # The cache keeps half precision.
    assert losses[0] == pytest.approx(losses[1], rel=5e-3)
    assert list((tmp_path / "true" / "latents").rglob("*.safetensors"))
    assert not (tmp_path / "false" / "latents").exists()


def test_scale_is_measured_and_kept(trained, simple_root):
    from figbench import load_manifest
    from reference_models.figgen.artefact import load_pipeline, read_facts

    _, facts = read_facts(trained / "autoencoder", "autoencoder")
    assert facts["latents_measured"] == len(load_manifest(simple_root, split="train").figures)
    assert load_pipeline(trained)[0].vae.config.scaling_factor == facts["scaling_factor"]


def test_grids_are_written(trained):
    names = {path.name for path in (trained / "grids").glob("*.png")}
    assert names == {"autoencoder-00000004.png", "diffusion-00000004.png"}


def test_averages_are_what_is_sampled(figgen, simple_root, trained, tmp_path):
    """With a decay of 0 the average is the weights; with 1 - 1e-9 it stays near the start."""
    from reference_models.figgen.artefact import load_pipeline

    out = tmp_path / "run"
    train(
        figgen, simple_root, out, "diffusion", "diffusion.steps=3", "diffusion.ema_decay=0.0",
        autoencoder=trained,
    )  # fmt: skip
    saved = load_pipeline(out)[0].unet.state_dict()
    trained_weights = state_of(out, "diffusion")["denoiser"]
    for key, value in saved.items():
        torch.testing.assert_close(value, trained_weights[f"unet.{key}"])
    averaged = state_of(trained, "diffusion")
    pipeline = load_pipeline(trained)[0].unet.state_dict()
    assert any(not torch.equal(pipeline[k], averaged["denoiser"][f"unet.{k}"]) for k in pipeline)


def test_scores_while_training(figgen, simple_root, trained, tmp_path, monkeypatch):
    """The offline protocol is run on drawn figures; a fake result keeps this quick."""
    import figbench

    seen = {}

    class Metric:
        value = 0.5

    class Result:
        def __init__(self):
            self.metrics = {"label_f1": Metric()}

    def evaluate(generated, reference, output):
        from figbench import load_manifest

        seen["generated"] = load_manifest(generated).figures
        seen["reference"] = load_manifest(reference).figures
        return Result()

    monkeypatch.setattr(figbench, "evaluate", evaluate, raising=False)
    train(
        figgen, simple_root, tmp_path, "diffusion", "diffusion.steps=2", "run.evaluate_every=2",
        "run.evaluate_limit=3", autoencoder=trained,
    )  # fmt: skip
    ids = [one.figure_id for one in seen["generated"]]
    assert ids == [one.figure_id for one in seen["reference"]]
    assert len(ids) == 3
    assert {"step": 2, "label_f1": 0.5} in read_log(tmp_path / "log-diffusion.jsonl")


def test_tensorboard_gets_the_losses(figgen, simple_root, tmp_path):
    train(
        figgen, simple_root, tmp_path, "autoencoder", "autoencoder.steps=2",
        "run.trackers=[tensorboard]",
    )  # fmt: skip
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_target_is_what_the_sampler_expects(prediction):
    """The loss is zero for a network that gives noise, or sqrt(a) noise - sqrt(1 - a) latents."""
    config = load_config("figgen-ci", [f"noise.prediction={prediction}"])
    scheduler = build_scheduler(config.noise)
    moments = torch.cat([torch.randn(2, 4, 8, 8), torch.full((2, 4, 8, 8), -30.0)], dim=1)
    noise, t = torch.randn(2, 4, 8, 8), torch.tensor([10, 900])
    a = scheduler.alphas_cumprod[t].reshape(2, 1, 1, 1)
    latents = moments[:, :4]
    velocity = a.sqrt() * noise - (1 - a).sqrt() * latents
    answer = noise if prediction == "epsilon" else velocity
    stage = SimpleNamespace(
        _vae=SimpleNamespace(config=SimpleNamespace(scaling_factor=1.0)),
        _scheduler=scheduler,
        _config=config,
        _accelerator=SimpleNamespace(autocast=nullcontext),
        _network=lambda *_: answer,
    )
    batch = {
        "moments": moments, "posterior_noise": torch.zeros_like(noise), "noise": noise, "t": t,
        "ids": None, "mask": None, "figure_id": ["a", "b"],
    }  # fmt: skip
    assert float(DiffusionStage._loss(stage, batch, 0)) < 1e-10


def test_a_loss_that_is_not_finite_names_its_figure(figgen, simple_root, tmp_path, monkeypatch):
    from reference_models.figgen.train_autoencoder import Crops

    real = Crops.__getitem__
    bad = []

    def poisoned(self, position):
        item = real(self, position)
        if position == 5:
            bad.append(item["figure_id"])
            item["pixels"] = item["pixels"] * float("nan")
        return item

    monkeypatch.setattr(Crops, "__getitem__", poisoned)
    with pytest.raises(UserError) as caught:
        train(figgen, simple_root, tmp_path, "autoencoder")
    assert f"not finite at step 2, for {bad[0]}." in str(caught.value)


def test_out_of_memory_says_what_to_change(figgen, simple_root, trained, tmp_path, monkeypatch):
    def step(self, batches, step, lr):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(DiffusionStage, "step", step)
    with pytest.raises(UserError) as caught:
        train(figgen, simple_root, tmp_path, autoencoder=trained)
    assert "--set diffusion.micro_batch=1" in str(caught.value)
    assert "gradient_checkpointing" in str(caught.value)


def test_other_errors_are_not_called_out_of_memory(figgen, simple_root, tmp_path, monkeypatch):
    def step(self, batches, step, lr):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(AutoencoderStage, "step", step)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(figgen, simple_root, tmp_path, "autoencoder")


@pytest.mark.parametrize("error", ["DefaultCPUAllocator: can't allocate memory: 12 bytes"])
def test_memory_of_a_cpu_counts_too(error):
    assert loop.is_out_of_memory(RuntimeError(error))
    assert not loop.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_wrong_runs_are_refused(figgen, simple_root, trained, tmp_path):
    def refused(said, stage="diffusion", *overrides, out=tmp_path, **more):
        with pytest.raises(UserError) as caught:
            train(figgen, simple_root, out, stage, *overrides, **more)
        assert said in str(caught.value), str(caught.value)

    refused("needs a trained autoencoder")
    refused("no finished FigGen autoencoder there", autoencoder=tmp_path)
    refused("vae.norm_groups: 4 != 8", "diffusion", "vae.norm_groups=4", autoencoder=trained)
    refused("holds a run of stage diffusion already", out=trained, autoencoder=trained)
    refused(
        "config.diffusion.lr: 0.5 != 0.002", "diffusion", "diffusion.lr=0.5",
        out=trained, autoencoder=trained, resume=True,
    )  # fmt: skip
    refused("Did you mean 'diffusion'?", stage="difusion")
    refused("no figure is left", "autoencoder", "data.max_aspect=0.6")
    refused(
        "global_batch must be a multiple of micro_batch", "autoencoder", "autoencoder.micro_batch=3"
    )


def test_damaged_checkpoint_is_named(trained, tmp_path):
    import shutil

    found = latest(trained / "checkpoints" / "autoencoder")
    copy = tmp_path / found.name
    shutil.copytree(found, copy)
    whole = (copy / "state.pt").read_bytes()
    (copy / "state.pt").write_bytes(whole[: len(whole) // 2])
    import json

    facts = json.loads((copy / "training.json").read_text())
    facts.pop("step")
    with pytest.raises(IntegrityError, match="damaged checkpoint"):
        load_checkpoint(copy, facts)
    (copy / "training.json").write_text("{")
    with pytest.raises(IntegrityError, match="damaged checkpoint"):
        load_checkpoint(copy, facts)


def test_missing_loss_weights_say_what_to_do(figgen, simple_root, tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")
    with pytest.raises(UserError) as caught:
        train(figgen, simple_root, tmp_path, "autoencoder", "autoencoder.lpips_weight=0.2")
    assert "vgg16" in str(caught.value)
    assert "--set autoencoder.lpips_weight=0" in str(caught.value)
