"""One rule applied to a run: pass or regression, with p and the smallest visible difference."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.comparison.differences import Comparison, Difference
from figbench.errors import IntegrityError
from figbench.gate.rules import Rule, require_direction
from figbench.registry import suggest
from figbench.results.schema import RunResult
from figbench.statistics.effects import equal_means_p_value, minimum_detectable_effect

UPDATE_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule applied.

    Attributes:
        rule: As written.
        state: ``pass`` or ``regression``.
        reason: One sentence.
        baseline: Baseline's value; None for an absolute rule without a baseline.
        value: Run's value.
        limit: Value beyond which the effect is too large.
        p_value: Of the difference, or None.
        minimum_detectable: Difference that this comparison could have seen, or None.
        method: Of the test.
    """

    rule: str
    state: str
    reason: str
    baseline: float | None
    value: float
    limit: float
    p_value: float | None
    minimum_detectable: float | None
    method: str


def apply_bound(rule: Rule, run: RunResult, before: RunResult | None = None) -> Verdict:
    """Applies an absolute rule to the run's own value.

    Args:
        rule: With a bound.
        run: Result of the run.
        before: Result of the baseline, whose value is shown.

    Raises:
        IntegrityError: If the run has no value of the metric.
    """
    metric = run.metrics.get(rule.metric)
    if metric is None or metric.value is None:
        why = "is not in the run" if metric is None else f"{metric.status}: {metric.reason}"
        raise IntegrityError(
            f"Rule '{rule.text}': '{rule.metric}' {why}.{suggest(rule.metric, run.metrics)}",
            remedy=f"The run has: {', '.join(run.metrics)}.",
        )
    require_direction(rule, metric.higher_is_better)
    holds = rule.holds(metric.value)
    reason = "within the bound" if holds else "beyond the bound"
    ends, bound = metric.interval, rule.bound or 0.0
    if ends and ends.low <= bound <= ends.high:
        reason += f"; the bound lies inside the interval [{ends.low:.4g}, {ends.high:.4g}]"
    old = before.metrics.get(rule.metric) if before else None
    return Verdict(
        rule.text,
        "pass" if holds else "regression",
        reason,
        old.value if old else None,
        metric.value,
        bound,
        None,
        None,
        "bound on the value",
    )


def apply_rule(rule: Rule, comparison: Comparison) -> Verdict:
    """Applies a rule to the differences from the baseline.

    Raises:
        IntegrityError: If the metric was not compared.
    """
    difference = comparison.of(rule.metric)
    if difference is None:
        raise IntegrityError(f"Rule '{rule.text}': '{rule.metric}' could not be compared.")
    limit = rule.limit(difference.first)
    beyond = difference.second < limit if difference.higher_is_better else difference.second > limit
    state, reason = "pass", "within the limit"
    (p_value, floor), method = _of_unchanged(difference), difference.method
    if rule.budgeted and floor is not None and floor >= (rule.alpha or 0.0):
        p_value, floor = _below_the_floor(difference, p_value, floor), None
        method = f"{method}; t-test by paper where p is below the swaps' resolution"
    if beyond and rule.alpha is None:
        state, reason = "regression", "beyond the limit"
    elif beyond and rule.alpha is not None:
        if p_value is None:
            state = "regression"
            reason = "beyond the limit, and no sound test says that it is chance"
        elif floor is not None and floor >= rule.alpha:
            state = "regression"
            reason = (
                "beyond the limit, and with so few papers (or figures, where none names its paper) "
                f"p cannot fall below "
                f"{floor:.2g}, so no test says that it is chance"
            )
        elif p_value < rule.alpha:
            state, reason = "regression", f"beyond the limit, p = {p_value:.4g}"
        else:
            reason = f"beyond the limit, but p = {p_value:.4g} is not below {rule.alpha:g}"
    return Verdict(
        rule.text,
        state,
        reason,
        difference.first,
        difference.second,
        limit,
        p_value,
        _visible(rule, difference, floor),
        method,
    )


def _of_unchanged(difference: Difference) -> tuple[float | None, float | None]:
    """Returns p and its floor for an unchanged model, whose outputs can be exchanged."""
    if difference.p_swap is None:
        return difference.p_value, difference.smallest_p
    return difference.p_swap, difference.smallest_p_swap


def _below_the_floor(difference: Difference, p_value: float | None, floor: float) -> float | None:
    """Returns p of a t-test where the swap test has reached its smallest p.

    A share of an alpha budget soon falls below what 9,999 swaps, or the papers, can resolve.
    """
    if p_value is None or difference.standard_error is None or (difference.n_papers or 0) < 2:
        return None
    t = 0.0 if difference.difference else 1.0
    if difference.standard_error > 0:
        n_papers = difference.n_papers or 0
        t = equal_means_p_value(difference.difference, difference.standard_error, n_papers)
    return max(t, p_value) if p_value > 10 * floor else t


def _visible(rule: Rule, difference: Difference, floor: float | None) -> float | None:
    """The difference that the rule's own test would see; of a rule without one, at 5%."""
    return minimum_detectable_effect(
        difference.standard_error,
        papers=difference.n_papers,
        smallest_p=floor,
        alpha=rule.alpha or UPDATE_ALPHA,
    )
