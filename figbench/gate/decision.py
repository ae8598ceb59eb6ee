"""Pass or regression: an effect beyond the rule and, where asked, significance. Fails closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figbench.comparison.comparison import compare_runs
from figbench.comparison.differences import Difference
from figbench.comparison.runs import Run, load_run, require_comparable
from figbench.errors import EXIT_OK, EXIT_REGRESSION, IntegrityError, UserError
from figbench.gate.budget import spend
from figbench.gate.rules import Rule, parse_rule, require_direction, require_share
from figbench.gate.verdicts import UPDATE_ALPHA, Verdict, apply_bound, apply_rule
from figbench.registry import suggest
from figbench.results.schema import RunResult


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
            verdicts = tuple(apply_bound(rule, run.result) for rule in absolute)
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
        apply_bound(rule, run.result, before.result)
        if rule.absolute
        else apply_rule(rule, comparison)
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


def _improved(difference: Difference) -> bool:
    return (
        bool(difference.better)
        and difference.p_holm is not None
        and difference.p_holm < UPDATE_ALPHA
    )
