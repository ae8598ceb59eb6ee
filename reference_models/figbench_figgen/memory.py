"""Memory of a training step, counted on the meta device: no weight is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from figbench_figgen.build import build_figgen_unet, build_text, build_vae, is_unused
from figbench_figgen.config import FigGenConfig

BYTES = 4
"""Of a float32: weights, gradients, Adam's two moments and the average are float32."""


def estimate(config: FigGenConfig) -> dict[str, dict[str, int]]:
    """Returns the bytes of a training step of both stages, part by part.

    ``activations_per_figure`` are the tensors that the forward pass saves for the backward pass
    in float32, without gradient checkpointing and with plain attention; in bfloat16 it is about
    half, and fused attention saves less. ``total`` is for
    the stage's micro batch. Not counted: temporary buffers of single operations, the libraries
    themselves (a CUDA context takes about half a gigabyte), loss networks of the autoencoder.

    Args:
        config: A configuration.
    """
    with torch.device("meta"):
        vae, text, unet = build_vae(config), build_text(config.text), build_figgen_unet(config)
        side = config.autoencoder.crop or config.image_size
        pixels = torch.empty(1, 3, side, side)
        latents = torch.empty(1, config.vae.latent_channels, config.latent_size, config.latent_size)
        ids = torch.zeros(1, config.text.max_len, dtype=torch.int64)
        step = torch.zeros(1, dtype=torch.int64)

    def reconstruct() -> Any:
        posterior = vae.encode(pixels).latent_dist
        return vae.decode(posterior.mean + posterior.std).sample

    def denoise() -> Any:
        return unet(latents, step, encoder_hidden_states=text(ids)[0]).sample

    trained = [*_trainable(text), *_trainable(unet)]
    frozen = sum(parameter.numel() for parameter in vae.parameters()) * BYTES
    return {
        "autoencoder": _total(
            list(vae.parameters()), saved_bytes(reconstruct, vae.parameters()),
            config.autoencoder.micro_batch, average=False, frozen=0,
        ),
        "diffusion": _total(
            trained, saved_bytes(denoise, [*text.parameters(), *unet.parameters()]),
            config.diffusion.micro_batch, average=True, frozen=frozen,
        ),
    }  # fmt: skip


def saved_bytes(forward: Callable[[], Any], parameters: Iterable[nn.Parameter]) -> int:
    """Returns the bytes that a forward pass keeps for the backward pass, weights left out.

    Args:
        forward: Runs the networks, on any device.
        parameters: Their weights, which are saved too but are no activations.
    """
    weights = {parameter.untyped_storage()._cdata for parameter in parameters}
    storages: dict[int, Any] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            # Kept alive, so that no other storage gets its identity.
            storages[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()
    total = sum(storage.nbytes() for storage in storages.values())
    del result
    return int(total)


def _total(
    parameters: list[nn.Parameter],
    activations: int,
    micro_batch: int,
    *,
    average: bool,
    frozen: int,
) -> dict[str, int]:
    size = sum(parameter.numel() for parameter in parameters) * BYTES
    document = {
        "weights": size + frozen,
        "gradients": size,
        "optimiser": 2 * size,
        "average": size if average else 0,
        "activations_per_figure": activations,
    }
    states = sum(document.values()) - activations
    return {**document, "states": states, "total": states + micro_batch * activations}


def _trainable(network: nn.Module) -> list[nn.Parameter]:
    return [parameter for name, parameter in network.named_parameters() if not is_unused(name)]
