"""Bradley-Terry model with ties (Davidson), fitted to many count tables at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.errors import FigbenchError
from figbench.ranking.counts import Array, PairCounts

VIRTUAL_VOTES = 0.5
"""Wins and losses of each model against the virtual opponent of a regularised fit."""
MAX_STEPS = 200
TOLERANCE = 1e-9
LARGEST_STEP = 2.0


@dataclass(frozen=True, slots=True)
class DavidsonFit:
    """Fitted parameters.

    Attributes:
        strengths: Log strengths with mean 0, shape (replicates, models).
        tie: Tie parameter nu, 0 without ties, shape (replicates,).
        covariance: Inverse information of the log strengths of the first replicate, shape
            (models, models); its contrasts are meaningful.
    """

    strengths: Array
    tie: Array
    covariance: Array


def fit_davidson(
    counts: PairCounts, tables: Array, regularised: npt.NDArray[np.bool_]
) -> DavidsonFit:
    """Maximises the likelihood of Davidson's model by Newton's method.

    P(i beats j) = p_i / D, P(tie) = nu sqrt(p_i p_j) / D, D = p_i + p_j + nu sqrt(p_i p_j). A
    regularised table gets half a win and half a loss of each model against a virtual opponent of
    average strength, which makes the estimate finite.

    Args:
        counts: Models and pairs.
        tables: Wins of first, wins of second, ties; shape (replicates, pairs, 3).
        regularised: Tables that get the virtual votes, shape (replicates,).

    Raises:
        FigbenchError: If Newton's method does not converge.

    Source:
        Davidson, On extending the Bradley-Terry model to accommodate ties, JASA 65, 1970.
    """
    replicates, models = len(tables), len(counts.models)
    design, tables = _design(counts), _with_virtual(tables, regularised, models)
    with_ties = tables[:, :, 2].sum(axis=1) > 0
    parameters = np.zeros((replicates, models + 1))
    active = np.ones(replicates, dtype=np.bool_)
    for _ in range(MAX_STEPS):
        gradient, information = _derivatives(
            parameters[active], tables[active], design, with_ties[active]
        )
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        scale = np.maximum(1.0, np.abs(step).max(axis=1) / LARGEST_STEP)
        parameters[active] += step / scale[:, None]
        active[np.flatnonzero(active)] = np.abs(step).max(axis=1) > TOLERANCE
        if not active.any():
            break
    else:
        raise FigbenchError(
            f"The Bradley-Terry fit did not converge in {MAX_STEPS} steps.",
            remedy="Add votes between models that were rarely compared.",
        )
    information = _derivatives(parameters[:1], tables[:1], design, with_ties[:1])[1]
    strengths = parameters[:, :models]
    return DavidsonFit(
        strengths - strengths.mean(axis=1, keepdims=True),
        np.where(with_ties, np.exp(parameters[:, models]), 0.0),
        np.linalg.inv(information[0])[:models, :models],
    )


def _design(counts: PairCounts) -> Array:
    """Returns contrasts of the pairs, then of each model with the virtual opponent."""
    models = len(counts.models)
    contrasts = np.zeros((len(counts.first), models))
    indices = np.arange(len(counts.first))
    contrasts[indices, counts.first] = 1.0
    contrasts[indices, counts.second] = -1.0
    return np.concatenate([contrasts, np.eye(models)])


def _with_virtual(tables: Array, regularised: npt.NDArray[np.bool_], models: int) -> Array:
    virtual = np.zeros((len(tables), models, 3))
    virtual[regularised, :, :2] = VIRTUAL_VOTES
    return np.concatenate([tables, virtual], axis=1)


def _derivatives(
    parameters: Array, tables: Array, design: Array, with_ties: npt.NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Returns the gradient and the negative Hessian of the log likelihood of each table.

    Both carry a term that fixes the mean of the strengths at 0. The last parameter is log nu; it
    is fixed in tables without ties.
    """
    models = design.shape[1]
    difference = parameters[:, :models] @ design.T
    tie = np.where(with_ties[:, None], np.exp(parameters[:, models:]), 0.0)
    win, loss = np.exp(difference / 2), np.exp(-difference / 2)
    total = win + loss + tie
    margin, tied = (win - loss) / total, tie / total
    votes = tables.sum(axis=2)
    slope = (tables[:, :, 0] - tables[:, :, 1] - votes * margin) / 2
    gradient = np.zeros_like(parameters)
    gradient[:, :models] = slope @ design - parameters[:, :models].sum(axis=1, keepdims=True)
    gradient[:, models] = np.where(with_ties, (tables[:, :, 2] - votes * tied).sum(axis=1), 0.0)
    information = np.zeros((len(tables), models + 1, models + 1))
    curvature = votes * (1 - tied - margin**2) / 4
    weighted = curvature[:, :, None] * design[None]
    information[:, :models, :models] = design.T @ weighted + 1.0
    cross = -(votes * margin * tied / 2) @ design
    information[:, :models, models] = information[:, models, :models] = cross
    ties = (votes * tied * (1 - tied)).sum(axis=1)
    information[:, models, models] = np.where(with_ties, ties, 1.0)
    return gradient, information
