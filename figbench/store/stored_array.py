"""Records of a namespace as an array that stays on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open


class StoredArray:
    """Array of shape (n, ...) whose items are read from their segments when they are indexed.

    Holds eight bytes an item. Indexing reads the named items and nothing else: from every segment
    the span between the first and the last of them, one open segment at a time. Scattered items
    cost about 25 microseconds each and no memory. ``numpy.asarray`` reads all of them.

    Args:
        paths: Segments.
        segments: Index of each item's segment in ``paths``; shape (n,).
        indices: Index of each item within its segment; shape (n,).
        name: Name of the array in the segments.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        segments: npt.NDArray[np.int32],
        indices: npt.NDArray[np.int32],
        name: str,
    ) -> None:
        self._paths, self._segments, self._indices, self._name = paths, segments, indices, name
        self._width, self._dtype = _layout(paths[int(segments[0])], name)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ...), as of an array."""
        return (len(self), *self._width)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __len__(self) -> int:
        return len(self._segments)

    def __getitem__(self, index: slice | npt.NDArray[np.intp], /) -> npt.NDArray[Any]:
        """Returns the items of a slice, of indices or of a mask, in that order."""
        segments, indices = self._segments[index], self._indices[index]
        values = np.empty((len(segments), *self._width), self._dtype)
        for group in grouped(segments):
            values[group] = self._read(int(segments[group[0]]), indices[group])
        return values

    def _read(self, segment: int, indices: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
        first, last = int(indices.min()), int(indices.max())
        with safe_open(self._paths[segment], framework="numpy") as opened:
            span: npt.NDArray[Any] = opened.get_slice(self._name)[first : last + 1]
        return span[indices - first]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("a stored array is always copied")
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype, copy=False)


def _layout(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with safe_open(path, framework="numpy") as opened:
        first = opened.get_slice(name)[0:1]
    return first.shape[1:], first.dtype


def grouped(numbers: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int64]]:
    """Returns the positions of each distinct number, in order of the numbers.

    Args:
        numbers: Integers of shape (n,).

    Returns:
        One array of shape (k,) for each distinct number.
    """
    order = np.argsort(numbers, kind="stable")
    ends = np.flatnonzero(np.diff(numbers[order])) + 1
    return np.split(order, ends) if len(order) else []
