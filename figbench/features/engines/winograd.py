"""3 x 3 convolutions on the tiles of one image, by Winograd's algorithm or as one product.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), F(4 x 4, 3 x 3):
36 products give 16 outputs, for which direct arithmetic takes 144.

A map is a table with the values of its positions, and tiles are given by the numbers of their rows
in it: tiles may share positions, and no map is written that only the next convolution reads.
"""

from __future__ import annotations

import math

import torch
from torch import nn

TILE = 4
"""Outputs on each side of a tile."""
PATCH = TILE + 2
"""Inputs on each side of a tile."""
CACHE_VALUES = 2**19
MIN_TILES = 128
"""Tiles are computed in parts whose values fit a processor's cache; smaller parts would read the
weights too often."""
WINOGRAD_CHANNELS = 16
"""With fewer inputs the transforms cost more than the products that they save."""
TRANSFORM_VALUES = 2**20
"""Values of a kernel that are transformed at a time."""

_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
_CONSTANT = PATCH + 1
"""The product that the output transform adds to all 16 outputs with weight 1."""


class WinogradConvolution:
    """A convolution of 3 x 3, stride 1 and padding 1, for one image in float32 on the CPU.

    Args:
        layer: The convolution that it replaces.

    Raises:
        ValueError: If the layer is another kind of convolution.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        _require_suitable(layer)
        self.channels = layer.out_channels
        self._weights = _transformed(layer.weight.detach())
        self._bias = _bias(layer)
        self._at_once = max(MIN_TILES, CACHE_VALUES // (PATCH * PATCH * layer.in_channels))
        self._to_input = _square(_INPUT)
        self._to_output = _square(_OUTPUT)

    def __call__(
        self,
        table: torch.Tensor,
        patches: torch.Tensor,
        out: torch.Tensor,
        rectified: bool,
        scratch: Scratch,
    ) -> None:
        """Computes tiles.

        Args:
            table: Values of the positions of the input, (rows, c_in), contiguous.
            patches: Rows of the inputs of each tile, (36, t), int64.
            out: Gets the outputs of each tile, (16, t, c_out), contiguous.
            rectified: Whether a ReLU follows, which is then applied.
            scratch: Memory of the calling thread.
        """
        channels, start = table.shape[1], 0
        for index in patches.tensor_split(-(-patches.shape[1] // self._at_once), dim=1):
            count = index.shape[1]
            values = scratch.get("patches", PATCH * PATCH * count, channels)
            torch.index_select(table, 0, index.reshape(-1), out=values)
            shaped = scratch.get("shaped", PATCH * PATCH, count * channels)
            torch.mm(self._to_input, values.view(PATCH * PATCH, -1), out=shaped)
            products = scratch.get("products", PATCH * PATCH, count, self.channels)
            torch.bmm(shaped.view(PATCH * PATCH, count, channels), self._weights, out=products)
            products[_CONSTANT].add_(self._bias)
            some = out.view(TILE * TILE, -1)[
                :, start * self.channels : (start + count) * self.channels
            ]
            torch.mm(self._to_output, products.view(PATCH * PATCH, -1), out=some)
            if rectified:
                some.relu_()
            start += count


class ProductConvolution:
    """As :class:`WinogradConvolution`, by direct arithmetic, for few channels.

    Args:
        layer: The convolution that it replaces.

    Raises:
        ValueError: If the layer is another kind of convolution.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        _require_suitable(layer)
        self.channels = layer.out_channels
        weights = layer.weight.detach().float().permute(2, 3, 1, 0)
        self._weights = weights.reshape(-1, self.channels).contiguous()
        self._bias = _bias(layer)
        tile, kernel = torch.arange(TILE), torch.arange(3)
        line = tile[:, None] + kernel
        inputs = line[:, None, :, None] * PATCH + line[None, :, None, :]
        self._inputs = inputs.reshape(TILE * TILE, 9)

    def __call__(
        self,
        table: torch.Tensor,
        patches: torch.Tensor,
        out: torch.Tensor,
        rectified: bool,
        scratch: Scratch,
    ) -> None:
        """See :meth:`WinogradConvolution.__call__`."""
        for inputs, outputs in zip(self._inputs, out, strict=True):
            index = patches[inputs].t().reshape(-1)
            values = scratch.get("patches", len(index), table.shape[1])
            torch.index_select(table, 0, index, out=values)
            torch.addmm(self._bias, values.view(len(outputs), -1), self._weights, out=outputs)
            if rectified:
                outputs.relu_()


TileConvolution = WinogradConvolution | ProductConvolution


def tile_convolution(layer: nn.Conv2d) -> TileConvolution:
    """Returns the faster form of a convolution.

    Raises:
        ValueError: If it is not 3 x 3 with stride and padding 1.
    """
    few = layer.in_channels < WINOGRAD_CHANNELS
    return ProductConvolution(layer) if few else WinogradConvolution(layer)


class Scratch:
    """Memory that one thread uses again: fresh pages cost as much as the arithmetic on them."""

    def __init__(self) -> None:
        self._buffers: dict[str, torch.Tensor] = {}

    def get(self, name: str, *shape: int) -> torch.Tensor:
        """Returns a contiguous float32 tensor of a shape, with undefined values."""
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.numel() < size:
            buffer = self._buffers[name] = torch.empty(size)
        return buffer[:size].view(shape)


def is_winograd(layer: nn.Module) -> bool:
    """Says whether :class:`WinogradConvolution` can replace a layer."""
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.padding == (1, 1)
        and layer.dilation == (1, 1)
        and layer.groups == 1
    )


def _require_suitable(layer: nn.Conv2d) -> None:
    if not is_winograd(layer):
        raise ValueError(f"not a 3 x 3 convolution with stride and padding 1: {layer}")


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    bias = layer.bias
    return torch.zeros(layer.out_channels) if bias is None else bias.detach().float()


def _transformed(weights: torch.Tensor) -> torch.Tensor:
    """Returns a kernel for the products, (36, c_in, c_out), float32; computed in float64.

    Args:
        weights: (c_out, c_in, 3, 3).
    """
    kernel = torch.tensor(_KERNEL, dtype=torch.float64)
    both = torch.kron(kernel, kernel)
    taps = weights.permute(2, 3, 1, 0).reshape(9, -1)
    transformed = torch.empty(PATCH * PATCH, taps.shape[1])
    for start in range(0, taps.shape[1], TRANSFORM_VALUES // (PATCH * PATCH)):
        chunk = slice(start, start + TRANSFORM_VALUES // (PATCH * PATCH))
        transformed[:, chunk] = both @ taps[:, chunk].double()
    return transformed.view(PATCH * PATCH, weights.shape[1], weights.shape[0])


def _square(matrix: tuple[tuple[float, ...], ...]) -> torch.Tensor:
    """Returns the matrix that transforms rows and columns of a flattened tile at once."""
    line = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(line, line).float().contiguous()
