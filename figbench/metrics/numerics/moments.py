"""Mean and covariance in float64, one block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from figbench.metrics.numerics.blocks import BLOCK, Array, Rows, blocks


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


def mean_of(rows: Rows, block: int = BLOCK) -> Array:
    """Returns the mean (D,) of rows (n, D), n >= 1, summed in float64."""
    if not len(rows):
        raise ValueError("no rows")
    total = np.zeros(rows.shape[1])
    for _, part in blocks(rows, block):
        total += part.sum(axis=0, dtype=np.float64)
    return np.asarray(total / len(rows), np.float64)


def moments_of(rows: Rows, block: int = BLOCK) -> Moments:
    """Returns the moments of rows (n, D), n >= 1, read twice; memory is (block + 2 D) x D.

    Rows are centred before they are multiplied (the two-pass formula), which loses no digits to a
    mean that is large beside the spread.
    """
    mean = mean_of(rows, block)
    scatter = np.zeros((len(mean), len(mean)))
    for _, part in blocks(rows, block):
        centred = part.astype(np.float64)
        centred -= mean
        scatter += centred.T @ centred
    return Moments(len(rows), mean, scatter)
