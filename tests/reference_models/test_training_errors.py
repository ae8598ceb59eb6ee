"""Training that cannot go on says why, and what to change."""

import shutil

import pytest
import torch
from figbench_figgen import loop
from figbench_figgen.checkpoint import latest, load_checkpoint
from figbench_figgen.train_autoencoder import AutoencoderStage
from figbench_figgen.train_diffusion import DiffusionStage

from figbench.errors import IntegrityError, UserError
from tests.reference_models.conftest import train


def test_a_loss_that_is_not_finite_names_its_figure(figgen, simple_root, tmp_path, monkeypatch):
    from figbench_figgen.train_autoencoder import Crops

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
        "config.diffusion.weight_decay: 0.5 != 0.01", "diffusion", "diffusion.weight_decay=0.5",
        out=trained, autoencoder=trained, resume=True,
    )  # fmt: skip
    refused("Did you mean 'diffusion'?", stage="difusion")
    refused("no figure is left", "autoencoder", "data.max_aspect=0.6")
    refused(
        "global_batch must be a multiple of micro_batch", "autoencoder", "autoencoder.micro_batch=3"
    )


def test_damaged_checkpoint_is_named(trained, tmp_path):

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
