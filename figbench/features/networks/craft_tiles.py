"""CRAFT's backbone on a CPU: Winograd convolutions on the tiles that differ from a blank page.

A position of a map depends on the pixels of its receptive field only. Where all of them are white
it has the value that a white page of the same size gives there, borders included. That page is
computed once; of an image only the other tiles are computed. Results equal those of
:class:`~figbench.features.networks.craft.CraftBackbone` up to rounding.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn

from figbench.features.engines.winograd import (
    TILE,
    BoolArray,
    Scratch,
    WinogradConvolution,
    active_tiles,
    widened,
)
from figbench.images.types import RGBImage

WHITE = 255
SIDE_MULTIPLE = 32
"""Sides that are multiples of it make whole tiles down to an eighth of the resolution; the few
layers below are then computed as a whole."""
MAX_BLANK_PIXELS = 640 * 640
"""Pixels of the blank pages that are held: 1.1 kB each."""
CHANNELS_LAST = torch.channels_last


@dataclass(frozen=True, slots=True)
class _Step:
    """A convolution, or the pooling of 2 x 2 positions.

    Attributes:
        layer: The module itself.
        convolution: The same by tiles; None for pooling.
        channels: Of the output.
        rectified: Whether a ReLU follows.
        is_map: Whether the output is one of the backbone's maps.
    """

    layer: nn.Module
    convolution: WinogradConvolution | None = None
    channels: int = 0
    rectified: bool = False
    is_map: bool = False


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
        self._last = slices[4]
        self._mean, self._std = torch.tensor(mean), torch.tensor(std)
        self._blanks: OrderedDict[tuple[int, int], list[torch.Tensor]] = OrderedDict()
        self._lock = threading.Lock()
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
        height, width = image.shape[:2]
        # Buffers outlive a call: all of them are made and changed in inference mode.
        with torch.inference_mode():
            if height * width > MAX_BLANK_PIXELS:
                maps = self._run(image, None, None)
            else:
                differs = (image != WHITE).any(axis=2)
                maps = self._run(image, differs, self._blank(height, width))
        return maps if torch.is_inference_mode_enabled() else [values.clone() for values in maps]

    def _blank(self, height: int, width: int) -> list[torch.Tensor]:
        with self._lock:
            if (height, width) not in self._blanks:
                outputs: list[torch.Tensor] = []
                self._run(np.full((height, width, 3), WHITE, np.uint8), None, None, outputs)
                self._blanks[height, width] = outputs
                while sum(h * w for h, w in self._blanks) > MAX_BLANK_PIXELS:
                    self._blanks.popitem(last=False)
            self._blanks.move_to_end((height, width))
            return self._blanks[height, width]

    def _run(
        self,
        image: RGBImage,
        active: BoolArray | None,
        blank: list[torch.Tensor] | None,
        record: list[torch.Tensor] | None = None,
    ) -> list[torch.Tensor]:
        """Returns the maps.

        Args:
            image: (h, w, 3).
            active: (h, w), pixels that differ from the blank page; None for all.
            blank: The convolutions' outputs for the blank page; None to compute every tile.
            record: Gets a copy of every convolution's output.
        """
        scratch: Scratch = self._of_thread.__dict__.setdefault("scratch", Scratch())
        maps = _bordered(scratch.get("first", image.shape[0] + 2, image.shape[1] + 2, 3))
        pixels = torch.from_numpy(np.ascontiguousarray(image)).float()
        maps[1:-1, 1:-1] = pixels.div_(255).sub_(self._mean).div_(self._std)
        results = []
        for number, step in enumerate(self._steps):
            height, width = maps.shape[0] - 2, maps.shape[1] - 2
            # Input and output alternate between two buffers.
            name = f"maps {number % 2}"
            if step.convolution is None:
                out = _bordered(scratch.get(name, height // 2 + 2, width // 2 + 2, maps.shape[2]))
                _pool(maps[1:-1, 1:-1], out[1:-1, 1:-1])
                if active is not None:
                    pooled = active.reshape(height // 2, 2, width // 2, 2)
                    active = np.asarray(pooled.any(axis=(1, 3)), np.bool_)
                maps = out
                if record is not None:
                    record.append(out[:0])
                continue
            shape = (height + 2, width + 2, step.channels)
            out = torch.empty(shape) if step.is_map else scratch.get(name, *shape)
            if height % TILE or width % TILE:
                values = step.layer(maps[1:-1, 1:-1].permute(2, 0, 1)[None])[0].permute(1, 2, 0)
                _bordered(out)[1:-1, 1:-1] = values.relu() if step.rectified else values
                tiles = None
            elif active is None or blank is None:
                tiles = torch.arange(height * width // TILE**2)
                _bordered(out)
            else:
                active = widened(active)
                tiles = active_tiles(active)
                out.copy_(blank[number])
            if tiles is not None:
                step.convolution(maps, tiles, out, step.rectified, scratch)
            maps = out
            if record is not None:
                record.append(out.clone())
            if step.is_map:
                results.append(out[1:-1, 1:-1].permute(2, 0, 1)[None])
        return [self._last(results[-1].contiguous(memory_format=CHANNELS_LAST)), *results[::-1]]


def _bordered(maps: torch.Tensor) -> torch.Tensor:
    """Sets the border of one position to zero and returns the tensor."""
    maps[0], maps[-1] = 0, 0
    maps[:, 0], maps[:, -1] = 0, 0
    return maps


def _pool(maps: torch.Tensor, out: torch.Tensor) -> None:
    """Writes the maxima of 2 x 2 positions of (h, w, c) maps."""
    torch.maximum(maps[::2, ::2], maps[::2, 1::2], out=out)
    torch.maximum(out, maps[1::2, ::2], out=out)
    torch.maximum(out, maps[1::2, 1::2], out=out)


def _steps(slices: list[nn.Module]) -> list[_Step]:
    steps = []
    for position, vgg_slice in enumerate(slices):
        layers = [layer for layer in vgg_slice.children() if not isinstance(layer, nn.Identity)]
        for index, layer in enumerate(layers):
            if isinstance(layer, nn.MaxPool2d):
                steps.append(_Step(layer))
            elif isinstance(layer, nn.Conv2d):
                is_last = index + 1 == len(layers)
                # The backbone applies the ReLU after each of the first three slices itself.
                rectified = position < 3 if is_last else isinstance(layers[index + 1], nn.ReLU)
                convolution = WinogradConvolution(layer)
                steps.append(_Step(layer, convolution, layer.out_channels, rectified, is_last))
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
