"""Distances between two feature matrices, and the Inception Score of logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.functional.score import LEVEL, SEED, Score, checked_names, compute_scores, make_inputs
from figbench.images.arrays import is_tensor

Matrix = npt.NDArray[np.floating]


def frechet_distance(
    generated: Any,
    reference: Any,
    *,
    clusters: Sequence[str] | None = None,
    reference_clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    metric: str = "fd@features",
) -> Score:
    """Returns the Frechet distance of two feature matrices (FID for InceptionV3's features).

    Args:
        generated: Features (n, d), n >= 2; numpy or torch (any device), finite.
        reference: Features (m, d), m >= 2.
        clusters: Paper (or prompt) of each generated row: rows of one cluster are dependent. None
            for independent rows.
        reference_clusters: The same for the reference rows.
        level: Coverage of the interval.
        seed: Seed of the half samples in ``details["value_at_half_n"]``.
        metric: Name of the metric under which ``evaluate`` would report it, such as ``fid``; it
            enters the seed and the warnings.

    Returns:
        The distance in squared feature units; lower is better.

    Raises:
        UserError: If an argument has a wrong shape, type or width, or holds NaN.

    Source: Heusel et al., NeurIPS 2017. Equal to torch-fidelity on the same features.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(100, 8)), rng.normal(1.0, size=(100, 8))
    >>> bool(frechet_distance(x, y).value > frechet_distance(x, x).value)
    True
    """
    return _pair(metric, generated, reference, clusters, reference_clusters, {}, level, seed, 2)[
        metric
    ]


def kernel_distance(
    generated: Any,
    reference: Any,
    *,
    subsets: int = 100,
    subset_size: int = 1000,
    clusters: Sequence[str] | None = None,
    reference_clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    metric: str = "kd@features",
) -> Score:
    """Returns the unbiased kernel distance (KID): squared MMD with kernel (x.y / d + 1)^3.

    Args:
        generated: Features (n, d), n >= 2; numpy or torch (any device), finite.
        reference: Features (m, d), m >= 2.
        subsets: Random subsets whose mean other libraries report, in
            ``details["subsets_mean"]``; 0 for none.
        subset_size: Rows of each subset; at most all rows are used.
        clusters: Paper of each generated row, None for independent rows.
        reference_clusters: Paper of each reference row.
        level: Coverage of the interval.
        seed: Seed of the metric's generator; the subsets use torch-fidelity's seed 2020.
        metric: Name under which ``evaluate`` would report it.

    Returns:
        The distance over all pairs; lower is better, and negative values are possible.

    Raises:
        UserError: If an argument has a wrong shape, type or width, or holds NaN.

    Source: Binkowski et al., Demystifying MMD GANs, ICLR 2018.
    """
    settings = {"subsets": subsets, "subset_size": subset_size}
    return _pair(
        metric, generated, reference, clusters, reference_clusters, settings, level, seed, 2
    )[metric]


def precision_recall_density_coverage(
    generated: Any,
    reference: Any,
    *,
    k_balls: int = 3,
    k_density: int = 5,
    clusters: Sequence[str] | None = None,
    reference_clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, Score]:
    """Returns precision, recall, density and coverage of nearest-neighbour manifolds.

    Args:
        generated: Features (n, d), n > max(k_balls, k_density).
        reference: Features (m, d), m likewise.
        k_balls: Neighbours for precision and recall.
        k_density: Neighbours for density and coverage.
        clusters: Paper of each generated row, None for independent rows.
        reference_clusters: Paper of each reference row.
        level: Coverage of the intervals.
        seed: Seed of the metric's generator.

    Returns:
        Scores under ``precision``, ``recall``, ``density`` and ``coverage``.

    Raises:
        UserError: If an argument has a wrong shape, type or width, or holds NaN.

    Source: Kynkaanniemi et al., NeurIPS 2019; Naeem et al., ICML 2020.
    """
    for name, value in (("k_balls", k_balls), ("k_density", k_density)):
        if value < 1:
            raise UserError(f"{name}: {value}, expected at least 1.")
    settings = {"k_balls": k_balls, "k_density": k_density}
    scores = _pair(
        "prdc@features",
        generated,
        reference,
        clusters,
        reference_clusters,
        settings,
        level,
        seed,
        max(k_balls, k_density) + 1,
    )
    return {name.partition("@")[0]: score for name, score in scores.items()}


def inception_score(
    logits: Any,
    *,
    splits: int = 10,
    split_seed: int = 2020,
    clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    metric: str = "is@features",
) -> Score:
    """Returns the Inception Score: exp of the mean KL divergence of p(y|x) from p(y).

    Args:
        logits: Class logits (n, classes), n >= splits; numpy or torch, finite.
        splits: Parts of the shuffled set whose scores are averaged; 1 for the whole set.
        split_seed: Seed of the shuffle.
        clusters: Paper of each row, None for independent rows.
        level: Coverage of the interval.
        seed: Seed of the metric's generator.
        metric: Name under which ``evaluate`` would report it.

    Returns:
        The mean over splits; higher is better, from 1 to the number of classes.

    Raises:
        UserError: If the logits have a wrong shape or type, hold NaN, or are fewer than ``splits``.

    Source: Salimans et al., NeurIPS 2016. Equal to torch-fidelity on the same logits.
    """
    if splits < 1:
        raise UserError(f"splits: {splits}, expected at least 1.")
    matrix = as_matrix(logits, "logits", splits)
    inputs = make_inputs(
        metric, len(matrix), seed=seed, clusters=clusters, generated={"logits": matrix}
    )
    settings = {"splits": splits, "seed": split_seed}
    scores = compute_scores(metric, inputs, settings, level=level, n=len(matrix))
    return scores[metric]


def _pair(
    metric: str,
    generated: Any,
    reference: Any,
    clusters: Sequence[str] | None,
    reference_clusters: Sequence[str] | None,
    settings: dict[str, Any],
    level: float,
    seed: int,
    minimum: int,
) -> dict[str, Score]:
    first = as_matrix(generated, "generated", minimum)
    second = as_matrix(reference, "reference", minimum)
    if first.shape[1] != second.shape[1]:
        raise UserError(
            f"generated and reference: widths {first.shape[1]} and {second.shape[1]} differ.",
            remedy="Compute both with one network and one output.",
        )
    others = checked_names(reference_clusters, "reference_clusters", len(second))
    inputs = make_inputs(
        metric,
        len(first),
        seed=seed,
        clusters=clusters,
        generated={"features": first},
        reference={"features": second},
        reference_clusters=others,
    )
    return compute_scores(metric, inputs, settings, level=level, n=len(first))


def as_matrix(value: Any, name: str, minimum: int) -> Matrix:
    """Returns a feature matrix as a float array.

    Args:
        value: (n, d), numpy or torch of any device; float or integer.
        name: The argument, for messages.
        minimum: Fewest rows.

    Raises:
        UserError: If the shape, type or number of rows is wrong, or a value is not finite.
    """
    if is_tensor(value):
        tensor = value.detach().cpu()
        if tensor.is_floating_point() and tensor.element_size() < 4:
            tensor = tensor.float()
        value = tensor.numpy()
    if not isinstance(value, np.ndarray):
        try:
            value = np.asarray(value)
        except ValueError:
            raise UserError(f"{name}: rows of different lengths, expected (n, d).") from None
    if value.dtype.kind not in "fiu":
        raise UserError(f"{name}: dtype {value.dtype}, expected float features of shape (n, d).")
    if value.ndim != 2 or 0 in value.shape[1:]:
        raise UserError(
            f"{name}: shape {value.shape}, expected (n, d).",
            remedy="One row per figure; pool maps over space first, e.g. features.mean((2, 3)).",
        )
    if len(value) < minimum:
        raise UserError(f"{name}: {len(value)} rows, needs at least {minimum}.")
    matrix = value if value.dtype in (np.float32, np.float64) else value.astype(np.float64)
    bad = int((~np.isfinite(matrix).all(axis=1)).sum())
    if bad:
        raise UserError(f"{name}: {bad} of {len(matrix)} rows hold NaN or infinity.")
    return np.ascontiguousarray(matrix)
