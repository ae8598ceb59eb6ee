"""Nearest-neighbour manifolds: which points of one sample lie within balls of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.blocks import BLOCK, Array, FeatureMatrix, slices
from figbench.metrics.numerics.moments import mean_of

ROUNDING = 1e-12
"""Squared distances below this share of the squared norms are equal points."""
TIE = 1e-10
"""Relative slack: a point that defines a radius lies on its ball in any order of summation."""


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
    """Covers of two samples by the nearest-neighbour balls of each other.

    Attributes:
        precision: Items generated figures, agents reference balls (closed).
        recall: Items reference figures, agents generated balls (closed).
        density: Items generated figures, agents reference balls (open).
        coverage: Items reference balls (open), agents the generated figures in them.
        repeated: Reference figures that equal another one.
        closed_off: Reference figures with at least k_density equal others; their open balls are
            always empty.
        closed: Squared radii of the reference's closed balls, shape (m,).
        open_: Squared radii of the reference's open balls, shape (m,).
        own: Squared radii of the generated figures' closed balls, shape (n,).
    """

    precision: Cover
    recall: Cover
    density: Cover
    coverage: Cover
    repeated: int
    closed_off: int
    closed: Array
    open_: Array
    own: Array

    def without(
        self, pairs: npt.NDArray[np.intp], generated: FeatureMatrix, reference: FeatureMatrix
    ) -> dict[str, Array]:
        """Returns the number of agents that cover each item when some pairs do not count.

        Args:
            pairs: Generated and reference row of each pair, shape (c, 2).
            generated: Features (n, D), those of the manifolds.
            reference: Features (m, D).

        Returns:
            Counts of ``precision`` (n,), ``recall`` (m,), ``density`` (n,), ``coverage`` (m,).
        """
        first, second = pairs[:, 0], pairs[:, 1]
        distances = np.empty(len(pairs))
        for chunk in slices(len(pairs)):
            x = np.asarray(generated[first[chunk]], np.float64)
            y = np.asarray(reference[second[chunk]], np.float64)
            distances[chunk] = np.square(x - y).sum(axis=1)
        in_closed = distances <= self.closed[second]
        in_own = distances <= self.own[first]
        in_open = distances < self.open_[second]
        n, m = len(self.own), len(self.closed)
        return {
            "precision": self.precision.counts - np.bincount(first, in_closed, n),
            "recall": self.recall.counts - np.bincount(second, in_own, m),
            "density": self.density.counts - np.bincount(first, in_open, n),
            "coverage": self.coverage.counts - np.bincount(second, in_open, m),
        }


class _CoverSums:
    """Collects covers from tiles of a (rows, columns) incidence."""

    def __init__(self, rows: int, columns: int) -> None:
        self.of_rows, self.of_columns = np.zeros(rows), np.zeros(columns)
        self._column_numbers, self._row_numbers = np.zeros(rows), np.zeros(columns)

    def add(self, rows: slice, columns: slice, inside: npt.NDArray[np.bool_]) -> None:
        """Adds one tile of the incidence."""
        counted = inside.astype(np.float64)
        self.of_rows[rows] += counted.sum(axis=1)
        self.of_columns[columns] += counted.sum(axis=0)
        # Where a single row is inside, the sum of row numbers is that row's number.
        self._row_numbers[columns] += np.arange(rows.start, rows.stop) @ counted
        self._column_numbers[rows] += counted @ np.arange(columns.start, columns.stop)

    def rows_by_columns(self) -> Cover:
        """Returns the cover of rows by columns."""
        sole = _sole(self._column_numbers, self.of_rows, len(self.of_columns))
        return Cover(self.of_rows, self.of_columns, sole)

    def columns_by_rows(self) -> Cover:
        """Returns the cover of columns by rows."""
        sole = _sole(self._row_numbers, self.of_columns, len(self.of_rows))
        return Cover(self.of_columns, self.of_rows, sole)


def _sole(numbers: Array, counts: Array, agents: int) -> Array:
    alone = numbers[counts == 1].astype(np.intp)
    return np.bincount(alone, minlength=agents).astype(np.float64)


def squared_distances(
    x: FeatureMatrix, y: FeatureMatrix, centre: Array, block: int = BLOCK
) -> Iterator[tuple[slice, slice, Array]]:
    """Yields squared Euclidean distances tile by tile.

    All tiles of the same rows of x follow one another. Both sides are centred and converted to
    float64 tile by tile: memory is (block + BLOCK) x D and block x BLOCK.

    Args:
        x: Shape (n, D).
        y: Shape (m, D).
        centre: Subtracted from both sides, shape (D,), which preserves digits.
        block: Rows of x in a tile.

    Yields:
        Rows of x, rows of y, and the distances between them, shape (rows of x, rows of y), float64,
        not negative; 0 for points that are equal up to rounding.
    """
    for rows in slices(len(x), block):
        first = x[rows] - centre
        own = np.square(first).sum(axis=1)[:, None]
        for columns in slices(len(y)):
            second = y[columns] - centre
            scale = own + np.square(second).sum(axis=1)
            distances = first @ second.T
            distances *= -2.0
            distances += scale
            distances[distances < ROUNDING * scale] = 0.0
            yield rows, columns, distances


def squared_radii(
    x: FeatureMatrix, ks: Sequence[int], centre: Array, block: int = BLOCK
) -> dict[int, Array]:
    """Returns the squared distance of every point to its k-th nearest neighbour.

    Args:
        x: Shape (n, D), n > k.
        ks: Numbers of neighbours; a point is not its own neighbour.
        centre: Subtracted from the points, shape (D,), which preserves digits.
        block: Rows in a tile.

    Returns:
        k to the squared distances, shape (n,), float64.
    """
    most = max(ks) + 1
    nearest = np.full((len(x), most), np.inf)
    for rows, columns, distances in squared_distances(x, x, centre, block):
        diagonal = np.arange(max(rows.start, columns.start), min(rows.stop, columns.stop))
        distances[diagonal - rows.start, diagonal - columns.start] = 0.0
        together = np.hstack([nearest[rows], distances])
        nearest[rows] = np.partition(together, most - 1, axis=1)[:, :most]
    nearest.sort(axis=1)
    return {k: nearest[:, k] for k in ks}


def manifolds(
    generated: FeatureMatrix,
    reference: FeatureMatrix,
    *,
    k_balls: int,
    k_density: int,
    block: int = BLOCK,
) -> Manifolds:
    """Returns the covers between two samples, each with more rows than neighbours.

    Args:
        generated: Shape (n, D).
        reference: Shape (m, D).
        k_balls: Neighbours of precision and recall.
        k_density: Neighbours of density and coverage.
        block: Rows at a time. Beyond the tiles of :func:`squared_distances`, memory grows by
            some 150 bytes a figure.
    """
    centre = mean_of(reference)
    radii = squared_radii(reference, (1, k_balls, k_density), centre, block)
    closed, open_ = radii[k_balls] * (1 + TIE), radii[k_density] * (1 - TIE)
    own = squared_radii(generated, (k_balls,), centre, block)[k_balls] * (1 + TIE)
    precision, recall, density = (_CoverSums(len(generated), len(reference)) for _ in range(3))
    for rows, columns, distances in squared_distances(generated, reference, centre, block):
        precision.add(rows, columns, distances <= closed[columns])
        recall.add(rows, columns, distances <= own[rows, None])
        density.add(rows, columns, distances < open_[columns])
    return Manifolds(
        precision.rows_by_columns(),
        recall.columns_by_rows(),
        density.rows_by_columns(),
        density.columns_by_rows(),
        int((radii[1] == 0).sum()),
        int((radii[k_density] == 0).sum()),
        closed,
        open_,
        own,
    )
