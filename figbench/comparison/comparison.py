"""Differences between two runs of one protocol, each with a test that knows what was paired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.comparison.runs import Run, load_run, require_comparable
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import StoredFeatures, load_features
from figbench.metrics import SetStatistic, output_spec, set_statistic
from figbench.results.schema import MetricValue, RunResult
from figbench.statistics.effects import (
    ALPHA,
    equal_means_p_value,
    holm,
    minimum_detectable_effect,
    rare_failure_p_value,
    unpaired_p_value,
)
from figbench.statistics.paired import PairedTest, sign_flip_test

Array = npt.NDArray[np.float64]
MOST_DIFFERENT = 12


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two runs.

    Attributes:
        metric: Metric id.
        higher_is_better: Direction.
        first: Value of the first run.
        second: Value of the second run.
        difference: Second minus first.
        p_value: Two-sided; None where no test is sound.
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
        p_rare_failures: p of equal means where a failure too rare to be in the sample may exist;
            None for set statistics and unpaired tests.
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
        return next((one for one in self.differences if one.metric == metric), None)


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
    notes = []
    allowance = 0.0
    if allow_drift and first.judge is not None and second.judge is not None:
        from figbench.judges.fingerprint import drift_allowance

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
            minimum_detectable=minimum_detectable_effect(
                one.standard_error,
                papers=one.n_papers,
                tests=len(adjusted),
                smallest_p=one.smallest_p,
            ),
        )
        for one in found
    )
    notes += _out_of_reach(differences, len(adjusted))
    notes += _assumptions(differences, first) if paired else []
    return Comparison(
        first.name,
        second.name,
        first.result.protocol.id,
        differences,
        tuple(_most_different(first, second, differences)) if paired else (),
        tuple(dict.fromkeys(notes)),
    )


def _out_of_reach(differences: Sequence[Difference], tests: int) -> list[str]:
    """Says when no difference, however large, could be significant after Holm."""
    floors = {
        one.metric: one.smallest_p
        for one in differences
        if one.p_value is not None and one.smallest_p is not None
    }
    blocked = [name for name, floor in floors.items() if floor * tests >= ALPHA]
    if not blocked:
        return []
    shown = ", ".join(blocked[:3]) + (", ..." if len(blocked) > 3 else "")
    least = min(floors[name] for name in blocked)
    few = "figures of more papers are needed" if least >= ALPHA else "name fewer with --metrics"
    return [
        f"{shown}: p cannot fall below {least:.2g} here, which Holm over {tests} metrics makes "
        f"{min(1.0, least * tests):.2g}, so no difference could be significant: {few}."
    ]


def _assumptions(differences: Sequence[Difference], run: Run) -> list[str]:
    """States what the tests take for granted, and which results depend on it."""
    notes = []
    if all(paper == figure for paper, (figure, _) in zip(run.clusters, run.rows, strict=True)):
        notes.append(
            "No figure names its paper: the tests take prompts for independent. Where figures of "
            "one paper fail together, p is too small."
        )
    doubtful = [
        one.metric
        for one in differences
        if one.p_holm is not None
        and one.p_holm < ALPHA
        and one.p_rare_failures is not None
        and one.p_rare_failures >= ALPHA
    ]
    if doubtful:
        papers = max(one.n_papers or 0 for one in differences if one.metric in doubtful)
        notes.append(
            f"{', '.join(doubtful)}: the models differ on these figures, but {papers} papers do "
            "not exclude a failure that is too rare to be among them and would make the means "
            "equal."
        )
    return notes


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
    counts = _counts(name, first, second, ours.higher_is_better) if test.paired else None
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


def _widened(difference: Difference, allowance: float) -> Difference:
    """Tests what is left of a difference after the part that may be due to two judges."""
    spread = difference.minimum_detectable
    if spread is None:
        return replace(difference, p_value=None, method="none: no standard error")
    error = spread / (minimum_detectable_effect(1.0) or 1.0)
    rest = max(0.0, abs(difference.difference) - allowance)
    return replace(
        difference,
        p_value=unpaired_p_value(rest, error, 0.0) if error else None,
        minimum_detectable=spread + allowance,
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


def _by_prompt(run: Run, values: npt.NDArray[np.float64]) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for (figure_id, _), value in zip(run.rows, values, strict=True):
        if np.isfinite(value):
            sums.setdefault(figure_id, []).append(float(value))
    return {figure_id: sum(found) / len(found) for figure_id, found in sums.items()}


def _counts(
    name: str, first: Run, second: Run, higher_is_better: bool
) -> tuple[int, int, int] | None:
    """Returns (wins, losses, ties) of the second run over prompts."""
    if name not in first.columns or name not in second.columns:
        return None
    ours = _by_prompt(first, first.columns[name])
    theirs = _by_prompt(second, second.columns[name])
    signed = [theirs[one] - ours[one] for one in ours if one in theirs]
    better = sum((value > 0) == higher_is_better for value in signed if value != 0)
    ties = sum(value == 0 for value in signed)
    return better, len(signed) - ties - better, ties


def _most_different(
    first: Run, second: Run, differences: Sequence[Difference]
) -> list[dict[str, Any]]:
    """The twelve prompts whose standardised differences, averaged over metrics, are largest."""
    totals: dict[str, list[tuple[float, str, float]]] = {}
    for one in differences:
        if one.metric not in first.columns or one.metric not in second.columns:
            continue
        ours = _by_prompt(first, first.columns[one.metric])
        theirs = _by_prompt(second, second.columns[one.metric])
        values = {key: theirs[key] - ours[key] for key in ours if key in theirs}
        spread = float(np.std(list(values.values()))) if values else 0.0
        if spread > 0:
            for key, value in values.items():
                totals.setdefault(key, []).append((abs(value) / spread, one.metric, value))
    ranked = sorted(totals.items(), key=lambda item: (-sum(part[0] for part in item[1]), item[0]))
    found = []
    for figure_id, parts in ranked[:MOST_DIFFERENT]:
        _, metric, value = max(parts)
        found.append({"figure_id": figure_id, "metric": metric, "difference": value})
    return found
