"""Paired tests: two models drew the same prompts, so swap their outputs prompt by prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.frechet import frechet_distance, frechet_influence
from figbench.statistics.influence import variance_of_mean
from figbench.metrics.numerics.kernel import kernel_sums, polynomial_kernel

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]

PERMUTATIONS = 9_999
EXACT_UP_TO = 13
"""Clusters whose 2^n swaps are all tried."""

SWAP_ROWS = 1_200
"""Up to this many figures per model the distance itself is recomputed for every swap."""

FRECHET_PERMUTATIONS = 199
KERNEL_PERMUTATIONS = 1_999


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Outcome of a test.

    Attributes:
        difference: Second model minus first.
        p_value: Two-sided; never 0, its resolution is 1 / (permutations + 1).
        standard_error: Of the difference, clustered; None with fewer than two clusters.
        n_clusters: Independent units (papers).
        smallest_p: What the p-value cannot fall below, however large the difference.
        method: For tables.
    """

    difference: float
    p_value: float
    standard_error: float | None
    n_clusters: int
    smallest_p: float
    method: str


def sign_flip_test(
    differences: Array, clusters: Sequence[str], rng: np.random.Generator
) -> PairedTest:
    """Tests whether the mean of per-figure differences is 0 by swapping whole clusters.

    Under the null hypothesis the two models' outputs for a paper can be exchanged, which flips
    the sign of the paper's sum of differences (Fisher's randomisation test). All 2^m sign
    patterns are tried for m <= 13 papers, 9,999 random ones above; p = (1 + hits) / (1 + tried).

    Args:
        differences: Second minus first per figure, shape (n,), finite.
        clusters: Paper of each figure.
        rng: Of the random patterns.
    """
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sums = np.bincount(codes, weights=differences)
    observed = abs(float(sums.sum()))
    flipped = np.abs(_signs(len(sums), rng) @ sums)
    hits = int((flipped >= observed * (1 - 1e-12)).sum())
    exact = len(sums) <= EXACT_UP_TO
    p_value = hits / len(flipped) if exact else (1 + hits) / (1 + len(flipped))
    kind = "exact" if exact else f"{len(flipped)} swaps"
    return PairedTest(
        float(differences.mean()),
        p_value,
        _root(variance_of_mean(differences, clusters)),
        len(sums),
        2 / len(flipped) if exact else _smallest_p(len(sums), len(flipped)),
        f"paired permutation by paper ({kind})",
    )


def _signs(count: int, rng: np.random.Generator, tried: int = PERMUTATIONS) -> Array:
    if count <= EXACT_UP_TO:
        patterns = np.arange(2**count)[:, None] >> np.arange(count)[None, :]
        return np.asarray(1.0 - 2.0 * (patterns & 1), dtype=np.float64)
    return rng.choice(np.array([-1.0, 1.0]), size=(tried, count))


def _smallest_p(clusters: int, tried: int) -> float:
    """2 of 2^m swaps, none and all, always give the observed size."""
    return max(2.0 ** (1 - clusters), 1 / (1 + tried))


def frechet_swap_test(
    first: Features,
    second: Features,
    reference: Features,
    clusters: Sequence[str],
    rng: np.random.Generator,
) -> PairedTest:
    """Tests a difference of Fréchet distances to one reference by swapping papers.

    Up to ``SWAP_ROWS`` figures the distances are recomputed for each of 199 random swaps. Above,
    the swap acts on the distances' influence values (delta method), whose mean difference is the
    difference of the distances to first order.

    Args:
        first: (n, d) features of the first model, row i of prompt i.
        second: (n, d) of the second model, same prompts in the same rows.
        reference: (m, d).
        clusters: Paper of each row.
        rng: Of the swaps.
    """
    if len(first) <= SWAP_ROWS:

        def distance(features: Features) -> float:
            return frechet_distance(features, reference)

        tried = FRECHET_PERMUTATIONS
        return _recomputed(
            first, second, clusters, rng, distance, _frechet_values, reference, tried
        )
    ours, theirs = (_frechet_values(one, reference) for one in (first, second))
    return _linearised(ours, theirs, clusters, rng)


def kernel_swap_test(
    first: Features,
    second: Features,
    reference: Features,
    clusters: Sequence[str],
    rng: np.random.Generator,
) -> PairedTest:
    """Tests a difference of kernel distances to one reference; as :func:`frechet_swap_test`.

    For up to ``SWAP_ROWS`` figures the unbiased distance is recomputed for each of 1,999 swaps
    from the kernel matrix of both models together; above, its influence values are swapped.
    """
    if len(first) > SWAP_ROWS:
        ours, theirs = (_kernel_values(one, reference) for one in (first, second))
        return _linearised(ours, theirs, clusters, rng)
    n = len(first)
    pooled = np.concatenate([first, second])
    within = polynomial_kernel(pooled, pooled).astype(np.float64)
    np.fill_diagonal(within, 0.0)
    across = polynomial_kernel(pooled, reference).astype(np.float64).mean(axis=1)

    def difference(swapped: npt.NDArray[np.bool_]) -> float:
        chosen = np.concatenate([swapped, ~swapped])
        values = []
        for side in (chosen, ~chosen):
            weights = side.astype(np.float64)
            own = float(weights @ within @ weights) / (n * (n - 1))
            values.append(own - 2 * float(across[side].mean()))
        return values[0] - values[1]

    ours, theirs = (_kernel_values(one, reference) for one in (first, second))
    return _swapped(difference, ours, theirs, clusters, rng, KERNEL_PERMUTATIONS)


def _recomputed(
    first: Features,
    second: Features,
    clusters: Sequence[str],
    rng: np.random.Generator,
    distance: Callable[[Features], float],
    values: Callable[[Features, Features], Array],
    reference: Features,
    tried: int,
) -> PairedTest:
    def difference(swapped: npt.NDArray[np.bool_]) -> float:
        ours = np.where(swapped[:, None], second, first)
        theirs = np.where(swapped[:, None], first, second)
        return distance(theirs) - distance(ours)

    pseudo = [values(one, reference) for one in (first, second)]
    return _swapped(difference, pseudo[0], pseudo[1], clusters, rng, tried)


def _swapped(
    difference: Callable[[npt.NDArray[np.bool_]], float],
    ours: Array,
    theirs: Array,
    clusters: Sequence[str],
    rng: np.random.Generator,
    tried: int,
) -> PairedTest:
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    count = int(codes.max()) + 1
    observed = difference(np.zeros(len(codes), dtype=np.bool_))
    hits = 0
    for _ in range(tried):
        swapped = (rng.random(count) < 0.5)[codes]
        hits += abs(difference(swapped)) >= abs(observed) * (1 - 1e-9)
    return PairedTest(
        observed,
        (1 + hits) / (1 + tried),
        _root(variance_of_mean(theirs - ours, clusters)),
        count,
        _smallest_p(count, tried),
        f"paired permutation by paper ({tried} swaps, distance recomputed)",
    )


def _linearised(
    ours: Array, theirs: Array, clusters: Sequence[str], rng: np.random.Generator
) -> PairedTest:
    found = sign_flip_test(theirs - ours, clusters, rng)
    return PairedTest(
        found.difference,
        found.p_value,
        found.standard_error,
        found.n_clusters,
        found.smallest_p,
        "paired permutation by paper (swaps of influence values)",
    )


def _frechet_values(features: Features, reference: Features) -> Array:
    found = frechet_influence(features, reference)
    return found.value + found.generated


def _kernel_values(features: Features, reference: Features) -> Array:
    sums = kernel_sums(features, reference)
    return sums.value + sums.influences()[0]


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)
