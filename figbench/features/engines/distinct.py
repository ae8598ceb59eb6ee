"""Which tiles of a map have equal inputs: keys of neighbourhoods, and indices into a table.

A figure is flat for the most part. A convolution gives equal outputs to equal inputs, so that a
tile needs to be computed once for all of its repetitions: of white and of coloured areas, and of
straight lines.

Every position of a map has a key of 64 bits: of its colour in the image, and below that of the
keys of the positions that it depends on. Positions of equal keys have equal values. That different
ones get equal keys has a probability of at most 1e-8 per image of 512 x 512.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.features.engines.winograd import PATCH, TILE
from figbench.images.types import RGBImage

Keys = npt.NDArray[np.uint64]
"""(h, w)."""
Indices = npt.NDArray[np.int64]

_FACTORS = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
        0x8EBC6AF09C88C6E3,
        0x589965CC75374CC3,
    ],
    np.uint64,
)
"""Odd numbers without a pattern."""
_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Tiles:
    """The distinct tiles of a map.

    Attributes:
        patches: Indices of the inputs of each distinct tile in the table of the map, (36, t).
        numbers: The distinct tile that each tile equals, (ceil(h / 4), ceil(w / 4)).
    """

    patches: Indices
    numbers: Indices

    def indices(self, height: int, width: int, side: int = TILE) -> Indices:
        """Returns the row of each position in the table of the outputs, (h + 2, w + 2).

        Position p of distinct tile u has row p * t + u. Row side * side * t, of zeros, is the
        border.

        Args:
            height: Of the map.
            width: Of the map.
            side: Positions on each side of a tile: 4, or 2 after pooling.
        """
        count = self.patches.shape[1]
        indices = np.full((height + 2, width + 2), side * side * count, np.int64)
        inside = np.arange(side * side).reshape(side, 1, side) * count
        all_indices = self.numbers[:, None, :, None] + inside
        across = self.numbers.shape[1] * side
        indices[1:-1, 1:-1] = all_indices.reshape(-1, across)[:height, :width]
        return indices


def distinct_tiles(neighbourhoods: Keys, indices: Indices) -> Tiles:
    """Returns the tiles of 4 x 4 outputs whose inputs differ.

    Args:
        neighbourhoods: Keys of the 3 x 3 inputs of each output, (h, w).
        indices: Row of each input in its table, (h + 2, w + 2); the last one is that of the border.
    """
    height, width = neighbourhoods.shape
    down, across = -(-height // TILE), -(-width // TILE)
    if (height, width) != (down * TILE, across * TILE):
        # Positions beyond the map are computed for whole tiles, and used by nothing.
        missing = ((0, down * TILE - height), (0, across * TILE - width))
        neighbourhoods = np.pad(neighbourhoods, missing)
        indices = np.pad(indices, missing, constant_values=indices[0, 0])
    # Four neighbourhoods of 3 x 3 make up the 6 x 6 inputs of a tile.
    keys = _combined(
        neighbourhoods[::TILE, ::TILE],
        neighbourhoods[::TILE, TILE - 1 :: TILE],
        neighbourhoods[TILE - 1 :: TILE, ::TILE],
        neighbourhoods[TILE - 1 :: TILE, TILE - 1 :: TILE],
    )
    _, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    line = indices.shape[1]
    corners = first // across * (TILE * line) + first % across * TILE
    offsets = np.arange(PATCH)[:, None] * line + np.arange(PATCH)
    patches = indices.reshape(-1)[offsets.reshape(-1, 1) + corners]
    return Tiles(patches, numbers.reshape(down, across))


def colour_keys(image: RGBImage) -> Keys:
    """Returns the keys of pixels, (h, w).

    Args:
        image: (h, w, 3), uint8.
    """
    red, green, blue = (image[:, :, channel].astype(np.uint64) for channel in range(3))
    # The border, which is not black, has key 0.
    return _mixed((red << np.uint64(16) | green << np.uint64(8) | blue) + np.uint64(1))


def neighbourhood_keys(keys: Keys) -> Keys:
    """Returns the keys of the 3 x 3 positions around each position, (h, w).

    Args:
        keys: Of positions, (h, w); those beyond the border have key 0.
    """
    lines = keys * _FACTORS[0]
    lines[:, 1:] += keys[:, :-1] * _FACTORS[1]
    lines[:, :-1] += keys[:, 1:] * _FACTORS[2]
    combined = lines * _FACTORS[3]
    combined[1:] += lines[:-1] * _FACTORS[4]
    combined[:-1] += lines[1:] * _FACTORS[5]
    return _mixed(combined)


def pooled_keys(keys: Keys) -> Keys:
    """Returns the keys of squares of 2 x 2 positions, (h // 2, w // 2)."""
    height, width = (side - side % 2 for side in keys.shape)
    even, odd = keys[:height:2], keys[1:height:2]
    return _combined(even[:, :width:2], even[:, 1:width:2], odd[:, :width:2], odd[:, 1:width:2])


def _combined(*components: Keys) -> Keys:
    total = components[0] * _FACTORS[0]
    for component, factor in zip(components[1:], _FACTORS[1:], strict=False):
        total += component * factor
    return _mixed(total)


def _mixed(keys: Keys) -> Keys:
    """Mixes the bits of keys, in place, so that sums of keys of several layers are independent."""
    keys ^= keys >> _HALF
    keys *= _FACTORS[6]
    keys ^= keys >> _HALF
    keys *= _FACTORS[7]
    keys ^= keys >> _HALF
    return keys
