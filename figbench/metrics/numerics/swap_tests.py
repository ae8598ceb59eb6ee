"""Paired tests of two distances to one reference: swap the models' figures paper by paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.frechet import frechet_distance, frechet_influence
from figbench.metrics.numerics.kernel import kernel_sums, polynomial_kernel
from figbench.metrics.numerics.matches import Matches
from figbench.statistics.paired import PairedTest, sign_flip_test, swap_test

Array = npt.NDArray[np.float64]
FeatureArray = npt.NDArray[np.float32]

SWAP_FIGURES = 1_200
"""Up to this many figures per model the distance itself is recomputed for every swap."""

FRECHET_PERMUTATIONS = 199
KERNEL_PERMUTATIONS = 1_999


def frechet_swap_test(
    first: FeatureArray,
    second: FeatureArray,
    reference: FeatureArray,
    clusters: Sequence[str],
    rng: np.random.Generator,
) -> PairedTest:
    """Tests a difference of Fréchet distances to one reference by swapping papers.

    Up to ``SWAP_FIGURES`` figures the distances are recomputed for each of 199 random swaps. Above,
    the swap acts on the distances' influence values (delta method), whose mean difference is the
    difference of the distances to first order.

    Args:
        first: (n, d) features of the first model, row i of prompt i.
        second: (n, d) of the second model, same prompts in the same rows.
        reference: (m, d).
        clusters: Paper of each row.
        rng: Of the swaps.
    """
    if len(first) <= SWAP_FIGURES:

        def distance(features: FeatureArray) -> float:
            return frechet_distance(features, reference)

        tried = FRECHET_PERMUTATIONS
        return _recomputed(first, second, clusters, rng, distance, frechet_values, reference, tried)
    first_values, second_values = (frechet_values(model, reference) for model in (first, second))
    return _linearised(first_values, second_values, clusters, rng)


def kernel_swap_test(
    first: FeatureArray,
    second: FeatureArray,
    reference: FeatureArray,
    clusters: Sequence[str],
    rng: np.random.Generator,
    matches: Matches | None = None,
) -> PairedTest:
    """Tests a difference of kernel distances to one reference; as :func:`frechet_swap_test`.

    For up to ``SWAP_FIGURES`` figures the unbiased distance is recomputed for each of 1,999 swaps
    from the kernel matrix of both models together; above, its influence values are swapped.

    Args:
        first: (n, d) features of the first model, row i of prompt i.
        second: (n, d) of the second model, same prompts in the same rows.
        reference: (m, d).
        clusters: Paper of each row.
        rng: Of the swaps.
        matches: Pairs of rows that the distance leaves out, the same for both models.
    """
    first_values, second_values = (
        kernel_values(model, reference, matches) for model in (first, second)
    )
    if len(first) > SWAP_FIGURES:
        return _linearised(first_values, second_values, clusters, rng)
    n, m = len(first), len(reference)
    pooled = np.concatenate([first, second])
    within = polynomial_kernel(pooled, pooled).astype(np.float64)
    np.fill_diagonal(within, 0.0)
    across = polynomial_kernel(pooled, reference).astype(np.float64)
    pairs, cross = n * (n - 1), n * m
    if matches is not None and matches.any:
        i, j = matches.within[:, 0], matches.within[:, 1]
        for a in (i, i + n):
            for b in (j, j + n):
                within[a, b] = within[b, a] = 0.0
        across[matches.across[:, 0], matches.across[:, 1]] = 0.0
        across[matches.across[:, 0] + n, matches.across[:, 1]] = 0.0
        pairs, cross = pairs - 2 * len(i), cross - len(matches.across)
    across_sums = across.sum(axis=1)

    def difference(swapped: npt.NDArray[np.bool_]) -> float:
        selected = np.concatenate([swapped, ~swapped])
        values = []
        for side in (selected, ~selected):
            weights = side.astype(np.float64)
            own = float(weights @ within @ weights) / pairs
            values.append(own - 2 * float(across_sums[side].sum()) / cross)
        return values[0] - values[1]

    return swap_test(difference, first_values, second_values, clusters, rng, KERNEL_PERMUTATIONS)


def _recomputed(
    first: FeatureArray,
    second: FeatureArray,
    clusters: Sequence[str],
    rng: np.random.Generator,
    distance: Callable[[FeatureArray], float],
    values: Callable[[FeatureArray, FeatureArray], Array],
    reference: FeatureArray,
    tried: int,
) -> PairedTest:
    def difference(swapped: npt.NDArray[np.bool_]) -> float:
        first_swapped = np.where(swapped[:, None], second, first)
        second_swapped = np.where(swapped[:, None], first, second)
        return distance(second_swapped) - distance(first_swapped)

    pseudo = [values(model, reference) for model in (first, second)]
    return swap_test(difference, pseudo[0], pseudo[1], clusters, rng, tried)


def _linearised(
    first_values: Array, second_values: Array, clusters: Sequence[str], rng: np.random.Generator
) -> PairedTest:
    test = sign_flip_test(second_values - first_values, clusters, rng)
    return PairedTest(
        test.difference,
        test.p_value,
        test.standard_error,
        test.n_clusters,
        test.smallest_p,
        "paired permutation by paper (swaps of influence values)",
    )


def frechet_values(features: FeatureArray, reference: FeatureArray) -> Array:
    """Returns the pseudo-values of a Frechet distance, shape (n,): value plus influence."""
    influence = frechet_influence(features, reference)
    return influence.value + influence.generated


def kernel_values(
    features: FeatureArray, reference: FeatureArray, matches: Matches | None = None
) -> Array:
    """Returns the pseudo-values of a kernel distance, value plus influence.

    Args:
        features: Shape (n, D), n >= 3.
        reference: Shape (m, D), m >= 3.
        matches: Pairs of rows that the distance leaves out; None for independent sets.

    Returns:
        Shape (n,), with the distance as their mean to first order.
    """
    sums = kernel_sums(features, reference, matches=matches)
    return sums.value + sums.influences()[0]
