"""Tools of the torch networks: safe loading, frozen state, batches on a device."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from figbench.errors import IntegrityError
from figbench.images.types import RGBImage


def load_state_dict(path: Path) -> dict[str, Any]:
    """Returns a state dict from a verified file; never unpickles code.

    Raises:
        IntegrityError: If the file is no plain state dict.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise IntegrityError(f"{path}: not a plain PyTorch weight file ({error}).") from None
    if not isinstance(state, dict):
        raise IntegrityError(f"{path}: not a state dict.")
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}


def freeze(network: nn.Module, device: str, precision: str) -> nn.Module:
    """Returns the network in eval mode without gradients, channels last.

    Args:
        network: Any module.
        device: A torch device.
        precision: ``float32`` or ``bfloat16``.
    """
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    network = network.eval().requires_grad_(False)
    return network.to(device=device, dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def stack(images: Sequence[RGBImage], device: str) -> torch.Tensor:
    """Returns uint8 images of one size as a (n, 3, h, w) uint8 tensor on a device."""
    batch = torch.from_numpy(np.stack(images))
    if device.startswith("cuda"):
        # From pinned memory the copy runs beside whatever the GPU is computing.
        batch = batch.pin_memory().to(device, non_blocking=True)
    return batch.permute(0, 3, 1, 2).to(device)


def fold_batch_norm(network: nn.Module) -> None:
    """Folds every BatchNorm that follows a convolution inside a Sequential into it, in place."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        names = list(module._modules)
        for first, second in itertools.pairwise(names):
            convolution, norm = module._modules[first], module._modules[second]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                fused = torch.nn.utils.fuse_conv_bn_eval(convolution, norm)
                module._modules[first] = fused
                module._modules[second] = nn.Identity()


def to_numpy(tensor: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns a float32 array on the CPU, of the shape of the tensor."""
    return tensor.detach().to(device="cpu", dtype=torch.float32).numpy()
