"""Squared maximum mean discrepancy under the cubic polynomial kernel, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.blocks import BLOCK, Array, FeatureMatrix, Members, Subsets, slices
from figbench.metrics.numerics.matches import Indices, MatchedSums, Matches
from figbench.statistics.influence import jackknife_influence

ROW_BLOCKS = 2
"""Height of a tile of the kernel in blocks: halves how often the other side is read again."""


@dataclass(frozen=True, slots=True)
class KernelSums:
    """Kernel sums of two samples; the diagonal (a row with itself) is left out.

    Attributes:
        generated: Row sums within the generated side, shape (n,).
        reference: Row sums within the reference side, shape (m,).
        across_generated: Sums of each generated row over the reference, shape (n,).
        across_reference: Sums of each reference row over the generated, shape (m,).
        subsets: The estimate on each requested subset, shape (subsets,).
        matched: The pairs that the estimate leaves out; None for independent sets.
    """

    generated: Array
    reference: Array
    across_generated: Array
    across_reference: Array
    subsets: Array
    matched: MatchedSums | None = None

    @property
    def value(self) -> float:
        """The unbiased estimate of MMD^2 without matched pairs; may be negative."""
        within, across = self._generated_side()
        n, m = len(self.generated), len(self.reference)
        pairs = n * (n - 1) - self._count("within_counts")
        cross = n * m - self._count("across_generated_counts")
        own = within.sum() / pairs + self.reference.sum() / (m * (m - 1))
        return float(own - 2.0 * across.sum() / cross)

    @property
    def value_of_all_pairs(self) -> float:
        """The estimate over all pairs, which is unbiased for independent sets only."""
        n, m = len(self.generated), len(self.reference)
        within = self.generated.sum() / (n * (n - 1)) + self.reference.sum() / (m * (m - 1))
        return float(within - 2.0 * self.across_generated.sum() / (n * m))

    def influences(self) -> tuple[Array, Array]:
        """Returns the jackknife influence of each row of both sides.

        Returns:
            Influences of the generated rows, shape (n,), and of the reference rows, shape (m,),
            with n >= 3 and m >= 3.
        """
        n, m = len(self.generated), len(self.reference)
        matched = self.matched
        within, across = self._generated_side()
        others = self.across_reference
        partners, pairs, agents = np.full(n, n - 1.0), np.full(n, float(m)), np.full(m, float(n))
        if matched is not None:
            others = others - matched.across_reference
            partners = partners - matched.within_counts
            pairs = pairs - matched.across_generated_counts
            agents = agents - matched.across_reference_counts
        generated = _left_out(within, partners, across, pairs)
        reference = _left_out(self.reference, np.full(m, m - 1.0), others, agents)
        return jackknife_influence(generated), jackknife_influence(reference)

    def unit_influences(self, units: Indices) -> tuple[Array, Indices]:
        """Returns the jackknife influence of each unit: a reference with its generated rows.

        Needs matched sums. All pairs within a unit are left out of the estimate, so that its
        deletion is exact.

        Args:
            units: Unit of each generated row, shape (n,): the reference row, or a negative number.

        Returns:
            The influences, shape (units,), and the number of each unit.
        """
        matched = self.matched
        if matched is None:
            raise ValueError("the sets have no matched rows")
        n, m = len(self.generated), len(self.reference)
        numbers, codes = np.unique(np.concatenate([units, np.arange(m)]), return_inverse=True)

        def total(generated: Array | None, reference: Array | None) -> Array:
            first = np.zeros(n) if generated is None else generated
            second = np.zeros(m) if reference is None else reference
            return np.asarray(np.bincount(codes, np.concatenate([first, second])), np.float64)

        within, across = self._generated_side()
        partners, pairs = n - 1 - matched.within_counts, m - matched.across_generated_counts
        agents = n - matched.across_reference_counts
        own = (within.sum() - 2 * total(within, None)) / (
            partners.sum() - 2 * total(partners, None)
        )
        other = (self.reference.sum() - 2 * total(None, self.reference)) / (
            m * (m - 1) - 2 * total(None, np.full(m, m - 1.0))
        )
        between = (
            across.sum() - total(across, self.across_reference - matched.across_reference)
        ) / (pairs.sum() - total(pairs, agents))
        left_out = own + other - 2.0 * between
        return jackknife_influence(left_out), numbers

    def _generated_side(self) -> tuple[Array, Array]:
        if self.matched is None:
            return self.generated, self.across_generated
        return (
            self.generated - self.matched.within,
            self.across_generated - self.matched.across_generated,
        )

    def _count(self, name: str) -> float:
        return 0.0 if self.matched is None else float(getattr(self.matched, name).sum())


def _left_out(within: Array, partners: Array, across: Array, pairs: Array) -> Array:
    """Returns the delete-1 values (n,) up to the component that no deletion on this side changes.

    Args:
        within: Sum of each row over its own side, shape (n,).
        partners: Number of rows in that sum, shape (n,).
        across: Sum of each row over the other side, shape (n,).
        pairs: Number of rows in that sum, shape (n,).
    """
    own = (within.sum() - 2.0 * within) / (partners.sum() - 2.0 * partners)
    other = (across.sum() - across) / (pairs.sum() - pairs)
    return np.asarray(own - 2.0 * other, np.float64)


def polynomial_kernel(
    x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """Returns (x.y / D + 1)^3 in float32, shape (n, m)."""
    first, second = np.asarray(x, np.float32), np.asarray(y, np.float32)
    if np.may_share_memory(first, second):
        # NumPy multiplies an array by its own transpose with another BLAS routine, which rounds
        # differently: rows read from a store twice would give another number than an array.
        second = second.copy()
    kernel = first @ second.T
    kernel *= np.float32(1.0 / x.shape[1])
    kernel += np.float32(1.0)
    cube = kernel * kernel
    cube *= kernel
    return np.asarray(cube, np.float32)


def kernel_sums(
    generated: FeatureMatrix,
    reference: FeatureMatrix,
    block: int = BLOCK,
    subsets: Subsets | None = None,
    matches: Matches | None = None,
) -> KernelSums:
    """Returns all sums that the estimate, its jackknife and its subsets need.

    Every entry of the kernel is computed once. The sum over a subset is that of the entries whose
    row and column both belong: with 0/1 columns M and N it is the diagonal of M^T K N, so that all
    subsets together cost one product in float64 with as many columns. Memory is a few times
    2 block x block and block x D, and a byte per row and subset.

    Args:
        generated: Shape (n, D), n >= 2.
        reference: Shape (m, D), m >= 2.
        block: Rows at a time.
        subsets: Of both sides; they use all pairs, as other tools do.
        matches: Rows that are not independent; their pairs are left out of the estimate.
    """
    none = np.zeros((0, 0), np.bool_)
    generated_members, reference_members = (
        (subsets.generated, subsets.reference) if subsets else (none, none)
    )
    across, across_reference, between = _across(
        generated, reference, generated_members, reference_members, block
    )
    own, own_subsets = _within(generated, generated_members, block)
    other, other_subsets = _within(reference, reference_members, block)
    size = subsets.size if subsets else 2
    estimates = (own_subsets + other_subsets) / (size * (size - 1)) - 2.0 * between / size**2
    matched = _matched(generated, reference, matches) if matches and matches.any else None
    return KernelSums(own, other, across, across_reference, estimates, matched)


def _matched(
    generated: FeatureMatrix, reference: FeatureMatrix, matches: Matches
) -> MatchedSums | None:
    """Returns None where nearly every pair is matched, so that no estimate would remain."""
    n, m = len(generated), len(reference)
    first, second = matches.within[:, 0], matches.within[:, 1]
    generated_index, reference_index = matches.across[:, 0], matches.across[:, 1]
    partners = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
    across = np.bincount(generated_index, minlength=n), np.bincount(reference_index, minlength=m)
    remaining = n * (n - 1) - partners.sum() - 2 * (n - 1 - partners).max(initial=0)
    if (
        remaining <= 0
        or n * m - len(generated_index) - max(m - across[0].min(), n - across[1].min()) <= 0
    ):
        return None
    inside = _pair_kernels(generated, generated, first, second)
    between = _pair_kernels(generated, reference, generated_index, reference_index)
    return MatchedSums(
        np.asarray(np.bincount(first, inside, n) + np.bincount(second, inside, n), np.float64),
        partners.astype(np.float64),
        np.asarray(np.bincount(generated_index, between, n), np.float64),
        across[0].astype(np.float64),
        np.asarray(np.bincount(reference_index, between, m), np.float64),
        across[1].astype(np.float64),
    )


def _pair_kernels(x: FeatureMatrix, y: FeatureMatrix, x_index: Indices, y_index: Indices) -> Array:
    """Returns the kernel of x[x_index[p]] and y[y_index[p]] for each pair p."""
    kernels = np.empty(len(x_index))
    for chunk in slices(len(x_index)):
        first = np.asarray(x[x_index[chunk]], np.float32)
        second = np.asarray(y[y_index[chunk]], np.float32)
        base = np.einsum("ij,ij->i", first, second) / np.float32(first.shape[1]) + 1.0
        kernels[chunk] = base.astype(np.float64) ** 3
    return kernels


def _across(
    generated: FeatureMatrix,
    reference: FeatureMatrix,
    generated_members: Members,
    reference_members: Members,
    block: int,
) -> tuple[Array, Array, Array]:
    """Returns row sums (n,), column sums (m,) and the sum over each subset."""
    generated_sums, reference_sums = np.zeros(len(generated)), np.zeros(len(reference))
    subset_sums = np.zeros(generated_members.shape[1])
    for rows in slices(len(generated), ROW_BLOCKS * block):
        features = generated[rows]
        for columns in slices(len(reference), block):
            tile = _tile(
                features, reference[columns], generated_members[rows], reference_members[columns]
            )
            generated_sums[rows] += tile[0]
            reference_sums[columns] += tile[1]
            subset_sums += tile[2]
    return generated_sums, reference_sums, subset_sums


def _within(features: FeatureMatrix, members: Members, block: int) -> tuple[Array, Array]:
    """Returns row sums (n,) without the diagonal and the sum over each subset."""
    sums, subset_sums = np.zeros(len(features)), np.zeros(members.shape[1])
    for rows in slices(len(features), ROW_BLOCKS * block):
        own = features[rows]
        # Tiles on and above the diagonal only: the matrix is symmetric.
        for columns in slices(len(features), block)[rows.start // block :]:
            inside = columns.start < rows.stop
            diagonal = columns.start - rows.start if inside else None
            tile = _tile(own, features[columns], members[rows], members[columns], diagonal)
            sums[rows] += tile[0]
            if not inside:
                sums[columns] += tile[1]
            subset_sums += tile[2] if inside else 2.0 * tile[2]
    return sums, subset_sums


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
    subset_sums = np.zeros(rows.shape[1])
    if rows.size:
        subset_sums = np.einsum("rs,rs->s", rows, kernel @ columns.astype(np.float64))
    return kernel.sum(axis=1), kernel.sum(axis=0), subset_sums


def kernel_distance(
    generated: FeatureMatrix, reference: FeatureMatrix, matches: Matches | None = None
) -> float:
    """Returns the unbiased squared MMD of two samples, which may be negative.

    Args:
        generated: Shape (n, D), n >= 2.
        reference: Shape (m, D), m >= 2.
        matches: Rows that are not independent; their pairs are left out. None for independent sets.
    """
    return kernel_sums(generated, reference, matches=matches).value
