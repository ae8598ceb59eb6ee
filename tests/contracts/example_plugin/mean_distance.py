"""``mean_distance@extractor``: the distance between the mean features of two sets."""

import inspect

import numpy as np

from figbench.metrics.base import Measurement, MetricSpec, Needs, OutputSpec
from figbench.metrics.capabilities import statistic_of
from figbench.metrics.checks import both_sides
from figbench.statistics.influence import standard_error, variance_of_mean


def distance(generated, reference):
    """Returns the Euclidean distance between the means of (n, d) and (m, d) features."""
    return float(np.linalg.norm(generated.mean(axis=0) - reference.mean(axis=0)))


class MeanDistance:
    """Distance between mean features.

    Formula: |mean x - mean y|, features x of the generated and y of the reference figures.
    Reference: the first term of the Frechet distance.
    Direction: lower is better; 0 for equal means.
    Minimum n: 2 on either side.
    Known biases: blind to everything but the mean.
    """

    def __init__(self, extractor):
        name = f"mean_distance@{extractor}"
        self.spec = MetricSpec(
            name=name,
            outputs=(OutputSpec(name, "Mean distance", higher_is_better=False, low=0.0),),
            needs=Needs(features=("features",), reference_features=True, extractor=extractor),
            minimum_n=2,
            documentation=inspect.getdoc(type(self)),
        )

    @property
    def set_statistics(self):
        """Lets ``compare``, gates and boards recompute and test the metric."""
        return {self.spec.name: statistic_of(distance)}

    def compute(self, inputs, settings):
        """Returns the distance with its delta-method standard error."""
        generated, reference = both_sides(inputs, "features", 2)
        difference = generated.mean(axis=0) - reference.mean(axis=0)
        value = float(np.linalg.norm(difference))
        direction = difference / value if value else difference
        error = standard_error(
            variance_of_mean(generated @ direction, inputs.present_clusters),
            variance_of_mean(reference @ direction, inputs.reference_clusters),
        )
        output = self.spec.outputs[0]
        return [Measurement(output, value, standard_error=error, method="delta method")]


def bind(extractor):
    """Returns the metric ``mean_distance@extractor``: the entry point."""
    return MeanDistance(extractor)
