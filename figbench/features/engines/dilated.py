"""Dilated 3 x 3 convolutions of small maps: no products with the zeros beyond the border."""

from __future__ import annotations

import torch
from torch import nn


class DilatedConvolution:
    """A convolution of 3 x 3 with stride 1 and a padding that equals its dilation.

    Each of the nine taps is one matrix product over the positions at which it lies on the map. Of
    a map of 16 x 16 and a dilation of 6, which CRAFT has, these are 56% of what a convolution with
    padding computes.

    Args:
        layer: The convolution that it replaces.

    Raises:
        ValueError: If the layer is another kind of convolution.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        regular = (layer.kernel_size, layer.stride, layer.groups) == ((3, 3), (1, 1), 1)
        if not regular or layer.padding != layer.dilation or len(set(layer.dilation)) > 1:
            raise ValueError(f"not a 3 x 3 convolution with a padding of its dilation: {layer}")
        weights = layer.weight.detach().float().permute(2, 3, 1, 0)
        self._weights = weights.contiguous()
        bias = layer.bias
        self._bias = torch.zeros(layer.out_channels) if bias is None else bias.detach().float()
        self._dilation = layer.dilation[0]

    def __call__(self, maps: torch.Tensor) -> torch.Tensor:
        """Returns the outputs, (h, w, c_out).

        Args:
            maps: (h, w, c_in), float32.
        """
        height, width, channels = maps.shape
        centre = torch.addmm(self._bias, maps.reshape(-1, channels), self._weights[1, 1])
        outputs = centre.view(height, width, -1)
        shifts = (-self._dilation, 0, self._dilation)
        for first, down in enumerate(shifts):
            for second, across in enumerate(shifts):
                if not (down or across) or abs(down) >= height or abs(across) >= width:
                    continue
                inputs = _overlap(maps, down, across)
                products = inputs.reshape(-1, channels) @ self._weights[first, second]
                _overlap(outputs, -down, -across).add_(products.view(*inputs.shape[:2], -1))
        return outputs


def _overlap(maps: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """Returns the part of a map (h, w, c) that remains after a shift up and to the left."""
    height, width = maps.shape[:2]
    vertical = slice(max(0, down), height + min(0, down))
    horizontal = slice(max(0, across), width + min(0, across))
    return maps[vertical, horizontal]
