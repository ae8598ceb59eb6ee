"""3 x 3 convolutions on the tiles of an image that are not blank, by Winograd's algorithm.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), F(4 x 4, 3 x 3):
36 products give 16 outputs, for which direct arithmetic takes 144.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

BoolArray = npt.NDArray[np.bool_]

TILE = 4
"""Outputs on each side of a tile."""
PATCH = TILE + 2
"""Inputs on each side of a tile."""
CACHE_VALUES = 2**19
MIN_TILES = 128
"""Tiles are computed in parts whose values fit a processor's cache; smaller parts would read the
weights too often."""

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


class WinogradConvolution:
    """A convolution of 3 x 3, stride 1 and padding 1, for one image in float32 on the CPU.

    Args:
        layer: The convolution that it replaces.

    Raises:
        ValueError: If the layer is another kind of convolution.
    """

    def __init__(self, layer: nn.Conv2d) -> None:
        if not is_winograd(layer):
            raise ValueError(f"not a 3 x 3 convolution with stride and padding 1: {layer}")
        weights = layer.weight.detach().double()
        kernel = torch.tensor(_KERNEL, dtype=torch.float64)
        transformed = torch.einsum("ik,ockl,jl->ijco", kernel, weights, kernel)
        channels = transformed.shape[2:]
        self._weights = transformed.reshape(PATCH * PATCH, *channels).float().contiguous()
        bias = layer.bias
        self._bias = torch.zeros(channels[1]) if bias is None else bias.detach().float()
        self._at_once = max(MIN_TILES, CACHE_VALUES // (PATCH * PATCH * channels[0]))
        self._to_input = _square(_INPUT)
        self._to_output = _square(_OUTPUT)

    def __call__(
        self,
        padded: torch.Tensor,
        tiles: torch.Tensor,
        out: torch.Tensor,
        rectified: bool,
        scratch: Scratch,
    ) -> None:
        """Computes some tiles of the output.

        Args:
            padded: (h + 2, w + 2, c_in), contiguous, with a border of zeros; h and w are multiples
                of 4.
            tiles: Indices of tiles, counted along rows, shape (t,).
            out: (h + 2, w + 2, c_out), contiguous; gets the values of the tiles.
            rectified: Whether a ReLU follows, which is then applied.
            scratch: Memory of the calling thread.
        """
        line, channels = padded.shape[1:]
        across = (line - 2) // TILE
        flat, target = padded.view(-1, channels), out.view(-1, out.shape[2])
        for some in torch.split(tiles, self._at_once):
            count = len(some)
            corners = some // across * (TILE * line) + some % across * TILE
            index = (_offsets(PATCH, line)[:, None] + corners).view(-1)
            patches = scratch.get("patches", len(index), channels)
            torch.index_select(flat, 0, index, out=patches)
            shaped = scratch.get("shaped", PATCH * PATCH, count * channels)
            torch.mm(self._to_input, patches.view(PATCH * PATCH, -1), out=shaped)
            products = scratch.get("products", PATCH * PATCH, count, target.shape[1])
            torch.bmm(shaped.view(PATCH * PATCH, count, channels), self._weights, out=products)
            values = scratch.get("values", TILE * TILE, count * target.shape[1])
            torch.mm(self._to_output, products.view(PATCH * PATCH, -1), out=values)
            pixels = values.view(-1, target.shape[1]).add_(self._bias)
            if rectified:
                pixels.relu_()
            positions = _offsets(TILE, line)[:, None] + (corners + line + 1)
            target.index_copy_(0, positions.view(-1), pixels)


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


def active_tiles(active: BoolArray) -> torch.Tensor:
    """Returns the indices of tiles that contain an active position, shape (t,).

    Args:
        active: (h, w), sides multiples of 4.
    """
    height, width = active.shape
    tiles = active.reshape(height // TILE, TILE, width // TILE, TILE).any(axis=(1, 3))
    return torch.from_numpy(np.flatnonzero(tiles))


def widened(active: BoolArray) -> BoolArray:
    """Returns the positions whose 3 x 3 neighbourhood holds an active position, (h, w)."""
    vertical = active.copy()
    vertical[1:] |= active[:-1]
    vertical[:-1] |= active[1:]
    widened_mask = vertical.copy()
    widened_mask[:, 1:] |= vertical[:, :-1]
    widened_mask[:, :-1] |= vertical[:, 1:]
    return widened_mask


def _square(matrix: tuple[tuple[float, ...], ...]) -> torch.Tensor:
    """Returns the matrix that transforms rows and columns of a flattened tile at once."""
    line = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(line, line).float().contiguous()


@lru_cache(maxsize=32)
def _offsets(side: int, width: int) -> torch.Tensor:
    """Returns the offsets of a square of positions in a flattened map, shape (side * side,)."""
    line = torch.arange(side)
    return (line[:, None] * width + line[None, :]).reshape(-1)
