"""Unit maps of one image: what OCR-SIM compares, small enough to keep."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch

Embedding = tuple[torch.Tensor, ...]
"""Maps (h, w, c), float32, each position of unit length over channels."""

EPS = 1e-10
_LEVEL = 1
"""Zstandard level 1 suffices: white areas give equal positions (12 instead of 65 MB at 512 px)."""


def embed(maps: Sequence[torch.Tensor]) -> Embedding:
    """Returns the maps (1, c, h, w) of one image at unit length over channels."""
    return tuple(_unit(values[0].permute(1, 2, 0)) for values in maps)


def _unit(features: torch.Tensor) -> torch.Tensor:
    features = features.float()
    length = torch.linalg.vector_norm(features, dim=-1, keepdim=True)
    unit: torch.Tensor = features / (length + EPS)
    return unit


def distance(first: Embedding, second: Embedding) -> float:
    """Returns the squared distances summed over channels and maps, averaged over space.

    Args:
        first: Of one image.
        second: Of another image of its size.
    """
    total = 0.0
    for first_map, second_map in zip(first, second, strict=True):
        difference = first_map - second_map
        squares = torch.linalg.vector_norm(difference, dim=-1).square_()
        total += float(squares.mean(dtype=torch.float64))
    return total


def to_bytes(embedding: Embedding) -> bytes:
    """Returns the embedding compressed: a line of JSON with the shapes, then the data."""
    data = b"".join(values.contiguous().numpy().tobytes() for values in embedding)
    header = json.dumps([list(values.shape) for values in embedding]).encode() + b"\n"
    packed: bytes = pa.Codec("zstd", compression_level=_LEVEL).compress(data, asbytes=True)
    return header + packed


def from_bytes(payload: bytes) -> Embedding:
    """Returns what :func:`to_bytes` was given."""
    header, _, data = payload.partition(b"\n")
    shapes = [tuple(shape) for shape in json.loads(header)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    size = 4 * sum(sizes)
    # The copy can be written to, which PyTorch asks of an array that it takes.
    values = np.frombuffer(pa.Codec("zstd").decompress(data, size, asbytes=True), np.float32).copy()
    blocks = np.split(values, np.cumsum(sizes)[:-1])
    return tuple(
        torch.from_numpy(block.reshape(shape)) for block, shape in zip(blocks, shapes, strict=True)
    )
