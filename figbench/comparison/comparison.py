"""Differences between two runs of one protocol, each with a test that knows what was paired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.comparison.differences import Comparison, Difference
from figbench.comparison.notes import assumptions, out_of_reach
from figbench.comparison.prompts import most_different, wins
from figbench.comparison.runs import Run, load_run, require_comparable
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import StoredFeatures, load_features
from figbench.metrics import SetStatistic, output_spec, set_statistic
from figbench.results.schema import MetricValue, RunResult
from figbench.statistics.effects import (
    equal_means_p_value,
    holm,
    minimum_detectable_effect,
    rare_failure_p_value,
    unpaired_p_value,
)
from figbench.statistics.paired import PairedTest, sign_flip_test

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
    """As :func:`compare`, on loaded runs."""
    require_comparable(first, second, allow_drift=allow_drift)
    paired = bool(first.rows) and first.rows == second.rows
    notes: list[str] = []
    allowance = 0.0
    if allow_drift and first.judge is not None and second.judge is not None:
        from figbench.judges.measures.fingerprint import drift_allowance

        allowance, notes = drift_allowance(first.judge, second.judge)
    if not paired:
        notes.append(
            "The prompts differ or the rows are not at hand: differences are tested unpaired."
        )
    found = [
        _difference(name, value, second.result.metrics[name], first, second, paired, notes)
        for name, value in first.result.metrics.items()
        if (metrics is None or name in metrics) and _both(name, first, second)
    ]
    found = [_widened(one, allowance) for one in found] if allowance else found
    adjusted = holm({one.metric: one.p_value for one in found if one.p_value is not None})
    differences = tuple(
        replace(
            one,
            p_holm=adjusted.get(one.metric),
            minimum_detectable=_visible(one, len(adjusted), allowance),
        )
        for one in found
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
    ours: MetricValue,
    theirs: MetricValue,
    first: Run,
    second: Run,
    paired: bool,
    notes: list[str],
) -> Difference:
    a, b = first.result.value(name), second.result.value(name)
    test = _paired_test(name, first, second, notes) if paired else None
    if test is None:
        test = _unpaired(b - a, ours.implied_standard_error, theirs.implied_standard_error)
    counts = wins(name, first, second, ours.higher_is_better) if test.paired else None
    return Difference(
        metric=name,
        higher_is_better=ours.higher_is_better,
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
    )


def _visible(difference: Difference, tests: int, allowance: float) -> float | None:
    """Returns the smallest visible difference; the drift of two judges comes on top of it."""
    effect = minimum_detectable_effect(
        difference.standard_error,
        papers=difference.n_papers,
        tests=tests,
        smallest_p=difference.smallest_p,
    )
    return None if effect is None else effect + allowance


def _widened(difference: Difference, allowance: float) -> Difference:
    """Tests what is left of a difference after the part that may be due to two judges."""
    error = difference.standard_error
    if not error:
        return replace(difference, p_value=None, method="none: no standard error")
    rest = max(0.0, abs(difference.difference) - allowance)
    return replace(
        difference,
        p_value=unpaired_p_value(rest, error, 0.0),
        method="z-test of the difference beyond the judges' drift",
        smallest_p=None,
    )


@dataclass(frozen=True, slots=True)
class _Test:
    p_value: float | None
    standard_error: float | None
    method: str
    paired: bool
    smallest_p: float | None = None
    n_papers: int | None = None
    p_rare_failures: float | None = None


def _unpaired(difference: float, first: float | None, second: float | None) -> _Test:
    spread = None if first is None or second is None else float(np.hypot(first, second))
    p_value = unpaired_p_value(difference, first, second)
    return _Test(p_value, spread, "unpaired z-test from standard errors", paired=False)


def _from_pairs(test: PairedTest | None) -> _Test | None:
    if test is None:
        return None
    return _Test(
        test.p_value, test.standard_error, test.method, True, test.smallest_p, test.n_clusters
    )


def _paired_test(name: str, first: Run, second: Run, notes: list[str]) -> _Test | None:
    rng = np.random.default_rng([first.result.provenance.seeds.get("protocol", 0), _number(name)])
    statistic = set_statistic(name)
    if statistic is not None:
        try:
            features = [load_features(run.folder, name) for run in (first, second)]
        except FigbenchError as error:
            notes.append(f"{name}: features are not at hand ({error.message}); unpaired test.")
            return None
        return _of_sets(_swap(statistic, features[0], features[1], rng))
    if name in first.columns and name in second.columns:
        a, b = first.columns[name], second.columns[name]
        kept = np.isfinite(a) & np.isfinite(b)
        if kept.any() and np.array_equal(a[kept], b[kept]):
            return _Test(None, 0.0, "identical in every figure", paired=True)
        if kept.any():
            clusters = [one for one, keep in zip(first.clusters, kept, strict=True) if keep]
            return _of_values(name, a[kept], b[kept], clusters, rng)
    return None


def _of_sets(test: PairedTest | None) -> _Test | None:
    """The larger p of the swap test and of a t-test of the influence values.

    The swap test alone rejects models that are equally far from the references in different
    ways, whose outputs cannot be exchanged.
    """
    found = _from_pairs(test)
    if found is None or test is None or not test.standard_error:
        return found
    t = equal_means_p_value(test.difference, test.standard_error, test.n_clusters)
    if t <= test.p_value:
        return found
    return replace(found, p_value=t, method=f"{test.method}; t-test of influence values")


def _of_values(
    name: str, a: Array, b: Array, clusters: Sequence[str], rng: np.random.Generator
) -> _Test | None:
    test = _from_pairs(found := sign_flip_test(b - a, clusters, rng))
    output = output_spec(name)
    low, high = output.bounds if output else (-np.inf, np.inf)
    if not np.isfinite([low, high]).all():
        low, high = float(min(a.min(), b.min())), float(max(a.max(), b.max()))
    rare = rare_failure_p_value(
        found.difference, found.standard_error, found.n_clusters, high - low
    )
    return None if test is None else replace(test, p_rare_failures=rare)


def _swap(
    statistic: SetStatistic, first: StoredFeatures, second: StoredFeatures, rng: np.random.Generator
) -> PairedTest | None:
    """Rows that only one model delivered cannot be swapped and are left out of the test."""
    place = {key: i for i, key in enumerate(zip(second.figure_ids, second.samples, strict=True))}
    pairs = [
        (i, place[key])
        for i, key in enumerate(zip(first.figure_ids, first.samples, strict=True))
        if key in place
    ]
    if len(pairs) < 3:
        return None
    ours, theirs = (np.array(side) for side in zip(*pairs, strict=True))
    clusters = [first.clusters[i] for i in ours]
    return statistic.matched(first.own[ours]).paired_test(
        first.generated[ours], second.generated[theirs], first.reference, clusters, rng
    )


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
