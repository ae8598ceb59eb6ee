"""Inception Score of class logits, of splits or of the whole set, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.blocks import BLOCK, Array, FeatureMatrix, blocks
from figbench.statistics.influence import jackknife_influence


def log_softmax(logits: npt.NDArray[np.floating]) -> Array:
    """Returns log probabilities in float64, shape (n, classes)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def _sum_q_log_q(q: Array) -> Array:
    positive = np.where(q > 0, q, 1.0)
    return np.asarray((q * np.log(positive, out=positive)).sum(axis=-1))


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """Sums from which the scores of the splits of a set of n images follow.

    Attributes:
        split: Index of the split of each image, shape (n,).
        own: sum p log p of each image, shape (n,).
        totals: Sum of the probabilities over each split, shape (splits, classes).
    """

    split: npt.NDArray[np.intp]
    own: Array
    totals: Array

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        """Images in each split, shape (splits,)."""
        return np.asarray(np.bincount(self.split, minlength=len(self.totals)), np.intp)

    @property
    def own_totals(self) -> Array:
        """Sum of ``own`` over each split, shape (splits,)."""
        total = np.bincount(self.split, weights=self.own, minlength=len(self.totals))
        return np.asarray(total, np.float64)

    @property
    def scores(self) -> Array:
        """exp(mean KL(p(y|x) || p(y))) of each split (splits,): 1 to the number of classes."""
        marginals = self.totals / self.sizes[:, None]
        return np.asarray(
            np.exp(self.own_totals / self.sizes - _sum_q_log_q(marginals)), np.float64
        )

    @property
    def whole(self) -> ScoreSums:
        """The same images as one split."""
        return ScoreSums(
            np.zeros_like(self.split), self.own, self.totals.sum(axis=0, keepdims=True)
        )


def score_sums(
    logits: FeatureMatrix, splits: Sequence[npt.NDArray[np.intp]] = (), block: int = BLOCK
) -> ScoreSums:
    """Returns the sums of logits (n, classes), read once; memory is block x classes.

    Args:
        logits: Logits, or values that differ from them by a constant per row.
        splits: Row numbers of each split, together every row; the whole set where empty.
        block: Rows at a time.
    """
    split, own = np.zeros(len(logits), np.intp), np.empty(len(logits))
    for number, members in enumerate(splits):
        split[members] = number
    totals = np.zeros((max(1, len(splits)), logits.shape[1]))
    for index, chunk in blocks(logits, block):
        log_p = log_softmax(chunk)
        p = np.exp(log_p)
        own[index] = np.einsum("ij,ij->i", p, log_p)
        totals += (split[index] == np.arange(len(totals))[:, None]).astype(np.float64) @ p
    return ScoreSums(split, own, totals)


def score_influences(
    logits: FeatureMatrix, several: Sequence[ScoreSums], block: int = BLOCK
) -> list[Array]:
    """Returns the jackknife influence of each image on the score of its split.

    Reads the logits once.

    Args:
        logits: Shape (n, classes), those of the sums.
        several: Sums of several partitions of the same images; each split has at least two images.
        block: Rows at a time.

    Returns:
        For each of the sums, influences of shape (n,), float64.
    """
    left_out = [np.empty(len(logits)) for _ in several]
    for index, chunk in blocks(logits, block):
        p = np.exp(log_softmax(chunk))
        for sums, values in zip(several, left_out, strict=True):
            split = sums.split[index]
            own = sums.own_totals[split] - sums.own[index]
            rest = (sums.sizes[split] - 1).astype(np.float64)
            marginals = np.maximum(sums.totals[split] - p, 0.0)
            marginals /= rest[:, None]
            values[index] = np.exp(own / rest - _sum_q_log_q(marginals))
    return [_by_split(values, sums.split) for sums, values in zip(several, left_out, strict=True)]


def _by_split(left_out: Array, split: npt.NDArray[np.intp]) -> Array:
    influence = np.empty(len(left_out))
    for number in range(int(split.max()) + 1):
        members = split == number
        influence[members] = jackknife_influence(left_out[members])
    return influence


def inception_score(logits: FeatureMatrix) -> float:
    """Returns the score of the whole set (n, classes)."""
    return float(score_sums(logits).scores[0])


def score_influence(logits: FeatureMatrix) -> Array:
    """Returns the jackknife influence (n,) of each image on the score; needs two images."""
    return score_influences(logits, [score_sums(logits)])[0]


def split_indices(n: int, splits: int, seed: int) -> list[npt.NDArray[np.intp]]:
    """Returns the row numbers of each split, equal to torch-fidelity's for the same seed.

    Args:
        n: Number of images.
        splits: Number of splits, 1 to n.
        seed: Seed of the permutation, 0 to 2**32 - 1.

    Returns:
        ``splits`` arrays, shape (k,) with k = n // splits or one more; a partition of 0 to n - 1.
    """
    rng = np.random.RandomState(seed)
    order = rng.permutation(n)
    return [order[i * n // splits : (i + 1) * n // splits] for i in range(splits)]
