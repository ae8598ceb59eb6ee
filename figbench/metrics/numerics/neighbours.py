"""Nearest-neighbour manifolds: which points of one sample lie within balls of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.floating]

BLOCK = 512
ROUNDING = 1e-12
"""Squared distances below this share of the squared norms are equal points."""
TIE = 1e-10
"""Relative slack: a point that defines a radius lies on its ball whatever the summation order."""


@dataclass(frozen=True, slots=True)
class Manifolds:
    """Per-point verdicts.

    Attributes:
        precise: Generated points within some reference ball, shape (n,).
        dense: Share of k reference balls around each generated point: count / k, shape (n,).
        recalled: Reference points within some generated ball, shape (m,).
        covered: Reference points whose own ball holds a generated point, shape (m,).
    """

    precise: npt.NDArray[np.bool_]
    dense: Array
    recalled: npt.NDArray[np.bool_]
    covered: npt.NDArray[np.bool_]


def squared_distances(x: Array, y: Array, block: int = BLOCK) -> Iterator[tuple[slice, Array]]:
    """Yields (rows of x, squared distances of these to all of y), ``block`` rows at a time."""
    norms = np.square(y).sum(axis=1)
    for start in range(0, len(x), block):
        rows = slice(start, start + block)
        own = np.square(x[rows]).sum(axis=1)[:, None]
        scale = own + norms
        distances = x[rows] @ y.T
        distances *= -2.0
        distances += scale
        distances[distances < ROUNDING * scale] = 0.0
        yield rows, distances


def squared_radii(x: Array, ks: Sequence[int], block: int = BLOCK) -> dict[int, Array]:
    """Returns for each k the squared distance (n,) of every point to its k-th neighbour."""
    radii = {k: np.empty(len(x)) for k in ks}
    for rows, distances in squared_distances(x, x, block):
        index = np.arange(len(distances))
        distances[index, index + rows.start] = 0.0
        distances.partition(sorted(set(ks)), axis=1)
        for k in ks:
            radii[k][rows] = distances[:, k]
    return radii


def manifolds(
    generated: Features, reference: Features, *, k_balls: int, k_density: int, block: int = BLOCK
) -> Manifolds:
    """Returns the verdicts of both samples, (n, D) and (m, D), more rows than neighbours each.

    Args:
        generated: Shape (n, D).
        reference: Shape (m, D).
        k_balls: Neighbours of precision and recall.
        k_density: Neighbours of density and coverage.
        block: Rows at a time; memory is block x max(n, m).
    """
    centre = np.asarray(reference, np.float64).mean(axis=0)
    x = np.asarray(generated, np.float64) - centre
    y = np.asarray(reference, np.float64) - centre
    radii = squared_radii(y, (k_balls, k_density), block)
    closed, open_ = radii[k_balls] * (1 + TIE), radii[k_density] * (1 - TIE)
    own = squared_radii(x, (k_balls,), block)[k_balls] * (1 + TIE)
    precise, dense = np.zeros(len(x), np.bool_), np.zeros(len(x))
    recalled, nearest = np.zeros(len(y), np.bool_), np.full(len(y), np.inf)
    for rows, distances in squared_distances(x, y, block):
        precise[rows] = (distances <= closed).any(axis=1)
        dense[rows] = (distances < open_).sum(axis=1) / k_density
        recalled |= (distances <= own[rows, None]).any(axis=0)
        np.minimum(nearest, distances.min(axis=0), out=nearest)
    return Manifolds(precise, dense, recalled, nearest < open_)
