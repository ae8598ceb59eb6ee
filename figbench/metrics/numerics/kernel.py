"""Squared maximum mean discrepancy under the cubic polynomial kernel, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.influence import jackknife_influence

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.floating]

BLOCK = 2048


@dataclass(frozen=True, slots=True)
class KernelSums:
    """Kernel sums of two samples; the diagonal (a row with itself) is left out.

    Attributes:
        generated: Row sums within the generated side, shape (n,).
        reference: Row sums within the reference side, shape (m,).
        across_generated: Sums of each generated row over the reference, shape (n,).
        across_reference: Sums of each reference row over the generated, shape (m,).
    """

    generated: Array
    reference: Array
    across_generated: Array
    across_reference: Array

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


def polynomial_kernel(x: Features, y: Features) -> npt.NDArray[np.float32]:
    """Returns (x.y / D + 1)^3 in float32, shape (n, m)."""
    kernel = np.asarray(x, np.float32) @ np.asarray(y, np.float32).T
    kernel *= np.float32(1.0 / x.shape[1])
    kernel += np.float32(1.0)
    return np.asarray(kernel * kernel * kernel, np.float32)


def kernel_sums(generated: Features, reference: Features, block: int = BLOCK) -> KernelSums:
    """Returns all sums that the estimate and its jackknife need; memory is block x block."""
    across, across_reference = np.zeros(len(generated)), np.zeros(len(reference))
    for rows in _slices(len(generated), block):
        for columns in _slices(len(reference), block):
            kernel = polynomial_kernel(generated[rows], reference[columns])
            across[rows] += kernel.sum(axis=1, dtype=np.float64)
            across_reference[columns] += kernel.sum(axis=0, dtype=np.float64)
    return KernelSums(
        _within(generated, block), _within(reference, block), across, across_reference
    )


def _within(features: Features, block: int) -> Array:
    sums = np.zeros(len(features))
    slices = _slices(len(features), block)
    for index, rows in enumerate(slices):
        kernel = polynomial_kernel(features[rows], features[rows])
        np.fill_diagonal(kernel, 0.0)
        sums[rows] += kernel.sum(axis=1, dtype=np.float64)
        for columns in slices[index + 1 :]:
            kernel = polynomial_kernel(features[rows], features[columns])
            sums[rows] += kernel.sum(axis=1, dtype=np.float64)
            sums[columns] += kernel.sum(axis=0, dtype=np.float64)
    return sums


def _slices(n: int, block: int) -> list[slice]:
    return [slice(start, start + block) for start in range(0, n, block)]


def subset_estimates(
    generated: Features, reference: Features, *, subsets: int, size: int, seed: int
) -> Array:
    """Returns the estimate on random subsets of ``size`` rows, shape (subsets,).

    The subsets are those of torch-fidelity for the same seed, hence its generator.
    """
    n, m = len(generated), len(reference)
    if size == n == m:
        # Every subset is the whole sample in another order.
        return np.full(subsets, kernel_sums(generated, reference).value)
    rng = np.random.RandomState(seed)
    values = np.empty(subsets)
    for index in range(subsets):
        mine = rng.choice(n, size, replace=False)
        theirs = rng.choice(m, size, replace=False)
        values[index] = kernel_sums(generated[mine], reference[theirs]).value
    return values
