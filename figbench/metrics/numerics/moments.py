"""Mean and covariance in float64, one block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.floating]

BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Moments:
    """Sufficient statistics of a sample.

    Attributes:
        count: Number of rows.
        mean: Shape (D,).
        scatter: Sum of outer products of the centred rows, shape (D, D).
    """

    count: int
    mean: Array
    scatter: Array

    @property
    def covariance(self) -> Array:
        """Unbiased covariance, shape (D, D); needs two rows."""
        return self.scatter / (self.count - 1)

    def merge(self, other: Moments) -> Moments:
        """Returns the moments of both samples together (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        shift = other.mean - self.mean
        mean = self.mean + shift * (other.count / count)
        weight = self.count * other.count / count
        scatter = self.scatter + other.scatter + weight * np.outer(shift, shift)
        return Moments(count, mean, scatter)


def moments_of(features: Features, block: int = BLOCK) -> Moments:
    """Returns the moments of ``features`` (n, D); float32 rows are widened block by block."""
    total: Moments | None = None
    for start in range(0, len(features), block):
        rows = features[start : start + block].astype(np.float64)
        mean = rows.mean(axis=0)
        rows -= mean
        part = Moments(len(rows), mean, rows.T @ rows)
        total = part if total is None else total.merge(part)
    if total is None:
        raise ValueError("no rows")
    return total
