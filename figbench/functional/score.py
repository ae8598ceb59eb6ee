"""``Score``, and the step from a metric's measurements to scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.results.schema import Interval

if TYPE_CHECKING:
    from figbench.metrics.base import MetricInputs

SEED = 2020
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """One number with its uncertainty.

    Attributes:
        value: The number; always finite.
        interval: Two-sided confidence interval; None where none is sound (see ``warnings``).
        standard_error: Of the value, where the metric has a formula for it; else None.
        n: Generated figures (or pairs) that entered.
        higher_is_better: Direction.
        details: Further numbers, e.g. ``value_at_half_n``.
        warnings: Sentences for the user.
        per_figure: One value per figure for metrics that are means, shape (n,); else None. NaN
            where a figure does not enter the mean.
    """

    value: float
    interval: Interval | None
    standard_error: float | None
    n: int
    higher_is_better: bool
    details: Mapping[str, float | int | str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    per_figure: npt.NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """Value with interval and count, e.g. ``12.3 [11.8, 12.9] (95%, n=500)``."""
        if self.interval is None:
            return f"{self.value:.4g} (n={self.n})"
        bounds = f"[{self.interval.low:.4g}, {self.interval.high:.4g}]"
        return f"{self.value:.4g} {bounds} ({self.interval.level:.0%}, n={self.n})"


def compute_scores(
    metric: str,
    inputs: MetricInputs,
    settings: Mapping[str, Any],
    *,
    level: float,
    n: int,
) -> dict[str, Score]:
    """Returns every output of a metric by its id, in the metric's order.

    Args:
        metric: Request name, e.g. ``fd@features``.
        inputs: Checked inputs; their generator is used up as ``figbench.evaluate`` does.
        settings: Settings of the metric that differ from the defaults.
        level: Nominal coverage of intervals, between 0.5 and 1.
        n: Figures that entered.

    Raises:
        UserError: If the inputs do not allow a number.
    """
    from figbench.metrics import get_metric
    from figbench.metrics.base import MetricError
    from figbench.metrics.intervals import interval_of

    if not 0.5 < level < 1:
        raise UserError(f"level: {level}, expected a coverage between 0.5 and 1, such as 0.95.")
    scored = get_metric(metric)
    try:
        measurements = scored.compute(inputs, settings)
    except MetricError as error:
        raise UserError(f"{metric}: {error}.") from None
    scores = {}
    for item in measurements:
        if not math.isfinite(item.value):
            raise UserError(f"{metric}: the value of '{item.output.id}' is {item.value}.")
        scores[item.output.id] = Score(
            value=item.value,
            interval=interval_of(item, inputs.clusters, level),
            standard_error=item.standard_error,
            n=n,
            higher_is_better=item.output.higher_is_better,
            details=dict(item.details),
            warnings=tuple(item.warnings),
            per_figure=item.per_figure,
        )
    return scores


def make_inputs(
    metric: str,
    n: int,
    *,
    seed: int,
    clusters: Sequence[str] | None = None,
    figure_ids: Sequence[str] | None = None,
    present: npt.NDArray[np.bool_] | None = None,
    **fields: Any,
) -> MetricInputs:
    """Returns a metric's inputs from arrays.

    Args:
        metric: Request name; the generator depends on it as in ``figbench.evaluate``.
        n: Number of expected figures.
        seed: Seed of the generator.
        clusters: Paper of each figure, length n; None for independent figures.
        figure_ids: Per figure; repeated ids are samples of one prompt. None for distinct ids.
        present: Per figure, False where the model delivered none; None for all.
        fields: Further fields of the inputs.

    Raises:
        UserError: If ``clusters`` or ``figure_ids`` have another length than n.
    """
    from figbench.evaluation.scoring.score import metric_rng
    from figbench.metrics.base import MetricInputs

    ids = checked_names(figure_ids, "figure_ids", n)
    counts: dict[str, int] = {}
    samples = []
    for name in ids:
        samples.append(counts.get(name, 0))
        counts[name] = samples[-1] + 1
    return MetricInputs(
        figure_ids=ids,
        samples=samples,
        clusters=checked_names(clusters, "clusters", n) if clusters is not None else ids,
        present=np.ones(n, np.bool_) if present is None else present,
        rng=metric_rng(seed, metric),
        **fields,
    )


def checked_names(names: Sequence[str] | None, argument: str, n: int) -> list[str]:
    """Returns names as strings, or distinct names for None.

    Args:
        names: Names given by the user, length n; None numbers them.
        argument: Name of the argument, for messages.
        n: Number of figures.

    Raises:
        UserError: If their number is not n.
    """
    if names is None:
        return [f"{i:08d}" for i in range(n)]
    if isinstance(names, str):
        raise UserError(f"{argument}: a string, expected a list of {n} names.")
    listed = [str(name) for name in names]
    if len(listed) != n:
        raise UserError(f"{argument}: {len(listed)} names for {n} figures.")
    return listed
