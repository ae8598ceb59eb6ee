"""Differences between two runs of one protocol, each with a test that knows what was paired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.notes import assumptions, out_of_reach
from figbench.comparison.outcomes import (
    Outcome,
    outcome_of_sets,
    outcome_of_values,
    unpaired_outcome,
)
from figbench.comparison.prompts import most_different, wins
from figbench.comparison.runs import Run, load_run, require_comparable
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import StoredFeatures, load_features
from figbench.metrics import SetStatistic, set_statistic
from figbench.results.schema import MetricValue, RunResult
from figbench.statistics.effects import (
    holm,
    minimum_detectable_effect,
    rare_failure_p_value,
    unpaired_p_value,
)
from figbench.statistics.paired import PairedTest

Array = npt.NDArray[np.float64]


def compare(
    first: str | Path | RunResult,
    second: str | Path | RunResult,
    metrics: Sequence[str] | None = None,
    *,
    allow_drift: bool = False,
) -> Comparison:
    """Compares two finished runs, or two runs of a judge.

    Args:
        first: Folder, ``result.json`` or result of the run to compare with.
        second: The other run.
        metrics: Which metrics; None for all that both have.
        allow_drift: Whether two runs of different judges are compared; the test then leaves out
            the part of the difference that may be due to the judges.

    Raises:
        UserError: If a run cannot be read.
        IntegrityError: If they followed different protocols or references, or the judges differ.
    """
    return compare_runs(load_run(first), load_run(second), metrics=metrics, allow_drift=allow_drift)


def compare_runs(
    first: Run,
    second: Run,
    *,
    metrics: Sequence[str] | None = None,
    allow_drift: bool = False,
) -> Comparison:
    """Returns the differences of two loaded runs, as :func:`compare`.

    Args:
        first: The baseline.
        second: The candidate.
        metrics: Output ids to test; None for all that both have.
        allow_drift: Whether the judges may differ.
    """
    require_comparable(first, second, allow_drift=allow_drift)
    paired = bool(first.keys) and first.keys == second.keys
    notes: list[str] = []
    allowance = 0.0
    if allow_drift and first.judge is not None and second.judge is not None:
        from figbench.judges.measures.fingerprint import drift_allowance

        allowance, notes = drift_allowance(first.judge, second.judge)
    if not paired:
        notes.append(
            "The prompts differ or a run has no table of figures: differences are tested unpaired."
        )
    tested = [
        _difference(name, value, second.result.metrics[name], first, second, paired, notes)
        for name, value in first.result.metrics.items()
        if (metrics is None or name in metrics) and _both(name, first, second)
    ]
    tested = [_widened(item, allowance) for item in tested] if allowance else tested
    adjusted = holm({item.metric: item.p_value for item in tested if item.p_value is not None})
    differences = tuple(
        replace(
            item,
            p_holm=adjusted.get(item.metric),
            minimum_detectable=_visible(item, len(adjusted), allowance),
        )
        for item in tested
    )
    notes += out_of_reach(differences, len(adjusted))
    notes += assumptions(differences, first) if paired else []
    return Comparison(
        first.name,
        second.name,
        first.result.protocol.id,
        differences,
        tuple(most_different(first, second, differences)) if paired else (),
        tuple(dict.fromkeys(notes)),
    )


def _both(name: str, first: Run, second: Run) -> bool:
    values = [run.result.metrics.get(name) for run in (first, second)]
    return all(value is not None and value.value is not None for value in values)


def _difference(
    name: str,
    before: MetricValue,
    after: MetricValue,
    first: Run,
    second: Run,
    paired: bool,
    notes: list[str],
) -> Difference:
    a, b = first.result.value(name), second.result.value(name)
    test = _paired_test(name, first, second, notes) if paired else None
    if test is None:
        test = unpaired_outcome(b - a, before.implied_standard_error, after.implied_standard_error)
    counts = wins(name, first, second, before.higher_is_better) if test.paired else None
    return Difference(
        metric=name,
        higher_is_better=before.higher_is_better,
        first=a,
        second=b,
        difference=b - a,
        p_value=test.p_value,
        p_holm=None,
        minimum_detectable=None,
        paired=test.paired,
        method=test.method,
        smallest_p=test.smallest_p,
        wins=counts[0] if counts else None,
        losses=counts[1] if counts else None,
        ties=counts[2] if counts else None,
        standard_error=test.standard_error,
        n_papers=test.n_papers,
        p_rare_failures=test.p_rare_failures,
        p_swap=test.p_swap,
        smallest_p_swap=test.smallest_p_swap,
        width=test.width,
    )


def _visible(difference: Difference, tests: int, allowance: float) -> float | None:
    """Returns the smallest visible difference; the drift of two judges comes on top of it."""
    effect = minimum_detectable_effect(
        difference.standard_error,
        papers=difference.n_papers,
        tests=tests,
        smallest_p=difference.smallest_p,
        width=difference.width,
    )
    return None if effect is None else effect + allowance


def _widened(difference: Difference, allowance: float) -> Difference:
    """Tests what is left of a difference after the part that may be due to two judges."""
    error = difference.standard_error
    if not error:
        return replace(difference, p_value=None, method="none: no standard error")
    rest = max(0.0, abs(difference.difference) - allowance)
    p_values = [unpaired_p_value(rest, error, 0.0)]
    if difference.width is not None and difference.n_papers is not None:
        p_values.append(rare_failure_p_value(rest, error, difference.n_papers, difference.width))
    return replace(
        difference,
        p_value=max((p for p in p_values if p is not None), default=None),
        method="z-test of the difference beyond the judges' drift",
        smallest_p=None,
        p_rare_failures=None,
        p_swap=None,
        smallest_p_swap=None,
    )


def _paired_test(name: str, first: Run, second: Run, notes: list[str]) -> Outcome | None:
    rng = np.random.default_rng([first.result.provenance.seeds.get("protocol", 0), _number(name)])
    statistic = set_statistic(name)
    if statistic is not None:
        try:
            features = [load_features(run.folder, name) for run in (first, second)]
        except FigbenchError as error:
            notes.append(f"{name}: features are not at hand ({error.message}); unpaired test.")
            return None
        return outcome_of_sets(_swap(statistic, features[0], features[1], rng))
    if name in first.columns and name in second.columns:
        a, b = first.columns[name], second.columns[name]
        finite = np.isfinite(a) & np.isfinite(b)
        if finite.any() and np.array_equal(a[finite], b[finite]):
            return Outcome(None, 0.0, "identical in every figure", paired=True)
        if finite.any():
            clusters = [paper for paper, used in zip(first.clusters, finite, strict=True) if used]
            return outcome_of_values(name, a[finite], b[finite], clusters, rng)
    return None


def _swap(
    statistic: SetStatistic, first: StoredFeatures, second: StoredFeatures, rng: np.random.Generator
) -> PairedTest | None:
    """Rows that only one model delivered cannot be swapped and are left out of the test."""
    index_of = {key: i for i, key in enumerate(zip(second.figure_ids, second.samples, strict=True))}
    pairs = [
        (i, index_of[key])
        for i, key in enumerate(zip(first.figure_ids, first.samples, strict=True))
        if key in index_of
    ]
    if len(pairs) < 3:
        return None
    first_index, second_index = (np.array(side) for side in zip(*pairs, strict=True))
    clusters = [first.clusters[i] for i in first_index]
    return statistic.matched(first.own[first_index]).paired_test(
        first.generated[first_index], second.generated[second_index], first.reference, clusters, rng
    )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
