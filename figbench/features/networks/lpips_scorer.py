"""LPIPS of aligned pairs (Zhang et al., CVPR 2018), through the authors' package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lpips
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from figbench.features.engines.exact import exact_float32
from figbench.features.engines.torch_tools import load_state_dict, stack
from figbench.features.specs import LPIPS
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage


class Lpips:
    """LPIPS v0.1 with the VGG16 backbone; 0 for identical images, lower is better."""

    info = LPIPS.info

    def __init__(self, device: str, precision: str) -> None:
        self._network = load_lpips().to(device)
        self._device = device

    @torch.inference_mode()
    @exact_float32()
    def score(
        self, generated: Sequence[RGBImage], reference: Sequence[RGBImage]
    ) -> npt.NDArray[np.float64]:
        """Returns one distance per pair, shape (n,)."""
        first = stack(generated, self._device).float() / 127.5 - 1
        second = stack(reference, self._device).float() / 127.5 - 1
        scores: npt.NDArray[np.float64] = (
            self._network(first, second).double().flatten().cpu().numpy()
        )
        return scores


def load_lpips() -> Any:
    """Returns the frozen LPIPS module with torchvision's VGG16 from our verified weights.

    Raises:
        WeightsUnavailableError: If VGG16's weights are missing.
    """
    state = load_state_dict(require_weights("vgg16", metric="lpips"))
    network = lpips.LPIPS(net="vgg", pnet_rand=True, verbose=False)
    layers: dict[str, torch.Tensor] = {}
    for name, module in network.net.named_modules():
        if isinstance(module, nn.Conv2d):
            index = name.rsplit(".", 1)[-1]
            for parameter in ("weight", "bias"):
                layers[f"{name}.{parameter}"] = state[f"features.{index}.{parameter}"]
    network.net.load_state_dict(layers)
    return network.eval().requires_grad_(False)
