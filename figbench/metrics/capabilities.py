"""Optional capabilities of metrics: set statistics that other packages recompute and test.

Consumers (comparison, gate, leaderboard) ask for a capability by output id and do not depend on the
ids of built-in metrics: a third party's metric is treated as a built-in one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from figbench.statistics.paired import PairedTest, swap_test

Array = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Recompute = Callable[[Features, Features], float]
PseudoValues = Callable[[Features, Features], Array]
SwapTest = Callable[[Features, Features, Features, Sequence[str], np.random.Generator], PairedTest]

PERMUTATIONS = 199


@dataclass(frozen=True, slots=True)
class SetStatistic:
    """A statistic of two feature matrices, such as a distance between their distributions.

    Attributes:
        recompute: (n, d) generated and (m, d) reference features to the value.
        pseudo_values: The same arguments to one value per generated figure, shape (n,), whose mean
            is the statistic to first order (value plus influence).
        paired_test: (n, d) features of two models on the same prompts, (m, d) reference features,
            the paper of each prompt and a generator, to the test of their difference.
        for_matches: From the reference row of each generated row, shape (n,) with -1 for
            none, to the statistic that allows for their dependence; None where the metric's
            formula is the same for matched and independent sets.
    """

    recompute: Recompute
    pseudo_values: PseudoValues
    paired_test: SwapTest
    for_matches: Callable[[Indices], Any] | None = None

    def matched(self, own: Indices | None) -> SetStatistic:
        """Returns the statistic for generated rows that belong to reference rows.

        Args:
            own: Reference row of each generated row, shape (n,), -1 for none; None for
                independent sets.
        """
        if own is None or self.for_matches is None:
            return self
        statistic: SetStatistic = self.for_matches(own)
        return statistic


@runtime_checkable
class OffersSetStatistics(Protocol):
    """A metric whose outputs are statistics of whole sets of features."""

    set_statistics: Mapping[str, SetStatistic]
    """By output id."""


def statistic_of(recompute: Recompute, *, permutations: int = PERMUTATIONS) -> SetStatistic:
    """Returns the capability of a metric that can only be recomputed.

    Pseudo-values are those of the delete-one jackknife. The paired test recomputes the statistic
    for random swaps of whole papers.

    Args:
        recompute: (n, d) generated and (m, d) reference features to the value.
        permutations: Random swaps of the paired test.
    """

    def pseudo_values(features: Features, reference: Features) -> Array:
        n, value = len(features), recompute(features, reference)
        index = np.arange(n)
        left_out = np.array([recompute(features[index != i], reference) for i in range(n)])
        return np.asarray(value + (n - 1) * (value - left_out), dtype=np.float64)

    def paired_test(
        first: Features,
        second: Features,
        reference: Features,
        clusters: Sequence[str],
        rng: np.random.Generator,
    ) -> PairedTest:
        def difference(swapped: npt.NDArray[np.bool_]) -> float:
            a = np.where(swapped[:, None], second, first)
            b = np.where(swapped[:, None], first, second)
            return recompute(b, reference) - recompute(a, reference)

        values = [pseudo_values(features, reference) for features in (first, second)]
        return swap_test(difference, values[0], values[1], clusters, rng, permutations)

    return SetStatistic(recompute, pseudo_values, paired_test)
