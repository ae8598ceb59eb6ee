"""Coverage of the nominal 95% intervals on known distributions.

``python -m tests.statistics.coverage`` prints the table of docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from figbench.metrics import get_metric
from figbench.metrics.base import Measurement, MetricInputs, OutputSpec
from figbench.metrics.intervals import interval_of

LEVEL = 0.95
F1 = OutputSpec("label_f1", "Label F1", higher_is_better=True, low=0.0, high=1.0)


@dataclass(frozen=True)
class Outcome:
    """One simulated evaluation: estimate and interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scenario:
    """A row of the table.

    ``truth`` None means the estimator's own expectation; ``conservative`` marks formulas whose
    standard error is known to be too large there, so that coverage may reach 1.
    """

    name: str
    draw: Callable[[np.random.Generator], Outcome]
    truth: float | None
    replicates: int
    seed: int
    conservative: bool = False

    def run(self) -> tuple[float, float, float, float]:
        """Returns (truth, mean estimate, sd of the estimates, coverage)."""
        streams = np.random.SeedSequence(self.seed).spawn(2 * self.replicates)
        found = [self.draw(np.random.default_rng(s)) for s in streams[: self.replicates]]
        truth = self.truth
        if truth is None:
            others = streams[self.replicates :]
            truth = float(np.mean([self.draw(np.random.default_rng(s)).value for s in others]))
        values = np.array([outcome.value for outcome in found])
        inside = [outcome.low <= truth <= outcome.high for outcome in found]
        return truth, float(values.mean()), float(values.std(ddof=1)), float(np.mean(inside))


def inputs_of(x, y, rng, clusters=None):
    ids = [str(row) for row in range(len(x))]
    x, y = x.astype(np.float32), y.astype(np.float32)
    return MetricInputs(
        figure_ids=ids,
        samples=[0] * len(x),
        clusters=clusters or ids,
        present=np.ones(len(x), np.bool_),
        rng=rng,
        generated={"features": x, "logits": x},
        reference={"features": y},
    )


def outcome_of(measurement, inputs, value=None):
    found = interval_of(measurement, inputs.clusters, LEVEL)
    value = measurement.value if value is None else value
    shift = value - measurement.value
    return Outcome(value, found.low + shift, found.high + shift)


def scales(width):
    return np.linspace(0.5, 2.0, width)


def frechet(width, n, m, shift, *, extrapolated=False, stretch=1.0):
    def draw(rng):
        x = rng.normal(size=(n, width)) * scales(width) * stretch + shift
        y = rng.normal(size=(m, width)) * scales(width)
        inputs = inputs_of(x, y, rng)
        found = get_metric("fd@x").compute(inputs, {"extrapolate": extrapolated})[0]
        return outcome_of(found, inputs, found.details["extrapolated"] if extrapolated else None)

    return draw


def frechet_truth(width, shift, stretch=1.0):
    return float(width * shift**2 + np.square((stretch - 1.0) * scales(width)).sum())


