"""Memory of a training step: counted without weights, equal to what a real pass keeps."""

import pytest
import torch
from figbench_figgen.build import build_figgen_unet, build_text, build_vae
from figbench_figgen.config import load_config
from figbench_figgen.memory import estimate, saved_bytes
from torch.nn.attention import SDPBackend, sdpa_kernel


@pytest.fixture(scope="module")
def config():
    return load_config("figgen-ci")


def test_activations_are_those_of_a_real_pass(config):
    """The same networks on the CPU keep the same number of bytes for the backward pass."""
    text, unet = build_text(config.text), build_figgen_unet(config)
    side = config.latent_size
    ids = torch.zeros(1, config.text.max_len, dtype=torch.int64)

    def denoise():
        latents = torch.zeros(1, config.vae.latent_channels, side, side)
        return unet(latents, torch.zeros(1), encoder_hidden_states=text(ids)[0]).sample

    # On the meta device attention is the plain one, whose weights are kept.
    with sdpa_kernel(SDPBackend.MATH):
        real = saved_bytes(denoise, [*text.parameters(), *unet.parameters()])
    counted = estimate(config)["diffusion"]["activations_per_figure"]
    assert counted == pytest.approx(real, rel=0.1)


def test_states_follow_from_the_parameters(config):
    document = estimate(config)
    vae = sum(one.numel() for one in build_vae(config).parameters())
    assert document["autoencoder"]["states"] == 4 * 4 * vae
    diffusion = document["diffusion"]
    trained = diffusion["gradients"]
    assert diffusion["optimiser"] == 2 * trained
    assert diffusion["average"] == trained
    assert diffusion["weights"] == trained + 4 * vae
    batch = config.diffusion.micro_batch
    assert diffusion["total"] == (diffusion["states"] + batch * diffusion["activations_per_figure"])


def test_more_figures_take_proportionally_more():
    one, two = (
        estimate(load_config("figgen-ci", [f"diffusion.micro_batch={n}",
                                           f"diffusion.global_batch={n}"]))["diffusion"]
        for n in (1, 2)
    )  # fmt: skip
    assert two["total"] - one["total"] == one["activations_per_figure"]
