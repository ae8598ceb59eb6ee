"""Paired tests: two models drew the same prompts, so swap their outputs prompt by prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.statistics.influence import variance_of_mean

Array = npt.NDArray[np.float64]

PERMUTATIONS = 9_999
EXACT_UP_TO = 13
"""Clusters whose 2^n swaps are all tried."""


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


def swap_test(
    difference: Callable[[npt.NDArray[np.bool_]], float],
    first: Array,
    second: Array,
    clusters: Sequence[str],
    rng: np.random.Generator,
    tried: int,
) -> PairedTest:
    """Tests a set-level difference by swapping the outputs of whole papers.

    Args:
        difference: Second minus first for a swap, given as a boolean per row, shape (n,).
        first: Pseudo-values of the first model, shape (n,), for the standard error.
        second: Pseudo-values of the second model, shape (n,).
        clusters: Paper of each row.
        rng: Of the swaps.
        tried: Number of random swaps.
    """
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
        _root(variance_of_mean(second - first, clusters)),
        count,
        _smallest_p(count, tried),
        f"paired permutation by paper ({tried} swaps, distance recomputed)",
    )


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)
