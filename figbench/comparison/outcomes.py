"""Outcomes of the tests of one metric: of values per figure, of set statistics, without pairs.

Two hypotheses are kept apart. "The outputs can be exchanged", which holds for an unchanged model,
is what a swap of papers tests (``p_swap``). "The means are equal", which is what a comparison of
two models asks, needs more than that: see ``rare_failure_p_value``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from figbench.metrics import output_spec
from figbench.statistics.effects import (
    equal_means_p_value,
    rare_failure_p_value,
    unpaired_p_value,
)
from figbench.statistics.paired import PairedTest, sign_flip_test

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a test of one metric.

    Attributes:
        p_value: Two-sided, of equal means; None where no test is sound.
        standard_error: Of the difference, papers taken together.
        method: For tables.
        paired: Whether prompts were paired.
        smallest_p: What ``p_value`` cannot fall below.
        n_papers: Independent units.
        p_rare_failures: Part of ``p_value`` that allows for unseen failures.
        p_swap: Of outputs that can be exchanged.
        smallest_p_swap: What ``p_swap`` cannot fall below.
        width: Range of the score, where the test allows for unseen failures.
    """

    p_value: float | None
    standard_error: float | None
    method: str
    paired: bool
    smallest_p: float | None = None
    n_papers: int | None = None
    p_rare_failures: float | None = None
    p_swap: float | None = None
    smallest_p_swap: float | None = None
    width: float | None = None


def unpaired_outcome(difference: float, first: float | None, second: float | None) -> Outcome:
    """Returns the outcome of a z-test from two standard errors.

    Args:
        difference: Second minus first.
        first: Standard error of the first value; None where it is unknown.
        second: Of the second value.
    """
    spread = None if first is None or second is None else float(np.hypot(first, second))
    p_value = unpaired_p_value(difference, first, second)
    return Outcome(p_value, spread, "unpaired z-test from standard errors", paired=False)


def outcome_of_sets(test: PairedTest | None) -> Outcome | None:
    """Returns the larger p of the swap test and of a t-test of the influence values.

    The swap test alone rejects models that are equally far from the references in different
    ways, whose outputs cannot be exchanged.

    Args:
        test: A swap test of a set statistic; None where it could not be made.
    """
    if test is None:
        return None
    outcome = _of_swaps(test)
    if not test.standard_error:
        return outcome
    t = equal_means_p_value(test.difference, test.standard_error, test.n_clusters)
    if t <= test.p_value:
        return outcome
    return replace(outcome, p_value=t, method=f"{test.method}; t-test of influence values")


def outcome_of_values(
    name: str, first: Array, second: Array, clusters: Sequence[str], rng: np.random.Generator
) -> Outcome:
    """Returns the larger p of the swap test and of the t-test that allows for unseen failures.

    The range of a score without bounds of its own is that of the values.

    Args:
        name: Output id.
        first: Values per figure of the first model, shape (n,), finite.
        second: Of the second model, shape (n,), finite.
        clusters: Paper of each figure.
        rng: Of the random swaps.
    """
    test = sign_flip_test(second - first, clusters, rng)
    outcome = _of_swaps(test)
    output = output_spec(name)
    low, high = output.bounds if output else (-np.inf, np.inf)
    if not np.isfinite([low, high]).all():
        low = float(min(first.min(), second.min()))
        high = float(max(first.max(), second.max()))
    width = high - low
    rare = rare_failure_p_value(test.difference, test.standard_error, test.n_clusters, width)
    floor = rare_failure_p_value(width, 0.0, test.n_clusters, width)
    if rare is None or floor is None:
        return outcome
    larger = rare > test.p_value
    return replace(
        outcome,
        p_value=max(test.p_value, rare),
        smallest_p=max(test.smallest_p, floor),
        method=f"{test.method}; t-test with unseen failures" if larger else test.method,
        p_rare_failures=rare,
        width=width,
    )


def _of_swaps(test: PairedTest) -> Outcome:
    return Outcome(
        test.p_value,
        test.standard_error,
        test.method,
        paired=True,
        smallest_p=test.smallest_p,
        n_papers=test.n_clusters,
        p_swap=test.p_value,
        smallest_p_swap=test.smallest_p,
    )
