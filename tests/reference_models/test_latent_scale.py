"""Latents of unit variance: the autoencoder around them must draw the same figures."""

from __future__ import annotations

import torch
from figbench_figgen.build import build_vae, seeded
from figbench_figgen.config import load_config
from figbench_figgen.latent_scale import common_scale, normalise_channels


def test_normalised_channels_keep_the_reconstruction() -> None:
    vae = seeded(3, lambda: build_vae(load_config("figgen-ci"))).eval()
    pixels = torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        before = vae.encode(pixels).latent_dist
        drawn = vae.decode(before.mean).sample
        mean = before.mean.double().mean(dim=(0, 2, 3))
        std = (before.mean.double() - mean[None, :, None, None]).square().mean((0, 2, 3)).sqrt()
        normalise_channels(vae, mean, std)
        after = vae.encode(pixels).latent_dist
    assert after.mean.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    assert (after.mean.std(dim=(0, 2, 3), correction=0) - 1).abs().max() < 1e-4
    # The spread of the posterior is measured in the new unit.
    expected = before.std / std.float()[None, :, None, None]
    assert torch.allclose(after.std, expected, rtol=1e-4)
    with torch.no_grad():
        assert torch.allclose(vae.decode(after.mean).sample, drawn, atol=1e-4)


def test_one_scale_is_over_all_channels() -> None:
    latents = torch.stack([torch.randn(4000) * 2 + 1, torch.randn(4000) - 3]).double()
    mean, std = latents.mean(dim=1), latents.std(dim=1, correction=0)
    assert abs(common_scale(mean, std) - 1 / float(latents.std(correction=0))) < 1e-9
