"""Feature rows that are read block by block: what a formula asks of an array, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Index = slice | npt.NDArray[np.intp]

BLOCK = 1024


class Rows(Protocol):
    """Rows (n, D) that lie in memory (any 2-d array) or elsewhere (``figbench.store.StoredArray``).

    Indexing with a slice or with row numbers returns an array of these rows in that order.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, D)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Index, /) -> npt.NDArray[np.floating]: ...


@dataclass(frozen=True, slots=True)
class Picked:
    """Some rows of others, in a given order, without a copy of them.

    Attributes:
        rows: Shape (n, D).
        index: Row numbers, shape (k,).
    """

    rows: Rows
    index: npt.NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, ...]:
        """(k, D)."""
        return (len(self.index), *self.rows.shape[1:])

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: Index, /) -> npt.NDArray[np.floating]:
        return self.rows[self.index[index]]


def slices(n: int, block: int = BLOCK) -> list[slice]:
    """Returns slices of at most ``block`` that cover 0 to ``n``."""
    return [slice(start, min(start + block, n)) for start in range(0, n, block)]


def blocks(rows: Rows, block: int = BLOCK) -> Iterator[tuple[slice, npt.NDArray[np.floating]]]:
    """Yields (place, rows of that place), ``block`` rows at a time."""
    for place in slices(len(rows), block):
        yield place, rows[place]
