"""CRAFT's backbone on a CPU: Winograd convolutions on the tiles of an image that differ.

A position of a map depends on the pixels of its receptive field only. Tiles of equal receptive
fields, such as white areas, have equal values and are computed once. Results equal those of
:class:`~figbench.features.networks.craft.CraftBackbone` up to rounding.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn

from figbench.features.engines.dilated import DilatedConvolution
from figbench.features.engines.distinct import (
    Indices,
    Keys,
    Tiles,
    colour_keys,
    distinct_tiles,
    neighbourhood_keys,
    pooled_keys,
)
from figbench.features.engines.winograd import TILE, Scratch, TileConvolution, tile_convolution
from figbench.images.types import RGBImage

SIDE_MULTIPLE = 32
"""Sides that are multiples of it make whole tiles down to an eighth of the resolution."""
POOLED = TILE // 2


@dataclass(frozen=True, slots=True)
class _Step:
    """A convolution, or the pooling of 2 x 2 positions.

    Attributes:
        convolution: By tiles; None for pooling.
        rectified: Whether a ReLU follows.
        is_map: Whether the output is one of the backbone's maps.
    """

    convolution: TileConvolution | None = None
    rectified: bool = False
    is_map: bool = False


@dataclass(frozen=True, slots=True)
class _Map:
    """Values of a map, with repetitions stored once.

    Attributes:
        table: (n, c); the last row is zero.
        indices: Row of each position, (h + 2, w + 2), with a border of zeros.
        keys: Of each position, (h, w); positions of equal keys have equal values.
        tiles: Whose outputs the table holds.
    """

    table: torch.Tensor
    indices: Indices
    keys: Keys
    tiles: Tiles | None = None

    def dense(self) -> torch.Tensor:
        """Returns the values of all positions, (1, c, h, w), in memory of their own."""
        index = torch.from_numpy(self.indices[1:-1, 1:-1].reshape(-1))
        values = self.table.index_select(0, index)
        return values.view(1, *self.keys.shape, -1).permute(0, 3, 1, 2)


class TiledBackbone:
    """A folded CRAFT backbone for single images in float32 on the CPU; safe for threads.

    Args:
        slices: The five slices of :class:`~figbench.features.networks.craft.CraftBackbone`, folded.
        mean: Of the normalisation, per channel.
        std: Of the normalisation, per channel.
    """

    def __init__(
        self, slices: nn.ModuleList, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        self._steps = _steps(list(slices)[:4])
        self._pool, dilated, self._pointwise = slices[4].children()
        self._dilated = DilatedConvolution(dilated)  # type: ignore[arg-type]
        self._mean, self._std = torch.tensor(mean), torch.tensor(std)
        self._of_thread = threading.local()

    @staticmethod
    def takes(image: RGBImage) -> bool:
        """Says whether the sides of an image suit the tiles."""
        return not (image.shape[0] % SIDE_MULTIPLE or image.shape[1] % SIDE_MULTIPLE)

    def __call__(self, image: RGBImage) -> list[torch.Tensor]:
        """Returns the five maps of an image, deepest first, each (1, c, h, w).

        Args:
            image: (h, w, 3) RGB, uint8, sides multiples of 32.
        """
        # Buffers outlive a call: all of them are made and changed in inference mode.
        with torch.inference_mode():
            scratch: Scratch = self._of_thread.__dict__.setdefault("scratch", Scratch())
            current = self._pixels(image, scratch)
            maps = []
            for number, step in enumerate(self._steps):
                # Input and output alternate between two buffers.
                current = _computed(step, current, f"table {number % 2}", scratch)
                if step.is_map:
                    maps.append(current.dense())
            pooled = self._pool(maps[-1])[0].permute(1, 2, 0)
            deepest = self._dilated(pooled).permute(2, 0, 1)[None]
            maps = [self._pointwise(deepest), *maps[::-1]]
        return maps if torch.is_inference_mode_enabled() else [values.clone() for values in maps]

    def _pixels(self, image: RGBImage, scratch: Scratch) -> _Map:
        height, width = image.shape[:2]
        count = height * width
        table = scratch.get("pixels", count + 1, 3)
        pixels = table[:-1]
        pixels.numpy()[:] = image.reshape(-1, 3)
        pixels.div_(255).sub_(self._mean).div_(self._std)
        table[-1] = 0
        indices = np.full((height + 2, width + 2), count, np.int64)
        indices[1:-1, 1:-1] = np.arange(count).reshape(height, width)
        return _Map(table, indices, colour_keys(image))


def _computed(step: _Step, current: _Map, name: str, scratch: Scratch) -> _Map:
    """Returns the map that a step makes, in a buffer of a name."""
    if step.convolution is None:
        return _pooled(current, name, scratch)
    keys = neighbourhood_keys(current.keys)
    tiles = distinct_tiles(keys, current.indices)
    count, channels = tiles.patches.shape[1], step.convolution.channels
    table = scratch.get(name, TILE * TILE * count + 1, channels)
    out = table[:-1].view(TILE * TILE, count, channels)
    patches = torch.from_numpy(tiles.patches)
    step.convolution(current.table, patches, out, step.rectified, scratch)
    table[-1] = 0
    return _Map(table, tiles.indices(*keys.shape), keys, tiles)


def _pooled(current: _Map, name: str, scratch: Scratch) -> _Map:
    """Returns the maxima of 2 x 2 positions, in a buffer of a name."""
    if current.tiles is None:
        raise ValueError("only outputs of a convolution are pooled")
    channels = current.table.shape[1]
    values = current.table[:-1].view(POOLED, 2, POOLED, 2, -1)
    table = scratch.get(name, len(current.table) // 4 + 1, channels)
    out = table[:-1].view(POOLED, POOLED, -1)
    torch.maximum(values[:, 0, :, 0], values[:, 0, :, 1], out=out)
    torch.maximum(out, values[:, 1, :, 0], out=out)
    torch.maximum(out, values[:, 1, :, 1], out=out)
    table[-1] = 0
    keys = pooled_keys(current.keys)
    height, width = keys.shape
    return _Map(table, current.tiles.indices(height, width, POOLED), keys)


def _steps(slices: list[nn.Module]) -> list[_Step]:
    steps = []
    for position, vgg_slice in enumerate(slices):
        layers = [layer for layer in vgg_slice.children() if not isinstance(layer, nn.Identity)]
        for index, layer in enumerate(layers):
            if isinstance(layer, nn.MaxPool2d):
                steps.append(_Step())
            elif isinstance(layer, nn.Conv2d):
                is_last = index + 1 == len(layers)
                # The backbone applies the ReLU after each of the first three slices itself.
                rectified = position < 3 if is_last else isinstance(layers[index + 1], nn.ReLU)
                steps.append(_Step(tile_convolution(layer), rectified, is_last))
    return steps


_tiled: WeakKeyDictionary[nn.Module, TiledBackbone] = WeakKeyDictionary()
_making = threading.Lock()


def tiled(backbone: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> TiledBackbone:
    """Returns the tiled form of a backbone, the same object while the backbone lives.

    Args:
        backbone: A folded ``CraftBackbone``, float32, on the CPU.
        mean: Of the normalisation.
        std: Of the normalisation.
    """
    with _making:
        if backbone not in _tiled:
            slices = backbone.slices
            _tiled[backbone] = TiledBackbone(slices, mean, std)  # type: ignore[arg-type]
        return _tiled[backbone]
