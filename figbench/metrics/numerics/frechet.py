"""The Frechet distance of two samples under Gaussian moments, and its influence function.

With a factor A of each covariance (A^T A = S) the trace of sqrt(S1 S2) is the sum of the singular
values of A1 A2^T. The factor is the centred sample itself when n <= D (nothing of size D x D is
needed, and rank deficiency costs no accuracy), else a Cholesky factor, else one from eigenvectors.
Rows are read in blocks, so that memory is that of matrices of size min(n, D) x D however many rows
there are; the influence values add 8 bytes a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from figbench.metrics.numerics.blocks import Array, FeatureMatrix, Picked, blocks
from figbench.metrics.numerics.matches import Matches
from figbench.metrics.numerics.moments import mean_of, moments_of
from figbench.metrics.numerics.singular import singular_vectors, sum_of_singular_values

MIN_PIVOT = 1e-7
"""Cholesky pivots below this share of the largest are noise: the sample is rank deficient."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A sample's mean and a factor of its covariance.

    Attributes:
        mean: Shape (D,).
        matrix: A, shape (r, D), with A^T A the unbiased covariance.
        route: ``cross-gram`` (A's rows are the centred sample / sqrt(n - 1)), ``cholesky`` or
            ``eigenvectors``.
    """

    mean: Array
    matrix: Array
    route: str

    @property
    def rank(self) -> int:
        """The largest rank that the matrix can have: centring takes one from a sample."""
        return len(self.matrix) - (self.route == "cross-gram")


@dataclass(frozen=True, slots=True)
class FrechetInfluence:
    """The distance and the influence of each row on it.

    Attributes:
        value: The distance.
        generated: Shape (n,).
        reference: Shape (m,).
        route: Kinds of the factors, generated first, such as ``cholesky/cross-gram``.
    """

    value: float
    generated: Array
    reference: Array
    route: str


def factor_of(features: FeatureMatrix) -> Factor:
    """Returns a factor of the covariance of ``features`` (n, D), n >= 2."""
    count, width = features.shape
    if count <= width:
        return _centred_factor(features)
    moments = moments_of(features)
    try:
        upper = np.asarray(np.linalg.cholesky(moments.covariance).T, np.float64)
        pivots = np.diag(upper)
        if pivots.min() > MIN_PIVOT * pivots.max():
            return Factor(moments.mean, upper, "cholesky")
    except np.linalg.LinAlgError:
        pass
    return _eigen_factor(moments.mean, moments.covariance)


def _centred_factor(features: FeatureMatrix) -> Factor:
    mean = mean_of(features)
    centred = np.empty(features.shape)
    for index, chunk in blocks(features):
        np.subtract(chunk, mean, out=centred[index])
    centred /= np.sqrt(len(features) - 1)
    return Factor(mean, centred, "cross-gram")


def _eigen_factor(mean: Array, covariance: Array) -> Factor:
    values, vectors = np.linalg.eigh(covariance)
    significant = values > max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps
    roots, basis = np.sqrt(values[significant]), vectors[:, significant]
    return Factor(mean, roots[:, None] * basis.T, "eigenvectors")


def frechet_distance(generated: FeatureMatrix, reference: FeatureMatrix) -> float:
    """Returns |m1 - m2|^2 + tr S1 + tr S2 - 2 tr sqrt(S1 S2) of samples (n, D) and (m, D).

    The value is in squared feature units, never clamped, so that rounding may leave a tiny
    negative number for identical samples.
    """
    first, second = factor_of(generated), factor_of(reference)
    product = first.matrix @ second.matrix.T
    null = min(product.shape) - min(first.rank, second.rank)
    return _assemble(first, second, sum_of_singular_values(product, null))


def _assemble(first: Factor, second: Factor, trace_root: float) -> float:
    shift = first.mean - second.mean
    traces = sum(np.vdot(factor.matrix, factor.matrix) for factor in (first, second))
    return float(shift @ shift + traces - 2.0 * trace_root)


def frechet_influence(generated: FeatureMatrix, reference: FeatureMatrix) -> FrechetInfluence:
    """Returns the distance with the influence of each row (delta method, no inverse of S).

    IF(x) = 2 (x - m1).(m1 - m2) + |x - m1|^2 - (n - 1) sum_k s_k u_k(x)^2, where
    U diag(s) V^T is the singular value decomposition of the product of the scaled centred
    samples; the reference side likewise with V.
    """
    first, second = factor_of(generated), factor_of(reference)
    left, singular, right = singular_vectors(first.matrix @ second.matrix.T)
    shift = first.mean - second.mean
    return FrechetInfluence(
        value=_assemble(first, second, float(singular.sum())),
        generated=_influence(generated, first, shift, left, second.matrix.T, right),
        reference=_influence(reference, second, -shift, right, first.matrix.T, left),
        route=f"{first.route}/{second.route}",
    )


def _influence(
    features: FeatureMatrix, factor: Factor, shift: Array, own: Array, across: Array, other: Array
) -> Array:
    """Returns IF (n,) of one side.

    Args:
        features: Shape (n, D).
        factor: Of this side, A.
        shift: Its mean less the other's.
        own: Its singular vectors times sqrt(s), shape (r, k).
        across: The other side's factor, transposed: B^T.
        other: The other side's singular vectors times sqrt(s).
    """
    count = len(features)
    if factor.route == "cross-gram":
        excess = _squared_lengths(factor.matrix) - _squared_lengths(own)
        along = factor.matrix @ shift * np.sqrt(count - 1)
        return np.asarray(2.0 * along + (count - 1) * excess, np.float64)
    # A B^T V = U diag(s): the map from a row of this side to u(x) sqrt(s) needs no inverse of A.
    directions = across @ _over_singular(other)
    influence = np.empty(count)
    for index, chunk in blocks(features):
        centred = chunk - factor.mean
        transported = _squared_lengths(centred @ directions)
        influence[index] = 2.0 * centred @ shift + _squared_lengths(centred) - transported
    return influence


def _over_singular(vectors: Array) -> Array:
    """Returns V / sqrt(s) of V sqrt(s) (r, k): 0 where s is nothing but rounding."""
    singular = np.square(vectors).sum(axis=0)
    least = singular.max(initial=0.0) * len(singular) * np.finfo(np.float64).eps
    return np.asarray(vectors / np.where(singular > least, singular, np.inf), np.float64)


def _squared_lengths(vectors: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors), np.float64)


def half_sample_distance(
    generated: FeatureMatrix, reference: FeatureMatrix, rng: np.random.Generator
) -> float:
    """Returns the mean distance of two disjoint random half-samples, n/2 against m/2.

    The bias of the distance falls like 1/n, so 2 FD(n) - FD(n/2) extrapolates it to infinite n
    (Richardson).

    Args:
        generated: Shape (n, D), n >= 4.
        reference: Shape (m, D), m >= 4.
        rng: Random generator of the halves.

    Returns:
        The mean of the two distances, in squared feature units.
    """
    generated_order, reference_order = (
        rng.permutation(len(generated)),
        rng.permutation(len(reference)),
    )
    half, other = len(generated_order) // 2, len(reference_order) // 2
    first = frechet_distance(
        _some(generated, generated_order[:half]), _some(reference, reference_order[:other])
    )
    second = frechet_distance(
        _some(generated, generated_order[half : 2 * half]),
        _some(reference, reference_order[other : 2 * other]),
    )
    return (first + second) / 2.0


def unmatched_half_distance(
    generated: FeatureMatrix, reference: FeatureMatrix, matches: Matches
) -> float | None:
    """Returns the mean distance of figures from the references of other prompts.

    References are assigned alternately to two halves. Generated rows whose matches all lie in one
    half are compared with the references of the other; rows without a match are assigned
    alternately.

    Args:
        generated: Shape (n, D).
        reference: Shape (m, D).
        matches: Of their rows.

    Returns:
        The mean of both distances; None where a half has fewer than two rows.
    """
    half_of = np.arange(len(reference)) % 2
    first, second = matches.across[:, 0], matches.across[:, 1]
    counts = [
        np.bincount(first[half_of[second] == half], minlength=len(generated)) for half in (0, 1)
    ]
    free = (counts[0] + counts[1]) == 0
    dealt = np.arange(len(generated)) % 2
    distances = []
    for half in (0, 1):
        selected = ((counts[half] > 0) & (counts[1 - half] == 0)) | (free & (dealt == half))
        sides = np.flatnonzero(selected), np.flatnonzero(half_of != half)
        if min(len(side) for side in sides) < 2:
            return None
        distances.append(frechet_distance(_some(generated, sides[0]), _some(reference, sides[1])))
    return float(np.mean(distances))


def matched_distance(
    generated: FeatureMatrix, reference: FeatureMatrix, n: int, rng: np.random.Generator
) -> float:
    """Returns the distance of random subsets of both sides, drawn without replacement.

    Args:
        generated: Shape (N, D).
        reference: Shape (M, D).
        n: Rows in each subset, 2 to min(N, M).
        rng: Random generator of the subsets.

    Returns:
        The distance, in squared feature units.
    """
    generated_index = rng.permutation(len(generated))[:n]
    reference_index = rng.permutation(len(reference))[:n]
    return frechet_distance(_some(generated, generated_index), _some(reference, reference_index))


def _some(features: FeatureMatrix, index: np.ndarray) -> Picked:
    # In ascending order: neighbouring rows of a store are read together.
    return Picked(features, np.sort(index))