def frechet_clustered(width, papers, per_paper, shift):
    def draw(rng):
        centres = np.repeat(rng.normal(size=(papers, width)), per_paper, axis=0)
        x = 0.8 * centres + 0.6 * rng.normal(size=centres.shape) + shift
        y = rng.normal(size=(papers * per_paper, width))
        clusters = [str(row // per_paper) for row in range(len(x))]
        inputs = inputs_of(x, y, rng, clusters)
        return outcome_of(get_metric("fd@x").compute(inputs, {"extrapolate": False})[0], inputs)

    return draw


def kernel(width, n, m, shift):
    def draw(rng):
        x, y = rng.normal(size=(n, width)) + shift, rng.normal(size=(m, width))
        inputs = inputs_of(x, y, rng)
        return outcome_of(get_metric("kid").compute(inputs, {"subsets": 0})[0], inputs)

    return draw


def kernel_truth(width, shift):
    def mean_kernel(first, second):
        a = 1.0 + first @ second / width
        b = np.linalg.norm(second) / width
        quadratic = a * (first @ first + width) + 2.0 * first @ second / width
        return a**3 + 3 * a * b**2 + 3.0 * quadratic / width**2

    moved, origin = np.full(width, shift), np.zeros(width)
    within = mean_kernel(moved, moved) + mean_kernel(origin, origin)
    return float(within - 2.0 * mean_kernel(moved, origin))


def inception(classes, n, output):
    def draw(rng):
        logits = 2.0 * rng.normal(size=(n, classes))
        inputs = inputs_of(logits, logits, rng)
        return outcome_of(get_metric("isc").compute(inputs, {})[output], inputs)

    return draw


def labels(papers, *, clustered=True):
    """F1-like values: a paper's quality and a figure's, 1 to 6 figures per paper."""

    def draw(rng):
        sizes = rng.integers(1, 7, papers)
        quality = np.repeat(rng.beta(4, 2, papers), sizes)
        values = rng.beta(8 * quality, 8 * (1 - quality))
        names = np.repeat(np.arange(papers), sizes) if clustered else np.arange(len(values))
        measurement = Measurement(F1, float(values.mean()), per_figure=values)
        found = interval_of(measurement, [str(name) for name in names], LEVEL)
        return Outcome(measurement.value, found.low, found.high)

    return draw


def prdc(width, n, m, output):
    def draw(rng):
        x, y = 0.9 * rng.normal(size=(n, width)) + 0.3, rng.normal(size=(m, width))
        inputs = inputs_of(x, y, rng)
        return outcome_of(get_metric("prdc@x").compute(inputs, {})[output], inputs)

    return draw


SCENARIOS = [
    Scenario("FD, D=16, n=400", frechet(16, 400, 400, 0.3), None, 300, 1),
    Scenario("FD, D=16, n=400, wider", frechet(16, 400, 400, 0.0, stretch=1.3), None, 300, 2),
    Scenario("FD, D=32, n=200, m=800", frechet(32, 200, 800, 0.3), None, 300, 3),
    Scenario("FD, D=8, 100 papers of 4", frechet_clustered(8, 100, 4, 0.3), None, 300, 6),
    Scenario("FD, D=64, n=48 (n < D)", frechet(64, 48, 48, 0.3), None, 300, 8, True),
    Scenario("FD, D=16, n=400, equal sets", frechet(16, 400, 400, 0.0), None, 300, 7, True),
    Scenario(
        "FD extrapolated, D=16, n=400",
        frechet(16, 400, 400, 0.3, extrapolated=True),
        frechet_truth(16, 0.3),
        500,
        4,
    ),
    Scenario(
        "FD extrapolated, D=32, n=600, wider",
        frechet(32, 600, 600, 0.2, extrapolated=True, stretch=1.2),
        frechet_truth(32, 0.2, 1.2),
        300,
        5,
    ),
    Scenario("KID, D=16, n=200", kernel(16, 200, 200, 0.3), kernel_truth(16, 0.3), 500, 9),
    Scenario("KID, D=64, n=100, m=300", kernel(64, 100, 300, 0.2), kernel_truth(64, 0.2), 500, 10),
    Scenario("KID, D=32, n=200, equal sets", kernel(32, 200, 200, 0.0), 0.0, 500, 11, True),
    Scenario("IS over 10 splits, 20 classes, n=500", inception(20, 500, 0), None, 300, 12),
    Scenario("IS whole set, 20 classes, n=500", inception(20, 500, 1), None, 300, 13),
    Scenario("Label F1, 60 papers of 1 to 6", labels(60), 4 / 6, 1000, 14),
    Scenario("Label F1, 25 papers of 1 to 6", labels(25), 4 / 6, 1000, 15),
    Scenario("Precision, D=8, n=300", prdc(8, 300, 300, 0), None, 150, 16, True),
    Scenario("Recall, D=8, n=200, m=600", prdc(8, 200, 600, 1), None, 150, 17, True),
    Scenario("Coverage, D=8, n=300", prdc(8, 300, 300, 3), None, 150, 18, True),
]
NAIVE = Scenario("Label F1, papers ignored", labels(60, clustered=False), 4 / 6, 1000, 14)
"""What goes wrong when figures of one paper are taken for independent."""


def table() -> list[str]:
    """Returns the rows of the table in Markdown."""
    rows = ["| what | truth | mean estimate | sd | coverage |", "|---|---|---|---|---|"]
    for scenario in (*SCENARIOS, NAIVE):
        truth, mean, spread, share = scenario.run()
        source = "at this n" if scenario.truth is None else "known"
        star = " \\*" if scenario.conservative else ""
        rows.append(
            f"| {scenario.name}{star} | {truth:.4g} ({source}) | {mean:.4g} | {spread:.2g} "
            f"| {share:.3f} |"
        )
    return rows


if __name__ == "__main__":
    print("\n".join(table()))
