"""Inception Score of class logits: the whole set, and the mean over splits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.influence import jackknife_influence

Array = npt.NDArray[np.float64]


def log_softmax(logits: npt.NDArray[np.floating]) -> Array:
    """Returns log probabilities in float64, shape (n, classes)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def _sum_q_log_q(q: Array) -> Array:
    positive = np.where(q > 0, q, 1.0)
    return np.asarray((q * np.log(positive)).sum(axis=-1))


def inception_score(log_probabilities: Array) -> float:
    """Returns exp(mean KL(p(y|x) || p(y))) of (n, classes): from 1 to the number of classes."""
    p = np.exp(log_probabilities)
    negative_entropy = float((p * log_probabilities).sum(axis=1).mean())
    return float(np.exp(negative_entropy - _sum_q_log_q(p.mean(axis=0))))


def score_influence(log_probabilities: Array, block: int = 2048) -> Array:
    """Returns the jackknife influence (n,) of each image on the score; needs two images."""
    n = len(log_probabilities)
    p = np.exp(log_probabilities)
    own = (p * log_probabilities).sum(axis=1)
    total, own_total = p.sum(axis=0), own.sum()
    left_out = np.empty(n)
    for start in range(0, n, block):
        part = slice(start, start + block)
        marginal = np.maximum(total - p[part], 0.0) / (n - 1)
        left_out[part] = np.exp((own_total - own[part]) / (n - 1) - _sum_q_log_q(marginal))
    return jackknife_influence(left_out)


def split_rows(n: int, splits: int, seed: int) -> list[npt.NDArray[np.intp]]:
    """Returns the row numbers of each split: those of torch-fidelity for the same seed."""
    rng = np.random.RandomState(seed)
    order = rng.permutation(n)
    return [order[i * n // splits : (i + 1) * n // splits] for i in range(splits)]
