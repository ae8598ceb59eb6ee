"""Mean and covariance in float64, one block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from figbench.metrics.numerics.blocks import BLOCK, Array, FeatureMatrix, blocks


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


def mean_of(features: FeatureMatrix, block: int = BLOCK) -> Array:
    """Returns the mean (D,) of features (n, D), n >= 1, summed in float64."""
    if not len(features):
        raise ValueError("no rows")
    total = np.zeros(features.shape[1])
    for _, chunk in blocks(features, block):
        total += chunk.sum(axis=0, dtype=np.float64)
    return np.asarray(total / len(features), np.float64)


def moments_of(features: FeatureMatrix, block: int = BLOCK) -> Moments:
    """Returns the moments of features (n, D), n >= 1, read twice; memory is (block + 2 D) x D.

    Rows are centred before they are multiplied (the two-pass formula), which loses no digits to a
    mean that is large relative to the spread.
    """
    mean = mean_of(features, block)
    scatter = np.zeros((len(mean), len(mean)))
    for _, chunk in blocks(features, block):
        centred = chunk.astype(np.float64)
        centred -= mean
        scatter += centred.T @ centred
    return Moments(len(features), mean, scatter)
