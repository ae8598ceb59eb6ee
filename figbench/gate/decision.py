"""Pass or regression: an effect beyond the rule and, where asked, significance. Fails closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from figbench.comparison.comparison import compare_runs
from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.runs import Run, load_run, require_comparable
from figbench.errors import EXIT_OK, EXIT_REGRESSION, IntegrityError, UserError
from figbench.gate.rules import Rule, parse_rule, require_direction, require_share
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


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's outcome.

    Attributes:
        passed: True without a regression.
        verdicts: By rule.
        improved: Metrics that are significantly better than the baseline (Holm-adjusted).
        notes: What to know.
        update_required: True when ``require_update`` asks for a new baseline.
    """

    passed: bool
    verdicts: tuple[Verdict, ...]
    improved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    update_required: bool = False

    @property
    def exit_code(self) -> int:
        """0 or 1."""
        return EXIT_OK if self.passed and not self.update_required else EXIT_REGRESSION

    def document(self) -> dict[str, Any]:
        """Returns JSON-ready data."""
        return {**asdict(self), "exit_code": self.exit_code}


def _absent(baseline: str | Path | RunResult) -> bool:
    return not isinstance(baseline, RunResult) and not Path(baseline).exists()


def gate(
    result: str | Path | RunResult,
    baseline: str | Path | RunResult | None,
    rules: Sequence[str],
    *,
    alpha_budget: float | None = None,
    previous_gates: int = 0,
    allow_no_baseline: bool = False,
    require_update: bool = False,
) -> Decision:
    """Decides whether a run is a regression against a baseline.

    Args:
        result: Folder, ``result.json`` or result of the run.
        baseline: Of the baseline; None where every rule is absolute.
        rules: At least one, see :mod:`figbench.gate.rules`.
        alpha_budget: Chance of a false alarm by ``p<`` rules over all gates against this baseline;
            the k-th gate tests at the budget times 6 / (pi k)^2, shared among its ``p<`` rules.
        previous_gates: How many gates against this baseline went before this one.
        allow_no_baseline: A baseline that is not there passes, with a note.
        require_update: A significantly better run fails, so that the baseline gets updated.

    Raises:
        UserError: For a rule or result that cannot be read.
        IntegrityError: If the two must not be compared, or a value is missing.
    """
    parsed = spend([parse_rule(text) for text in rules], alpha_budget, previous_gates)
    if not parsed:
        raise UserError(
            "No rule: nothing would be checked.",
            remedy='Add --rule "label_f1:-0.01 & p<0.05", or rules to figbench.toml.',
        )
    run = load_run(result)
    absolute = [rule for rule in parsed if rule.absolute]
    if baseline is None or _absent(baseline):
        if len(absolute) == len(parsed) or allow_no_baseline:
            notes = [f"{baseline}: no baseline yet; nothing compared."] if baseline else []
            verdicts = tuple(_bounded(rule, run.result) for rule in absolute)
            passed = all(item.state == "pass" for item in verdicts)
            return Decision(passed, verdicts, notes=tuple(notes))
        if baseline is None:
            raise UserError(
                "No baseline: neither on the command line nor in figbench.toml.",
                remedy='figbench gate RESULT --baseline BASE --rule "label_f1:-0.01 & p<0.05", or '
                'bound the value itself: --rule "label_f1>=0.8"',
            )
        raise IntegrityError(
            f"{baseline}: the baseline is not there, so nothing can be compared.",
            remedy="Store one: figbench evaluate ... --output BASELINE. For a first run add "
            "--allow-no-baseline.",
        )
    before = load_run(baseline)
    _require_same_work(run, before)
    _require_metrics(run.result, before.result, parsed)
    comparison = compare_runs(before, run)
    verdicts = tuple(
        _bounded(rule, run.result, before.result) if rule.absolute else apply_rule(rule, comparison)
        for rule in parsed
    )
    improved = tuple(item.metric for item in comparison.differences if _improved(item))
    return Decision(
        passed=all(item.state == "pass" for item in verdicts),
        verdicts=verdicts,
        improved=improved,
        notes=comparison.notes,
        update_required=require_update and bool(improved),
    )


