"""Checks of the inputs of metrics, which raise MetricError with the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from figbench.metrics.base import MetricError, MetricInputs
from figbench.metrics.numerics.blocks import FeatureMatrix, blocks


def require_count(count: int, minimum: int, noun: str) -> None:
    """Raises MetricError if a count is below its minimum.

    Args:
        count: Number of items.
        minimum: Smallest allowed number.
        noun: Name of the items, for the message.
    """
    if count < minimum:
        raise MetricError(f"found {count} {noun}, needs at least {minimum}")


def features_of(
    side: Mapping[str, FeatureMatrix], name: str, minimum: int, label: str
) -> FeatureMatrix:
    """Returns one output of the extractor for one side, checked.

    Args:
        side: Output name to features, shape (n, D).
        name: Name of the output.
        minimum: Smallest allowed n.
        label: Name of the side for messages ("generated", "reference").

    Returns:
        The features, shape (n, D).

    Raises:
        MetricError: If the output is absent, there are too few figures or any value is not finite.
    """
    features = side.get(name)
    if features is None or len(features.shape) != 2:
        raise MetricError(f"the extractor gave no '{name}' for the {label} figures")
    require_count(len(features), minimum, f"{label} figures")
    broken = sum(int((~np.isfinite(chunk).all(axis=1)).sum()) for _, chunk in blocks(features))
    if broken:
        raise MetricError(f"'{name}' of {broken} {label} figures hold NaN or infinity")
    return features


def both_sides(
    inputs: MetricInputs, name: str, minimum: int
) -> tuple[FeatureMatrix, FeatureMatrix]:
    """Returns the features of both sides, checked as in :func:`features_of`.

    Args:
        inputs: Of the metric.
        name: Name of the extractor's output.
        minimum: Smallest allowed number of figures of each side.

    Returns:
        Generated features, shape (n, D), and reference features, shape (m, D).

    Raises:
        MetricError: As :func:`features_of`, or if the sides differ in D.
    """
    generated = features_of(inputs.generated, name, minimum, "generated")
    reference = features_of(inputs.reference, name, minimum, "reference")
    if generated.shape[1] != reference.shape[1]:
        raise MetricError(
            f"'{name}' has {generated.shape[1]} dimensions for generated figures and "
            f"{reference.shape[1]} for reference figures"
        )
    return generated, reference
