"""Which models the votes connect, and where a strength has no finite estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.ranking.counts import Array, PairCounts


@dataclass(frozen=True, slots=True)
class Separation:
    """Models without a finite maximum likelihood estimate.

    Attributes:
        groups: Groups of models, best first; between groups one side won every vote.
    """

    groups: tuple[tuple[str, ...], ...]

    @property
    def present(self) -> bool:
        """Whether any estimate is infinite."""
        return len(self.groups) > 1


def require_connected(counts: PairCounts) -> None:
    """Raises a UserError that names the groups when no chain of votes connects all models."""
    from scipy.sparse.csgraph import connected_components

    number, labels = connected_components(_edges(counts, counts.total) > 0, directed=False)
    if number > 1:
        groups = [
            ", ".join(name for name, label in zip(counts.models, labels, strict=True) if label == g)
            for g in range(number)
        ]
        raise UserError(
            f"The votes form {number} groups that were never compared with each other: "
            f"{'; '.join(f'({group})' for group in groups)}.",
            remedy="Add votes between the groups, or rank one group with --models A,B.",
        )


def separation(counts: PairCounts, table: Array) -> Separation:
    """Returns the groups of models between which one side won every vote (Ford, 1957)."""
    from scipy.sparse.csgraph import connected_components

    edges = _edges(counts, table)
    number, labels = connected_components(edges > 0, directed=True, connection="strong")
    beaten = [float(edges[labels != g][:, labels == g].sum()) for g in range(number)]
    wins = [float(edges[labels == g][:, labels != g].sum()) for g in range(number)]
    order = sorted(range(number), key=lambda g: (beaten[g] - wins[g], g))
    return Separation(
        tuple(
            tuple(name for name, label in zip(counts.models, labels, strict=True) if label == g)
            for g in order
        )
    )


def needs_regularisation(counts: PairCounts, tables: Array) -> npt.NDArray[np.bool_]:
    """Returns which tables have no finite estimate.

    Strengths grow without limit where a group of models won every vote against the others (Ford,
    1957). With ties, strengths and the tie parameter can also grow together: where no pair has
    both wins and losses, and numbers d exist with d_i - d_j >= 2 for each win of i over j and
    abs(d_i - d_j) <= 2 for each tie, the likelihood has no maximum along (d, log nu + 1).

    Args:
        counts: Models and pairs.
        tables: Wins of first, wins of second, ties; shape (replicates, pairs, 3).

    Returns:
        Shape (replicates,).
    """
    from scipy.sparse.csgraph import connected_components

    result = np.zeros(len(tables), dtype=np.bool_)
    for index, table in enumerate(tables):
        number, _ = connected_components(
            _edges(counts, table) > 0, directed=True, connection="strong"
        )
        result[index] = number > 1 or table[:, :2].sum() == 0 or _grows_with_ties(counts, table)
    return result


def _grows_with_ties(counts: PairCounts, table: Array) -> bool:
    """Returns whether strengths and the tie parameter grow together without a maximum."""
    from scipy.sparse.csgraph import NegativeCycleError, bellman_ford

    wins, losses, ties = (table[:, column] > 0 for column in range(3))
    if not ties.any() or (wins & losses).any():
        return False
    limits = np.full((len(counts.models), len(counts.models)), np.inf)
    first, second = counts.first, counts.second
    limits[first[ties], second[ties]] = limits[second[ties], first[ties]] = 2.0
    limits[first[wins], second[wins]] = -2.0
    limits[second[losses], first[losses]] = -2.0
    try:
        bellman_ford(np.where(np.isfinite(limits), limits, 0.0))
    except NegativeCycleError:
        return False
    return True


def _edges(counts: PairCounts, table: Array) -> Array:
    """Returns votes of the row model that were won or tied against the column model."""
    edges = np.zeros((len(counts.models), len(counts.models)))
    edges[counts.first, counts.second] = table[:, 0] + table[:, 2]
    edges[counts.second, counts.first] = table[:, 1] + table[:, 2]
    return edges
