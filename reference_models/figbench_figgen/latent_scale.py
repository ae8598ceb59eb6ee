"""The scale of the latents: one number, or zero mean and unit variance in every channel."""

from __future__ import annotations

from typing import Any

import torch

from figbench_figgen.figures import FigureSet
from figbench_figgen.rng import generator

LATENTS_FOR_SCALE = 2000
SMALLEST_STD = 1e-6


@torch.no_grad()
def measure_channels(
    vae: Any, figures: FigureSet, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Returns the mean and the standard deviation of every latent channel.

    Args:
        vae: The trained autoencoder.
        figures: Up to 2,000 of them are encoded.
        device: Where the autoencoder is.

    Returns:
        Mean (channels,) and standard deviation (channels,), float64, and the number of figures.
    """
    count = min(LATENTS_FOR_SCALE, len(figures))
    total = squares = torch.zeros(vae.config.latent_channels, dtype=torch.float64)
    n = 0
    for index in range(count):
        posterior = vae.encode(figures.padded(index)[None].to(device)).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator(0, "scale", index))
        latents = (posterior.mean + posterior.std * noise.to(device)).double().cpu()[0]
        total = total + latents.sum(dim=(1, 2))
        squares = squares + latents.square().sum(dim=(1, 2))
        n += latents[0].numel()
    mean = total / n
    std = (squares / n - mean.square()).clamp_min(SMALLEST_STD**2).sqrt()
    return mean, std, count


def common_scale(mean: torch.Tensor, std: torch.Tensor) -> float:
    """Returns 1 / std over all channels together, the usual ``scaling_factor``.

    Args:
        mean: Of every channel, (channels,).
        std: Of every channel, (channels,).
    """
    second = (std.square() + mean.square()).mean()
    variance = float(second - mean.mean().square())
    return float(max(variance, SMALLEST_STD**2) ** -0.5)


@torch.no_grad()
def normalise_channels(vae: Any, mean: torch.Tensor, std: torch.Tensor) -> None:
    """Rewrites the two 1 x 1 convolutions around the latents; reconstructions stay.

    The latent z of every channel becomes (z - mean) / std: ``quant_conv`` divides, and
    ``post_quant_conv`` multiplies again.

    Args:
        vae: ``AutoencoderKL``; changed in place.
        mean: Of every channel, (channels,).
        std: Of every channel, (channels,), positive.
    """
    into, out_of = vae.quant_conv, vae.post_quant_conv
    kind, device = into.weight.dtype, into.weight.device
    mean, std = mean.to(device, torch.float64), std.to(device, torch.float64)
    count = len(mean)
    weight, bias = into.weight.double(), into.bias.double()
    weight[:count] /= std[:, None, None, None]
    bias[:count] = (bias[:count] - mean) / std
    bias[count:] -= 2 * std.log()
    back, offset = out_of.weight.double(), out_of.bias.double()
    offset = offset + back[:, :, 0, 0] @ mean
    back = back * std[None, :, None, None]
    for layer, new_weight, new_bias in ((into, weight, bias), (out_of, back, offset)):
        layer.weight.copy_(new_weight.to(kind))
        layer.bias.copy_(new_bias.to(kind))
