"""Fine-tuning: training that starts from trained weights."""

import pytest
import torch
from safetensors.torch import load_file

from figbench.errors import UserError
from tests.reference_models.conftest import train


def weights(folder, part):
    (path,) = (folder / part).glob("*.safetensors") if part else folder.glob("*.safetensors")
    return load_file(path)


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_diffusion_starts_from_a_run(figgen, simple_root, trained, tmp_path):
    """A step of rate 0 leaves text encoder, U-Net, vocabulary and autoencoder as they were."""
    made = train(
        figgen, simple_root, tmp_path / "run", "diffusion", "diffusion.steps=1",
        "diffusion.lr=0.0", init_from=trained,
    )  # fmt: skip
    for part in ("unet", "text_encoder", "vae"):
        assert same(weights(made, part), weights(trained / "pipeline", part)), part
    other = trained / "pipeline" / "tokenizer" / "tokenizer.json"
    assert (made / "tokenizer" / "tokenizer.json").read_text() == other.read_text()


def test_without_it_weights_are_random(figgen, simple_root, trained, tmp_path):
    made = train(
        figgen, simple_root, tmp_path / "run", "diffusion", "diffusion.steps=1",
        "diffusion.lr=0.0", autoencoder=trained,
    )  # fmt: skip
    assert not same(weights(made, "unet"), weights(trained / "pipeline", "unet"))


@pytest.mark.parametrize("inner", ["", "pipeline"])
def test_autoencoder_starts_from_a_run_or_a_pipeline(figgen, simple_root, trained, tmp_path, inner):
    made = train(
        figgen, simple_root, tmp_path / "run", "autoencoder", "autoencoder.steps=1",
        "autoencoder.lr=0.0", init_from=trained / inner,
    )  # fmt: skip
    assert same(weights(made, ""), weights(trained / "autoencoder", ""))


def test_another_configuration_is_refused(figgen, simple_root, trained, tmp_path):
    with pytest.raises(UserError, match=r"text\.layers"):
        train(
            figgen, simple_root, tmp_path / "run", "diffusion", "text.layers=4",
            init_from=trained,
        )  # fmt: skip


def test_missing_weights_are_named(figgen, simple_root, tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        train(figgen, simple_root, tmp_path / "run", "diffusion", init_from=tmp_path / "nothing")
