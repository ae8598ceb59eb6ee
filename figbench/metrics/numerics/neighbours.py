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
class Cover:
    """Which items are covered, and by how many agents.

    Attributes:
        counts: Agents that cover each item, shape (items,).
        load: Items that each agent covers, shape (agents,).
        sole: Items that no other agent covers, shape (agents,).
    """

    counts: Array
    load: Array
    sole: Array

    @property
    def covered(self) -> Array:
        """1 where an item is covered, else 0; shape (items,)."""
        return (self.counts > 0).astype(np.float64)

    def agent_influence(self) -> Array:
        """Influence (agents,) of each agent on the share of covered items, radii held fixed."""
        return np.asarray(self.sole * (len(self.sole) / len(self.counts)), np.float64)


@dataclass(frozen=True, slots=True)
class Manifolds:
    """Who lies in whose ball.

    Attributes:
        precision: Items generated figures, agents reference balls (closed).
        recall: Items reference figures, agents generated balls (closed).
        density: Items generated figures, agents reference balls (open).
        coverage: Items reference balls (open), agents the generated figures in them.
    """

    precision: Cover
    recall: Cover
    density: Cover
    coverage: Cover


class _CoverSums:
    """Collects covers from blocks of a (rows, columns) incidence."""

    def __init__(self, rows: int, columns: int) -> None:
        self.of_rows, self.of_columns = np.zeros(rows), np.zeros(columns)
        self._last_column, self._row_numbers = np.zeros(rows, np.intp), np.zeros(columns)

    def add(self, rows: slice, inside: npt.NDArray[np.bool_]) -> None:
        """Adds rows of the incidence, each with all of its columns."""
        self.of_rows[rows] = inside.sum(axis=1)
        self._last_column[rows] = inside.argmax(axis=1)
        self.of_columns += inside.sum(axis=0)
        # Where one row alone is inside, the sum of row numbers is that row's number.
        self._row_numbers += np.arange(rows.start, rows.start + len(inside)) @ inside

    def rows_by_columns(self) -> Cover:
        """Returns the cover of rows by columns."""
        alone = self._last_column[self.of_rows == 1]
        sole = np.bincount(alone, minlength=len(self.of_columns)).astype(np.float64)
        return Cover(self.of_rows, self.of_columns, sole)

    def columns_by_rows(self) -> Cover:
        """Returns the cover of columns by rows."""
        alone = self._row_numbers[self.of_columns == 1].astype(np.intp)
        sole = np.bincount(alone, minlength=len(self.of_rows)).astype(np.float64)
        return Cover(self.of_columns, self.of_rows, sole)


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
    """Returns the covers between samples (n, D) and (m, D), more rows than neighbours each.

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
    precision, recall, density = (_CoverSums(len(x), len(y)) for _ in range(3))
    for rows, distances in squared_distances(x, y, block):
        precision.add(rows, distances <= closed)
        recall.add(rows, distances <= own[rows, None])
        density.add(rows, distances < open_)
    return Manifolds(
        precision.rows_by_columns(),
        recall.columns_by_rows(),
        density.rows_by_columns(),
        density.columns_by_rows(),
    )
