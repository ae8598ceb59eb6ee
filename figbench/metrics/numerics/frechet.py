"""The Frechet distance of two samples under Gaussian moments, and its influence function.

With a factor A of each covariance (A^T A = S) the trace of sqrt(S1 S2) is the sum of the singular
values of A1 A2^T. The factor is the centred sample itself when n <= D (nothing of size D x D is
needed, and rank deficiency costs no accuracy), else a Cholesky factor, else one from eigenvectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from figbench.metrics.numerics.moments import BLOCK, Array, Features, moments_of

MIN_PIVOT = 1e-7
"""Cholesky pivots below this share of the largest are noise: the sample is rank deficient."""
MIN_GRAM = 1e-10
"""Eigenvalues of the Gram matrix below this share of the largest have lost their digits."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A sample's mean and a factor of its covariance.

    Attributes:
        mean: Shape (D,).
        matrix: A, shape (r, D), with A^T A the unbiased covariance.
        whitening: Shape (D, r), maps centred rows / sqrt(n - 1) to the coordinates of A's
            rows; None when A's rows are those rows already.
        route: ``cross-gram``, ``cholesky`` or ``eigenvectors``.
    """

    mean: Array
    matrix: Array
    whitening: Array | None
    route: str


@dataclass(frozen=True, slots=True)
class FrechetInfluence:
    """The distance and the influence of each row on it.

    Attributes:
        value: The distance.
        generated: Shape (n,).
        reference: Shape (m,).
        route: Which factors were used, generated first.
    """

    value: float
    generated: Array
    reference: Array
    route: str


def factor_of(features: Features, *, whiten: bool = False) -> Factor:
    """Returns a factor of the covariance of ``features`` (n, D), n >= 2."""
    count, width = features.shape
    if count <= width:
        rows = features.astype(np.float64)
        mean = rows.mean(axis=0)
        return Factor(mean, (rows - mean) / np.sqrt(count - 1), None, "cross-gram")
    moments = moments_of(features)
    try:
        upper = np.asarray(np.linalg.cholesky(moments.covariance).T, np.float64)
        pivots = np.diag(upper)
        if pivots.min() > MIN_PIVOT * pivots.max():
            inverse = np.asarray(np.linalg.inv(upper), np.float64) if whiten else None
            return Factor(moments.mean, upper, inverse, "cholesky")
    except np.linalg.LinAlgError:
        pass
    return _eigen_factor(moments.mean, moments.covariance)


def _eigen_factor(mean: Array, covariance: Array) -> Factor:
    values, vectors = np.linalg.eigh(covariance)
    kept = values > max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps
    roots, basis = np.sqrt(values[kept]), vectors[:, kept]
    return Factor(mean, roots[:, None] * basis.T, basis / roots, "eigenvectors")


def frechet_distance(generated: Features, reference: Features) -> float:
    """Returns |m1 - m2|^2 + tr S1 + tr S2 - 2 tr sqrt(S1 S2) of samples (n, D) and (m, D).

    The value is in squared feature units, never clamped, so that rounding may leave a tiny
    negative number for identical samples.
    """
    first, second = factor_of(generated), factor_of(reference)
    full_rank = first.route == second.route == "cholesky"
    return _assemble(first, second, _nuclear_norm(first.matrix @ second.matrix.T, full_rank))


def _assemble(first: Factor, second: Factor, trace_root: float) -> float:
    shift = first.mean - second.mean
    traces = np.square(first.matrix).sum() + np.square(second.matrix).sum()
    return float(shift @ shift + traces - 2.0 * trace_root)


def _nuclear_norm(product: Array, full_rank: bool) -> float:
    if full_rank:
        squares = np.linalg.eigvalsh(product @ product.T)
        # Squaring halves the digits of small singular values: only where none is small.
        if squares[0] > MIN_GRAM * squares[-1]:
            return float(np.sqrt(squares).sum())
    return float(np.linalg.svd(product, compute_uv=False).sum())


def frechet_influence(generated: Features, reference: Features) -> FrechetInfluence:
    """Returns the distance with the influence of each row (delta method, no inverse of S).

    IF(x) = 2 (x - m1).(m1 - m2) + |x - m1|^2 - (n - 1) sum_k s_k u_k(x)^2, where
    U diag(s) V^T is the singular value decomposition of the product of the scaled centred
    samples; the reference side likewise with V.
    """
    first, second = factor_of(generated, whiten=True), factor_of(reference, whiten=True)
    left, singular, right = np.linalg.svd(first.matrix @ second.matrix.T, full_matrices=False)
    shift = first.mean - second.mean
    return FrechetInfluence(
        value=_assemble(first, second, float(singular.sum())),
        generated=_influence(generated, first, left, singular, shift),
        reference=_influence(reference, second, right.T, singular, -shift),
        route=f"{first.route}/{second.route}",
    )


def _influence(
    features: Features, factor: Factor, vectors: Array, singular: Array, shift: Array
) -> Array:
    count = len(features)
    weighted = vectors * np.sqrt(singular)
    if factor.whitening is not None:
        weighted = factor.whitening @ weighted
    influence = np.empty(count)
    for start in range(0, count, BLOCK):
        part = slice(start, start + BLOCK)
        rows = features[part].astype(np.float64) - factor.mean
        if factor.whitening is None:
            transported = (count - 1) * np.square(weighted[part]).sum(axis=1)
        else:
            transported = np.square(rows @ weighted).sum(axis=1)
        influence[part] = 2.0 * rows @ shift + np.square(rows).sum(axis=1) - transported
    return influence


def half_sample_distance(
    generated: Features, reference: Features, rng: np.random.Generator
) -> float:
    """Returns the mean distance of two disjoint random half-samples, n/2 against m/2.

    The bias of the distance falls like 1/n, so 2 FD(n) - FD(n/2) extrapolates it to infinite n
    (Richardson). Needs four rows on each side.
    """
    mine, theirs = rng.permutation(len(generated)), rng.permutation(len(reference))
    half, other = len(mine) // 2, len(theirs) // 2
    first = frechet_distance(generated[mine[:half]], reference[theirs[:other]])
    second = frechet_distance(
        generated[mine[half : 2 * half]], reference[theirs[other : 2 * other]]
    )
    return (first + second) / 2.0


def matched_distance(
    generated: Features, reference: Features, n: int, rng: np.random.Generator
) -> float:
    """Returns the distance of random subsets of ``n`` rows of each side, without replacement."""
    mine = rng.permutation(len(generated))[:n]
    theirs = rng.permutation(len(reference))[:n]
    return frechet_distance(generated[mine], reference[theirs])
