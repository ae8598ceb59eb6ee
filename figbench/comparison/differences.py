"""Differences between two runs: the values that ``compare`` returns."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two runs.

    Attributes:
        metric: Metric id.
        higher_is_better: Direction.
        first: Value of the first run.
        second: Value of the second run.
        difference: Second minus first.
        p_value: Two-sided, of equal means; None where no test is sound.
        p_holm: Adjusted over the metrics of this comparison.
        minimum_detectable: True difference found with 80% power at alpha 0.05, Holm's correction
            over the tests of this comparison included; None where none could be significant.
        paired: Whether the test paired prompts.
        method: Of the test.
        smallest_p: What p_value cannot fall below with this many papers and swaps; None where the
            test has no such floor.
        wins: Prompts where the second run is better (per-figure metrics).
        losses: Prompts where it is worse.
        ties: Prompts without a difference.
        standard_error: Of the difference, papers taken together; None where it is unknown.
        n_papers: Independent units of the test; None for an unpaired one.
        p_rare_failures: The part of ``p_value`` that allows for a failure too rare to be in the
            sample; None for set statistics and unpaired tests.
        p_swap: Two-sided p of outputs that can be exchanged, as those of an unchanged model; None
            for unpaired tests.
        smallest_p_swap: What ``p_swap`` cannot fall below.
        width: Range of the score, where the test allows for unseen failures.
    """

    metric: str
    higher_is_better: bool
    first: float
    second: float
    difference: float
    p_value: float | None
    p_holm: float | None
    minimum_detectable: float | None
    paired: bool
    method: str
    smallest_p: float | None = None
    wins: int | None = None
    losses: int | None = None
    ties: int | None = None
    standard_error: float | None = None
    n_papers: int | None = None
    p_rare_failures: float | None = None
    p_swap: float | None = None
    smallest_p_swap: float | None = None
    width: float | None = None

    @property
    def better(self) -> bool | None:
        """True where the second run is better, None without a difference."""
        if self.difference == 0:
            return None
        return (self.difference > 0) == self.higher_is_better


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared.

    Attributes:
        first: Name of the first run.
        second: Name of the second run.
        protocol: Id of their protocol.
        differences: By metric.
        most_different: Figures with the largest differences, by metric.
        notes: What to know.
    """

    first: str
    second: str
    protocol: str
    differences: tuple[Difference, ...]
    most_different: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """Returns JSON-ready data."""
        return asdict(self)

    def of(self, metric: str) -> Difference | None:
        """Returns the difference of one metric, or None."""
        return next((item for item in self.differences if item.metric == metric), None)
