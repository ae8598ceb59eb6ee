"""Rows of a space as an array that stays on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open


class StoredRows:
    """Rows in an order of their own, read from their segments when they are asked for.

    Holds eight bytes a row. Indexing reads the rows that it names and nothing else: from every
    segment the span between the first and the last of them, one segment open at a time, so that
    rows that lie scattered cost some 25 microseconds each and no memory. ``numpy.asarray`` reads
    all of them.

    Args:
        paths: Segments.
        segments: Per row, place of its segment among ``paths``; shape (n,).
        places: Per row, its row within the segment; shape (n,).
        name: Which array of the segments.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        segments: npt.NDArray[np.int32],
        places: npt.NDArray[np.int32],
        name: str,
    ) -> None:
        self._paths, self._segments, self._places, self._name = paths, segments, places, name
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
        """Returns the rows of a slice, of row numbers or of a mask, in that order."""
        segments, places = self._segments[index], self._places[index]
        found = np.empty((len(segments), *self._width), self._dtype)
        for wanted in grouped(segments):
            found[wanted] = self._read(int(segments[wanted[0]]), places[wanted])
        return found

    def _read(self, segment: int, places: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
        first, last = int(places.min()), int(places.max())
        with safe_open(self._paths[segment], framework="numpy") as opened:
            span: npt.NDArray[Any] = opened.get_slice(self._name)[first : last + 1]
        return span[places - first]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("stored rows are always copied into an array")
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype, copy=False)


def _layout(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with safe_open(path, framework="numpy") as opened:
        row = opened.get_slice(name)[0:1]
    return row.shape[1:], row.dtype


def grouped(numbers: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int64]]:
    """Returns the positions of each distinct number, in order."""
    order = np.argsort(numbers, kind="stable")
    ends = np.flatnonzero(np.diff(numbers[order])) + 1
    return np.split(order, ends) if len(order) else []
