"""The contract of a metric."""

from __future__ import annotations

import math
import pickle  # nosec B403 # the test's own objects
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from figbench.metrics.base import Measurement, Metric, MetricError, MetricInputs
from figbench.metrics.capabilities import OffersSetStatistics
from figbench.metrics.intervals import interval_of
from figbench.testing.builders import metric_inputs

HEADINGS = ("Formula", "Reference", "Direction", "Minimum n", "Known biases")
N = 64
Array = npt.NDArray[Any]


class MetricContract:
    """Contract tests of a metric. Subclass it and return the metric.

    Example::

        class TestMyMetric(MetricContract):
            def metric(self):
                return get_metric("my_metric@efficientnet-lite0")
    """

    @abstractmethod
    def metric(self) -> Metric:
        """Returns the metric under test."""
        raise NotImplementedError

    def inputs(self, n: int = N, *, seed: int = 0, missing: tuple[int, ...] = ()) -> MetricInputs:
        """Returns seeded inputs; override it for a metric that needs others.

        Args:
            n: Number of prompts.
            seed: Seed of the inputs.
            missing: Indices of prompts without a generated figure.
        """
        return metric_inputs(self.metric().spec, n, seed=seed, missing=missing)

    def measure(self, inputs: MetricInputs) -> list[Measurement]:
        """Returns the measurements under the default settings."""
        return self.metric().compute(inputs, {})

    def test_the_documentation_has_every_section(self) -> None:
        """Help, docs and tooltips are made from these sections."""
        for heading in HEADINGS:
            assert self.metric().spec.section(heading), f"the docstring lacks '{heading}:'"

    def test_direction_and_bounds_are_stated(self) -> None:
        """The first word of Direction agrees with the first output; bounds are in order."""
        spec = self.metric().spec
        lower = spec.section("Direction").startswith("lower")
        assert lower is not spec.outputs[0].higher_is_better
        assert all(output.low < output.high for output in spec.outputs)

    def test_values_are_finite_declared_and_in_bounds(self) -> None:
        """Every measurement belongs to the spec; required outputs are all there."""
        spec, measured = self.metric().spec, self.measure(self.inputs())
        declared = {output.id: output for output in spec.outputs}
        for item in measured:
            output = declared[item.output.id]
            assert math.isfinite(item.value)
            assert output.low - 1e-6 <= item.value <= output.high + 1e-6
        required = {output.id for output in spec.outputs if not output.optional}
        assert required <= {item.output.id for item in measured}

    def test_the_same_inputs_give_the_same_numbers(self) -> None:
        """Determinism: no global random state, no time."""
        first, second = (self.measure(self.inputs()) for _ in range(2))
        assert [item.value for item in first] == [item.value for item in second]

    def test_the_order_of_prompts_does_not_matter(self) -> None:
        """Reversing all figures changes no value beyond rounding."""
        forward = self.measure(self.inputs())
        backward = self.measure(_reversed(self.inputs()))
        if not self.metric().spec.settings.get("seed"):
            for a, b in zip(forward, backward, strict=True):
                assert math.isclose(a.value, b.value, rel_tol=1e-5, abs_tol=1e-6)

    def test_per_figure_values_are_aligned(self) -> None:
        """One value per expected figure, NaN where a figure does not enter the mean."""
        inputs = self.inputs()
        for item in self.measure(inputs):
            if item.per_figure is not None:
                assert item.per_figure.shape == (len(inputs.figure_ids),)
                assert math.isclose(float(np.nanmean(item.per_figure)), item.value, rel_tol=1e-9)

    def test_missing_figures_do_not_break_it(self) -> None:
        """A missing figure gives a number or a MetricError, never NaN."""
        try:
            measured = self.measure(self.inputs(missing=(3, 7)))
        except MetricError:
            return
        assert all(math.isfinite(item.value) for item in measured)

    def test_nan_features_are_an_error(self) -> None:
        """NaN in the inputs is a MetricError, not a score."""
        inputs = self.inputs()
        if not inputs.generated:
            return
        broken = {
            name: _with_nan(np.asarray(values[:])) for name, values in inputs.generated.items()
        }
        try:
            measured = self.measure(_replaced(inputs, broken))
        except MetricError:
            return
        raise AssertionError(f"NaN features gave {[item.value for item in measured]}")

    def test_too_few_figures_are_an_error(self) -> None:
        """Below ``minimum_n`` there is a MetricError."""
        minimum = self.metric().spec.minimum_n
        if minimum < 2 or self.metric().spec.paired:
            return
        try:
            self.measure(self.inputs(minimum - 1))
        except MetricError:
            return
        raise AssertionError(f"a number for {minimum - 1} figures, below minimum_n {minimum}")

    def test_intervals_hold_their_value(self) -> None:
        """An interval, where there is one, contains the value."""
        inputs = self.inputs()
        for item in self.measure(inputs):
            interval = interval_of(item, inputs.clusters, 0.95)
            assert interval is None or interval.low <= item.value <= interval.high

    def test_it_can_be_pickled(self) -> None:
        """Workers of a cluster receive metrics by pickle."""
        copy = pickle.loads(pickle.dumps(self.metric()))  # nosec B301
        assert copy.spec.name == self.metric().spec.name

    def test_set_statistics_agree_with_the_value(self) -> None:
        """A declared set statistic recomputes the value and tests equal models as equal."""
        offers: object = self.metric()
        if not isinstance(offers, OffersSetStatistics):
            return
        inputs = self.inputs()
        (name,) = self.metric().spec.needs.features[:1]
        generated = np.asarray(inputs.generated[name][:], np.float32)
        reference = np.asarray(inputs.reference[name][:], np.float32)
        values = {item.output.id: item.value for item in self.measure(inputs)}
        for output, statistic in offers.set_statistics.items():
            again = statistic.recompute(generated, reference)
            assert math.isclose(again, values[output], rel_tol=1e-4, abs_tol=1e-6)
            assert statistic.pseudo_values(generated, reference).shape == (len(generated),)
            test = statistic.paired_test(
                generated, generated, reference, inputs.clusters, np.random.default_rng(0)
            )
            assert test.p_value == 1.0


def _with_nan(array: Array) -> Array:
    copy = array.copy()
    copy[0, 0] = np.nan
    return copy


def _replaced(inputs: MetricInputs, generated: dict[str, Array]) -> MetricInputs:
    return replace(inputs, generated=generated)


def _reversed(inputs: MetricInputs) -> MetricInputs:
    def flip(values: Sequence[Any]) -> Any:
        return values[::-1]

    return replace(
        inputs,
        figure_ids=flip(inputs.figure_ids),
        samples=flip(inputs.samples),
        clusters=flip(inputs.clusters),
        present=inputs.present[::-1],
        generated={name: np.asarray(array[:])[::-1] for name, array in inputs.generated.items()},
        reference={name: np.asarray(array[:])[::-1] for name, array in inputs.reference.items()},
        generated_lines=flip(inputs.generated_lines),
        reference_lines=flip(inputs.reference_lines),
        truth_lines=flip(inputs.truth_lines),
        generated_graphs=flip(inputs.generated_graphs),
        reference_graphs=flip(inputs.reference_graphs),
        ceiling_graphs=flip(inputs.ceiling_graphs),
        specs=flip(inputs.specs),
        documents=flip(inputs.documents),
        pair_scores=None if inputs.pair_scores is None else inputs.pair_scores[::-1],
        generated_digests=flip(inputs.generated_digests),
        reference_digests=flip(inputs.reference_digests),
        reference_clusters=flip(inputs.reference_clusters),
    )
