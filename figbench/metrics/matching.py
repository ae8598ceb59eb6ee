"""Matched figures of both sides of a metric, and the standard errors that allow for them."""

from __future__ import annotations

import math

from figbench.metrics.base import MetricInputs
from figbench.metrics.numerics.blocks import Array, FeatureMatrix
from figbench.metrics.numerics.kernel import KernelSums
from figbench.metrics.numerics.matches import (
    Matches,
    dependence,
    feature_digests,
    joined_clusters,
    match_figures,
)
from figbench.statistics.influence import (
    joint_variance,
    standard_error,
    variance_of_mean,
)

DEPENDENT = 4.0
"""Sets are dependent when the mean dependence of matched figures exceeds this many errors."""
LARGE = 0.05
"""Smallest share of the variance in common that is worth a warning."""


def matches_of(inputs: MetricInputs, generated: FeatureMatrix, reference: FeatureMatrix) -> Matches:
    """Returns the matched rows of both sides, by figure id and by image.

    Images are compared by the digest of their files, and by their features where the digests are
    unknown.

    Args:
        inputs: Of the metric.
        generated: Features of its present rows, shape (n, D).
        reference: Features, shape (m, D).
    """
    digests = inputs.generated_digests, inputs.reference_digests
    if len(digests[0]) != len(generated) or len(digests[1]) != len(reference):
        digests = feature_digests(generated), feature_digests(reference)
    ids = inputs.reference_ids if len(inputs.reference_ids) == len(reference) else ()
    return match_figures(inputs.present_ids, ids, *digests)


def matched_error(
    inputs: MetricInputs, matches: Matches, generated: Array, reference: Array
) -> float | None:
    """Returns the standard error of a statistic from the influences of both sides.

    Independent sets: the variances of both sides added. Matched sets: the influences of both sides
    added per paper (or prompt) before they are squared.

    Args:
        inputs: Of the metric; names the paper of every row.
        matches: Of the rows.
        generated: Influence of each generated row, shape (n,).
        reference: Influence of each reference row, shape (m,).
    """
    if not matches.any:
        return standard_error(
            variance_of_mean(generated, inputs.present_clusters),
            variance_of_mean(reference, inputs.reference_clusters),
        )
    joined = _joined(inputs, matches, len(reference))
    return standard_error(joint_variance(generated, reference, *joined))


def kernel_error(inputs: MetricInputs, matches: Matches, sums: KernelSums) -> float | None:
    """Returns the jackknife standard error of a kernel distance.

    Matched sets: a reference is left out together with its figures; the influences of one paper
    are added before they are squared.

    Args:
        inputs: Of the metric.
        matches: Of its rows.
        sums: Of its kernel.
    """
    if sums.matched is None:
        return matched_error(inputs, matches, *sums.influences())
    units = matches.units()
    influences, numbers = sums.unit_influences(units)
    generated_names, reference_names = _joined(inputs, matches, len(sums.reference))
    names = {int(unit): name for unit, name in zip(units, generated_names, strict=True)}
    names |= dict(enumerate(reference_names))
    clusters = [names[int(number)] for number in numbers]
    return standard_error(variance_of_mean(influences, clusters))


def _joined(inputs: MetricInputs, matches: Matches, m: int) -> tuple[list[str], list[str]]:
    generated, reference = inputs.present_clusters, list(inputs.reference_clusters)
    if not inputs.reference_ids or not reference:
        generated = [f"generated {name}" for name in generated]
        reference = [f"reference {name}" for name in reference or range(m)]
    return joined_clusters(matches, generated, reference)


def dependence_details(
    inputs: MetricInputs, matches: Matches, generated: FeatureMatrix, reference: FeatureMatrix
) -> dict[str, float | int | str]:
    """Returns ``matched_pairs``, ``dependence`` and ``dependent`` ("yes" or "no") for results.

    Args:
        inputs: Of the metric.
        matches: Of the rows; without any the result is empty.
        generated: Features (n, D).
        reference: Features (m, D).
    """
    if not matches.any:
        return {}
    mean, values, matched = dependence(generated, reference, matches)
    clusters = inputs.present_clusters
    variance = variance_of_mean(values, [clusters[index] for index in matched])
    error = math.sqrt(variance) if variance else 0.0
    # Equal sets vary together without any spread.
    certain = mean > DEPENDENT * error if error else mean > 0.5
    dependent = "yes" if mean > LARGE and certain else "no"
    return {"matched_pairs": len(values), "dependence": mean, "dependent": dependent}
