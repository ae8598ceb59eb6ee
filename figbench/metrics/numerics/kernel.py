"""Squared maximum mean discrepancy under the cubic polynomial kernel, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.blocks import BLOCK, Array, Rows, slices
from figbench.statistics.influence import jackknife_influence

ROW_BLOCKS = 2
"""Height of a tile of the kernel in blocks: halves how often the other side is read again."""
Members = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Subsets:
    """Random subsets of both samples, one a column.

    Attributes:
        generated: Shape (n, subsets), True where a row belongs.
        reference: Shape (m, subsets).
        size: Rows of each side in a subset.
    """

    generated: Members
    reference: Members
    size: int


def draw_subsets(n: int, m: int, *, subsets: int, size: int, seed: int) -> Subsets:
    """Returns subsets of ``size`` of n and m rows: those of torch-fidelity for the same seed."""
    rng = np.random.RandomState(seed)
    drawn = Subsets(np.zeros((n, subsets), np.bool_), np.zeros((m, subsets), np.bool_), size)
    for index in range(subsets):
        drawn.generated[rng.choice(n, size, replace=False), index] = True
        drawn.reference[rng.choice(m, size, replace=False), index] = True
    return drawn


@dataclass(frozen=True, slots=True)
class KernelSums:
    """Kernel sums of two samples; the diagonal (a row with itself) is left out.

    Attributes:
        generated: Row sums within the generated side, shape (n,).
        reference: Row sums within the reference side, shape (m,).
        across_generated: Sums of each generated row over the reference, shape (n,).
        across_reference: Sums of each reference row over the generated, shape (m,).
        subsets: The estimate on each subset that was asked for, shape (subsets,).
    """

    generated: Array
    reference: Array
    across_generated: Array
    across_reference: Array
    subsets: Array

    @property
    def value(self) -> float:
        """The unbiased estimate of MMD^2; may be negative."""
        n, m = len(self.generated), len(self.reference)
        within = self.generated.sum() / (n * (n - 1)) + self.reference.sum() / (m * (m - 1))
        return float(within - 2.0 * self.across_generated.sum() / (n * m))

    def influences(self) -> tuple[Array, Array]:
        """Returns the jackknife influence of each row of both sides; needs three rows each."""
        mine = _left_out(self.generated, self.across_generated, len(self.reference))
        theirs = _left_out(self.reference, self.across_reference, len(self.generated))
        return jackknife_influence(mine), jackknife_influence(theirs)


def _left_out(within: Array, across: Array, others: int) -> Array:
    """Returns the delete-1 values (n,) up to the part that no deletion on this side changes."""
    n = len(within)
    own = (within.sum() - 2.0 * within) / ((n - 1) * (n - 2))
    return np.asarray(own - 2.0 * (across.sum() - across) / ((n - 1) * others))


def polynomial_kernel(
    x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """Returns (x.y / D + 1)^3 in float32, shape (n, m)."""
    kernel = np.asarray(x, np.float32) @ np.asarray(y, np.float32).T
    kernel *= np.float32(1.0 / x.shape[1])
    kernel += np.float32(1.0)
    cube = kernel * kernel
    cube *= kernel
    return np.asarray(cube, np.float32)


def kernel_sums(
    generated: Rows, reference: Rows, block: int = BLOCK, subsets: Subsets | None = None
) -> KernelSums:
    """Returns all sums that the estimate, its jackknife and its subsets need.

    Every entry of the kernel is computed once. The sum over a subset is that of the entries whose
    row and column both belong: with 0/1 columns M and N it is the diagonal of M^T K N, so that all
    subsets together cost one product in float64 with as many columns. Memory is a few times
    2 block x block and block x D, and a byte per row and subset.
    """
    none = np.zeros((0, 0), np.bool_)
    mine, theirs = (subsets.generated, subsets.reference) if subsets else (none, none)
    across, across_reference, between = _across(generated, reference, mine, theirs, block)
    own, own_subsets = _within(generated, mine, block)
    other, other_subsets = _within(reference, theirs, block)
    size = subsets.size if subsets else 2
    estimates = (own_subsets + other_subsets) / (size * (size - 1)) - 2.0 * between / size**2
    return KernelSums(own, other, across, across_reference, estimates)


def _across(
    generated: Rows, reference: Rows, mine: Members, theirs: Members, block: int
) -> tuple[Array, Array, Array]:
    """Returns row sums (n,), column sums (m,) and the sum over each subset."""
    rows_of, columns_of = np.zeros(len(generated)), np.zeros(len(reference))
    chosen = np.zeros(mine.shape[1])
    for rows in slices(len(generated), ROW_BLOCKS * block):
        features = generated[rows]
        for columns in slices(len(reference), block):
            tile = _tile(features, reference[columns], mine[rows], theirs[columns])
            rows_of[rows] += tile[0]
            columns_of[columns] += tile[1]
            chosen += tile[2]
    return rows_of, columns_of, chosen


def _within(features: Rows, members: Members, block: int) -> tuple[Array, Array]:
    """Returns row sums (n,) without the diagonal and the sum over each subset."""
    sums, chosen = np.zeros(len(features)), np.zeros(members.shape[1])
    for rows in slices(len(features), ROW_BLOCKS * block):
        own = features[rows]
        # Columns of these very rows and of those after them: what lies below is the mirror.
        for columns in slices(len(features), block)[rows.start // block :]:
            inside = columns.start < rows.stop
            diagonal = columns.start - rows.start if inside else None
            tile = _tile(own, features[columns], members[rows], members[columns], diagonal)
            sums[rows] += tile[0]
            if not inside:
                sums[columns] += tile[1]
            chosen += tile[2] if inside else 2.0 * tile[2]
    return sums, chosen


def _tile(
    x: npt.NDArray[np.floating],
    y: npt.NDArray[np.floating],
    rows: Members,
    columns: Members,
    diagonal: int | None = None,
) -> tuple[Array, Array, Array]:
    """Returns row sums, column sums and the sum over each subset of one tile of the kernel.

    Args:
        x: Shape (r, D).
        y: Shape (c, D).
        rows: Which of x belong to each subset, shape (r, subsets) or empty.
        columns: Which of y do.
        diagonal: The row of x that is row 0 of y, the following ones alike: left out.
    """
    kernel = polynomial_kernel(x, y).astype(np.float64)
    if diagonal is not None:
        np.fill_diagonal(kernel[diagonal:], 0.0)
    chosen = np.zeros(rows.shape[1])
    if rows.size:
        chosen = np.einsum("rs,rs->s", rows, kernel @ columns.astype(np.float64))
    return kernel.sum(axis=1), kernel.sum(axis=0), chosen


def kernel_distance(generated: Rows, reference: Rows) -> float:
    """Returns the unbiased kernel distance of (n, d) and (m, d) features."""
    return kernel_sums(generated, reference).value
