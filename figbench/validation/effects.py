"""Size of a flaw in a metric's own units: effect, AUC, figures needed, monotonicity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from figbench.statistics.influence import variance_of_mean

Array = npt.NDArray[np.float64]
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.975)
_POWER = _NORMAL.inv_cdf(0.975) + _NORMAL.inv_cdf(0.8)
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Measurement:
    """One output of a metric on one set.

    Attributes:
        value: The number.
        sd: Standard deviation of the value over samples of n prompts (its standard error).
        higher_is_better: Direction.
        n: Figures.
        columns: Figure id to value or pseudo-value; empty where the metric has none.
        clusters: Figure id to paper.
    """

    value: float
    sd: float | None
    higher_is_better: bool
    n: int
    columns: Mapping[str, float]
    clusters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Effect:
    """A flawed set against the clean set, positive towards worse.

    Attributes:
        value: Of the flawed set.
        clean: Of the clean set.
        change: Towards worse, in the metric's units.
        error: Standard error of the change; None where a side has none.
        paired: Whether the error is that of paired differences; else of independent sets,
            which is too large for sets of the same prompts.
        effect: Change over the sampling sd of the clean value.
        low: Lower 95% bound of the effect.
        high: Upper bound.
        auc: Probability that an independent flawed set of n figures scores worse than a clean one.
        auc_low: Lower 95% bound.
        auc_high: Upper bound.
        figure_auc: The same for single figures; None without values per figure.
        n_needed: Figures for 80% power of a two-sided 5% test of the paired change; None where
            the metric does not move towards worse.
        n: Figures measured.
    """

    value: float
    clean: float
    change: float
    error: float | None
    paired: bool
    effect: float | None
    low: float | None
    high: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    figure_auc: float | None
    n_needed: int | None
    n: int

    @property
    def seen(self) -> bool:
        """Whether the change towards worse is significant at 5%."""
        if self.error is None:
            return False
        return self.change > 1e-12 and self.change > _Z95 * self.error


def compare_measurements(clean: Measurement, flawed: Measurement) -> Effect:
    """Returns the effect of a flaw.

    Per-figure values (or pseudo-values of a set statistic) of the same prompts give the error of
    the change from their differences, papers taken together, where both sets have a value for the
    same figures; else the two errors are added as those of independent sets. The sampling sd is
    the clean value's standard error.

    Args:
        clean: The clean set.
        flawed: The flawed set under the same metric.
    """
    sign = 1.0 if clean.higher_is_better else -1.0
    change = sign * (clean.value - flawed.value)
    shared = [k for k in clean.columns if math.isfinite(clean.columns[k])]
    there = {k for k, value in flawed.columns.items() if math.isfinite(value)}
    paired = len(shared) >= 2 and there == set(shared)
    error: float | None = None
    if paired:
        differences = np.array([sign * (clean.columns[k] - flawed.columns[k]) for k in shared])
        variance = variance_of_mean(differences, [clean.clusters[k] for k in shared])
        error = None if variance is None else math.sqrt(variance)
    elif clean.sd is not None and flawed.sd is not None:
        error = math.hypot(clean.sd, flawed.sd)
    scaled: list[float | None] = [None] * 3
    chances: list[float | None] = [None] * 3
    if error is not None:
        bounds = (change, change - _Z95 * error, change + _Z95 * error)
        spread = math.hypot(clean.sd or 0.0, flawed.sd or 0.0)
        scaled = [bound / clean.sd for bound in bounds] if clean.sd else scaled
        chances = [_NORMAL.cdf(bound / spread) for bound in bounds] if spread else chances
    figure_auc = None
    if len(clean.columns) and len(flawed.columns):
        figure_auc = _auc(
            sign * np.array(list(clean.columns.values())),
            sign * np.array(list(flawed.columns.values())),
        )
    needed = None
    if error is not None and change > 1e-12:
        needed = max(2, math.ceil(clean.n * (_POWER * error / change) ** 2))
    return Effect(
        value=flawed.value,
        clean=clean.value,
        change=change,
        error=error,
        paired=paired,
        effect=scaled[0],
        low=scaled[1],
        high=scaled[2],
        auc=chances[0],
        auc_low=chances[1],
        auc_high=chances[2],
        figure_auc=figure_auc,
        n_needed=needed,
        n=clean.n,
    )


def _auc(clean: Array, flawed: Array) -> float | None:
    clean, flawed = clean[np.isfinite(clean)], flawed[np.isfinite(flawed)]
    if not len(clean) or not len(flawed):
        return None
    wins = (clean[:, None] > flawed[None, :]).mean()
    ties = (clean[:, None] == flawed[None, :]).mean()
    return float(wins + ties / 2)


def monotonicity(
    effects: Mapping[int, Effect], rng: np.random.Generator
) -> tuple[float, float, float]:
    """Returns Kendall's tau-a of level and change with a 95% interval.

    Level 0 is the clean set. The interval is that of changes drawn from normal distributions
    with their standard errors.

    Args:
        effects: Level to effect; at least two levels.
        rng: Of the draws.
    """
    levels = sorted(effects)
    changes = np.array([0.0, *(effects[level].change for level in levels)])
    errors = np.array([0.0, *(effects[level].error or 0.0 for level in levels)])
    draws = changes + errors * rng.standard_normal((DRAWS, len(changes)))
    taus = _tau(draws)
    low, high = np.quantile(taus, [0.025, 0.975])
    return float(_tau(changes[None])[0]), float(low), float(high)


def _tau(values: Array) -> Array:
    i, j = np.triu_indices(values.shape[1], 1)
    apart = values[:, j] - values[:, i]
    tiny = 1e-12 * np.maximum(1.0, np.abs(values).max(axis=1, keepdims=True))
    return np.asarray(np.sign(np.where(np.abs(apart) > tiny, apart, 0.0)).mean(axis=1), np.float64)


def largest_alarm(effects: Sequence[Effect]) -> float:
    """Returns the largest change of neutral effects that is beyond doubt, in the metric's units.

    For each it is the 95% bound nearer to 0 of the absolute change, and 0 where that includes 0.
    """
    measured = [
        (abs(effect.change), effect.error) for effect in effects if effect.error is not None
    ]
    return max((max(0.0, change - _Z95 * error) for change, error in measured), default=0.0)