def _require_same_work(run: Run, before: Run) -> None:
    require_comparable(before, run)
    candidate, reference = run.result.manifests.generated, before.result.manifests.generated
    if run.keys and before.keys and run.keys != before.keys:
        raise IntegrityError(
            f"Not comparable: {run.folder} has {len(run.keys)} expected figures, the baseline "
            f"{len(before.keys)}, and they are not the same prompts and samples.",
            remedy="Draw the baseline's prompts with its number of samples.",
        )
    expected = [_expected(each.result) for each in (run, before)]
    if expected[0] != expected[1]:
        raise IntegrityError(
            f"Not comparable: n expected is {expected[0]} in the run and {expected[1]} in the "
            "baseline.",
            remedy="Draw the baseline's prompts with its number of samples.",
        )
    if candidate.n_figures == 0:
        raise IntegrityError(f"Not comparable: {run.folder} has no figures.")
    if not run.keys and candidate.prompts_digest != reference.prompts_digest:
        raise IntegrityError("Not comparable: the run drew other prompts than the baseline.")


def _expected(result: RunResult) -> int:
    return max((value.n_expected for value in result.metrics.values()), default=0)


def _require_metrics(run: RunResult, before: RunResult, rules: Sequence[Rule]) -> None:
    """A metric that vanished is not a metric that passed."""
    scored = [name for name, value in before.metrics.items() if value.value is not None]
    if not scored:
        raise IntegrityError("Not comparable: the baseline has no value at all.")
    for name in scored:
        value = run.metrics.get(name)
        if value is None or value.value is None:
            why = "is not in the run" if value is None else f"{value.status}: {value.reason}"
            raise IntegrityError(
                f"Not comparable: the baseline has '{name}', which {why}.",
                remedy="Score the run with the baseline's metrics.",
            )
    for rule in rules:
        if rule.metric not in scored:
            raise IntegrityError(
                f"Rule '{rule.text}': the baseline has no value of '{rule.metric}'."
                f"{suggest(rule.metric, scored)}",
                remedy=f"It has: {', '.join(scored)}.",
            )
        require_direction(rule, before.metrics[rule.metric].higher_is_better)
        require_share(rule, before.metrics[rule.metric])


def spend(rules: Sequence[Rule], budget: float | None, previous: int) -> list[Rule]:
    """Returns the rules with their share of an alpha budget over an unbounded sequence of gates.

    The k-th gate gets budget x 6 / (pi k)^2, whose sum over all k is the budget, split evenly
    over the rules with ``p<`` (Bonferroni); no rule tests at more than it was written with.

    Args:
        rules: As written.
        budget: Alpha over all gates, 0 to 1; None for rules as written.
        previous: Number of earlier gates.

    Raises:
        UserError: If the budget is not a probability, or ``previous`` is negative.
    """
    if budget is None:
        return list(rules)
    if not 0 < budget < 1 or previous < 0:
        raise UserError(
            "The alpha budget is between 0 and 1, and earlier gates are 0 or more.",
            remedy="Example: --alpha-budget 0.05 --previous-gates 12",
        )
    tested = sum(rule.alpha is not None for rule in rules)
    share = budget * 6 / (math.pi * (previous + 1)) ** 2 / max(1, tested)
    return [
        rule if rule.alpha is None else replace(rule, alpha=min(rule.alpha, share), budgeted=True)
        for rule in rules
    ]


def _bounded(rule: Rule, run: RunResult, before: RunResult | None = None) -> Verdict:
    """Applies an absolute rule to the run's own value."""
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


def _improved(difference: Difference) -> bool:
    return (
        bool(difference.better)
        and difference.p_holm is not None
        and difference.p_holm < UPDATE_ALPHA
    )
