"""Figures of two sets that belong together: the same prompt, or the same image.

The formulas for independent sets are wrong for such pairs. The kernel distance leaves them out,
and standard errors add the influences of both sides before they are squared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.blocks import Array, FeatureMatrix, blocks, slices

Indices = npt.NDArray[np.intp]
MOST_PAIRS = 2_000_000
"""Pairs that are listed; sets with more repeats than that are treated as independent."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Pairs of rows that are not independent.

    Attributes:
        within: Two generated rows of one prompt, each pair once, shape (w, 2).
        across: A generated and a reference row of one prompt or with one image, shape (c, 2).
        own: Reference row of each generated row, -1 without one, shape (n,): that of its prompt,
            else one with the same image.
    """

    within: Indices
    across: Indices
    own: Indices

    @property
    def any(self) -> bool:
        """Whether a generated row belongs to a reference row."""
        return len(self.across) > 0

    def units(self) -> Indices:
        """Returns the unit of each generated row, shape (n,).

        A unit is what a jackknife leaves out at once. Reference row j has unit j, with the
        generated rows that belong to it; a generated row without a reference has a negative
        unit of its own.
        """
        alone = np.flatnonzero(self.own < 0)
        units = self.own.copy()
        units[alone] = -1 - np.arange(len(alone))
        return units


@dataclass(frozen=True, slots=True)
class MatchedSums:
    """Kernel sums over the pairs of rows that are not independent, and how many there are.

    Attributes:
        within: Of each generated row with other generated rows of its prompt, shape (n,).
        within_counts: Number of these, shape (n,).
        across_generated: Of each generated row with its reference rows, shape (n,).
        across_generated_counts: Number of these, shape (n,).
        across_reference: Of each reference row with its generated rows, shape (m,).
        across_reference_counts: Number of these, shape (m,).
    """

    within: Array
    within_counts: Array
    across_generated: Array
    across_generated_counts: Array
    across_reference: Array
    across_reference_counts: Array


def match_figures(
    generated_ids: Sequence[str],
    reference_ids: Sequence[str],
    generated_digests: Sequence[str] = (),
    reference_digests: Sequence[str] = (),
) -> Matches:
    """Returns the pairs of rows that share a prompt or an image.

    Args:
        generated_ids: Prompt of each generated row, shape (n,); several samples share one.
        reference_ids: Prompt of each reference row, shape (m,), each once; empty where unknown.
        generated_digests: Digest of each generated image; empty where unknown.
        reference_digests: Digest of each reference image.
    """
    index_of = {name: index for index, name in enumerate(reference_ids)}
    own = np.array([index_of.get(name, -1) for name in generated_ids], np.intp)
    matched = np.flatnonzero(own >= 0)
    across = np.stack([matched, own[matched]], axis=1)
    if len(generated_digests) and len(reference_digests):
        shared = _equal(generated_digests, reference_digests)
        across = np.unique(np.concatenate([across, shared]), axis=0)
        free = np.ones(len(reference_digests), np.bool_)
        free[own[matched]] = False
        for i, j in shared.tolist():
            if own[i] < 0 and free[j]:
                own[i], free[j] = j, False
    within = _repeated(generated_ids) if len(across) else np.zeros((0, 2), np.intp)
    return Matches(within, across.astype(np.intp), own)


def own_matches(own: Indices) -> Matches:
    """Returns the matches of sets whose generated row i belongs to reference row ``own[i]``.

    Args:
        own: Shape (n,), -1 where there is none.
    """
    matched = np.flatnonzero(own >= 0)
    names = [
        str(reference_index) if reference_index >= 0 else f"-{index}"
        for index, reference_index in enumerate(own)
    ]
    across = np.stack([matched, own[matched]], axis=1).astype(np.intp)
    return Matches(_repeated(names) if len(matched) else across[:0], across, own)


def _equal(first: Sequence[str], second: Sequence[str]) -> Indices:
    indices: dict[str, list[int]] = {}
    for index, digest in enumerate(second):
        indices.setdefault(digest, []).append(index)
    pairs = [(i, j) for i, digest in enumerate(first) for j in indices.get(digest, ())]
    if not pairs or len(pairs) > MOST_PAIRS:
        return np.zeros((0, 2), np.intp)
    return np.array(pairs, np.intp)


def _repeated(names: Sequence[str]) -> Indices:
    indices: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        indices.setdefault(name, []).append(index)
    pairs = [
        (first, second)
        for members in indices.values()
        for position, first in enumerate(members)
        for second in members[position + 1 :]
    ]
    if not pairs or len(pairs) > MOST_PAIRS:
        return np.zeros((0, 2), np.intp)
    return np.array(pairs, np.intp)


def feature_digests(features: FeatureMatrix) -> list[str]:
    """Returns a digest of each feature row (n, D): equal for equal images under one network."""
    digests = []
    for _, chunk in blocks(features):
        for vector in np.ascontiguousarray(chunk, np.float32):
            digests.append(hashlib.blake2b(vector.tobytes(), digest_size=16).hexdigest())
    return digests


def joined_clusters(
    matches: Matches, generated: Sequence[str], reference: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Returns the clusters of both sides, those that a match links under one name.

    Args:
        matches: Of the two sides.
        generated: Cluster of each generated row, shape (n,).
        reference: Cluster of each reference row, shape (m,).
    """
    parent = {name: name for name in (*generated, *reference)}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for i, j in matches.across.tolist():
        parent[root(generated[i])] = root(reference[j])
    return [root(name) for name in generated], [root(name) for name in reference]


def dependence(
    generated: FeatureMatrix, reference: FeatureMatrix, matches: Matches
) -> tuple[float, Array, Indices]:
    """Returns the dependence of matched rows.

    The mean of (x_i - mean x).(y_i - mean y) / sqrt(mean |x_i - mean x|^2 mean |y_i - mean y|^2)
    over matched rows: 0 for independent sets, 1 for equal ones.

    Args:
        generated: Features (n, D).
        reference: Features (m, D).
        matches: Of their rows, at least one pair across.

    Returns:
        The mean, the value of each pair (c,), and the generated row of each pair (c,).
    """
    first, second = matches.across[:, 0], matches.across[:, 1]
    count, width = len(first), generated.shape[1]
    means = np.zeros((2, width))
    for chunk in slices(count):
        means[0] += np.asarray(generated[first[chunk]], np.float64).sum(axis=0)
        means[1] += np.asarray(reference[second[chunk]], np.float64).sum(axis=0)
    means /= count
    values, squares = np.empty(count), np.zeros(2)
    for chunk in slices(count):
        x = np.asarray(generated[first[chunk]], np.float64) - means[0]
        y = np.asarray(reference[second[chunk]], np.float64) - means[1]
        values[chunk] = np.einsum("ij,ij->i", x, y)
        squares += np.square(x).sum(), np.square(y).sum()
    scale = float(np.sqrt(squares.prod())) / count
    values = values / scale if scale > 0 else np.zeros(count)
    return float(values.mean()), values, first
