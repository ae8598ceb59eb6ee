"""Feature matrices that are read block by block, and random subsets of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Index = slice | npt.NDArray[np.intp]
Members = npt.NDArray[np.bool_]

BLOCK = 1024


class FeatureMatrix(Protocol):
    """A matrix (n, D) in memory (any 2-d array) or elsewhere (``figbench.store.StoredArray``).

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
    """Some rows of a matrix, in a given order, without a copy of them.

    Attributes:
        features: Shape (n, D).
        index: Row numbers, shape (k,).
    """

    features: FeatureMatrix
    index: npt.NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, ...]:
        """(k, D)."""
        return (len(self.index), *self.features.shape[1:])

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, index: Index, /) -> npt.NDArray[np.floating]:
        return self.features[self.index[index]]


def slices(n: int, block: int = BLOCK) -> list[slice]:
    """Returns slices of at most ``block`` that cover 0 to ``n``."""
    return [slice(start, min(start + block, n)) for start in range(0, n, block)]


def blocks(
    features: FeatureMatrix, block: int = BLOCK
) -> Iterator[tuple[slice, npt.NDArray[np.floating]]]:
    """Yields (slice, its features), ``block`` rows at a time."""
    for index in slices(len(features), block):
        yield index, features[index]


@dataclass(frozen=True, slots=True)
class Subsets:
    """Random subsets of both samples, each a column.

    Attributes:
        generated: Shape (n, subsets), True where a row belongs.
        reference: Shape (m, subsets).
        size: Rows of each side in a subset.
    """

    generated: Members
    reference: Members
    size: int


def draw_subsets(n: int, m: int, *, subsets: int, size: int, seed: int) -> Subsets:
    """Returns random subsets of both sides, equal to torch-fidelity's for the same seed.

    Args:
        n: Generated rows.
        m: Reference rows.
        subsets: Number of subsets.
        size: Rows of each side in a subset, at most min(n, m); drawn without replacement.
        seed: Of the subsets, 0 to 2**32 - 1.
    """
    rng = np.random.RandomState(seed)
    members = Subsets(np.zeros((n, subsets), np.bool_), np.zeros((m, subsets), np.bool_), size)
    for index in range(subsets):
        members.generated[rng.choice(n, size, replace=False), index] = True
        members.reference[rng.choice(m, size, replace=False), index] = True
    return members
