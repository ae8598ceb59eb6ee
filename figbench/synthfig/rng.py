"""Random numbers that are equal under every numpy release: only PCG64's raw bits are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from numpy.random import PCG64, SeedSequence

T = TypeVar("T")

_BATCH = 128


class StableRng:
    """A random stream that is seeded by a tuple of non-negative integers.

    numpy guarantees the stream of a bit generator but not that of ``Generator``'s methods. The few
    distributions needed are therefore computed here from 64-bit words.

    Args:
        key: Non-negative integers that name the stream.
    """

    def __init__(self, *key: int) -> None:
        self._bits = PCG64(SeedSequence(list(key)))
        self._words: list[int] = []

    def word(self) -> int:
        """Returns 64 random bits."""
        if not self._words:
            self._words = self._bits.random_raw(_BATCH).tolist()
        return self._words.pop()

    def unit(self) -> float:
        """Returns a float in [0, 1) with 53 random bits."""
        return (self.word() >> 11) * 2.0**-53

    def integer(self, low: int, high: int) -> int:
        """Returns an integer in [low, high], both ends included."""
        return low + (self.word() * (high - low + 1) >> 64)

    def chance(self, probability: float) -> bool:
        """Returns True with the given probability."""
        return self.unit() < probability

    def choice(self, options: Sequence[T]) -> T:
        """Returns one of the options, all equally likely."""
        return options[self.integer(0, len(options) - 1)]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Returns ``count`` different options in random order."""
        pool = list(options)
        for i in range(count):
            j = self.integer(i, len(pool) - 1)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:count]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Returns all the options in random order."""
        return self.sample(options, len(options))
