"""Random numbers that depend on names, not on the order in which they are drawn."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch


def fold(seed: int, *keys: str | int | float) -> int:
    """Returns a 63-bit seed for one use: equal keys give equal seeds, others unrelated ones."""
    text = "\x1f".join([str(seed), *map(str, keys)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *keys: str | int | float) -> torch.Generator:
    """Returns a CPU generator for one use."""
    return torch.Generator().manual_seed(fold(seed, *keys))


def numpy_generator(seed: int, *keys: str | int | float) -> np.random.Generator:
    """Returns a NumPy generator for one use."""
    return np.random.default_rng(fold(seed, *keys))


class Order:
    """An endless shuffled order of n figures: every epoch is a permutation of its own."""

    def __init__(self, n: int, seed: int) -> None:
        self._n = n
        self._seed = seed
        self._epoch = -1
        self._permutation: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def __getitem__(self, position: int) -> int:
        """Returns the figure at a position counted from the start of training."""
        epoch, offset = divmod(position, self._n)
        if epoch != self._epoch:
            rng = numpy_generator(self._seed, "order", epoch)
            self._permutation = rng.permutation(self._n)
            self._epoch = epoch
        return int(self._permutation[offset])
