"""What every metric refuses, in words that name the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from figbench.metrics.base import MetricError, MetricInputs
from figbench.metrics.numerics.blocks import FeatureMatrix, blocks


def require_count(found: int, minimum: int, what: str) -> None:
    """Raises MetricError unless there are ``minimum`` of them."""
    if found < minimum:
        raise MetricError(f"found {found} {what}, needs at least {minimum}")


def features_of(
    side: Mapping[str, FeatureMatrix], name: str, minimum: int, what: str
) -> FeatureMatrix:
    """Returns one output of the extractor for one side, checked.

    Args:
        side: Output name to (n, D) rows.
        name: Which output.
        minimum: Fewest rows.
        what: The side, for messages ("generated", "reference").

    Raises:
        MetricError: If there are too few rows or any value is not finite.
    """
    found = side.get(name)
    if found is None or len(found.shape) != 2:
        raise MetricError(f"the extractor gave no '{name}' for the {what} figures")
    require_count(len(found), minimum, f"{what} figures")
    broken = sum(int((~np.isfinite(rows).all(axis=1)).sum()) for _, rows in blocks(found))
    if broken:
        raise MetricError(f"'{name}' of {broken} {what} figures hold NaN or infinity")
    return found


def both_sides(
    inputs: MetricInputs, name: str, minimum: int
) -> tuple[FeatureMatrix, FeatureMatrix]:
    """Returns (generated, reference) features of one width, checked as in :func:`features_of`."""
    generated = features_of(inputs.generated, name, minimum, "generated")
    reference = features_of(inputs.reference, name, minimum, "reference")
    if generated.shape[1] != reference.shape[1]:
        raise MetricError(
            f"'{name}' has {generated.shape[1]} dimensions for generated figures and "
            f"{reference.shape[1]} for reference figures"
        )
    return generated, reference
