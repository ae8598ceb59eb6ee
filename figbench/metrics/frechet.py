"""``fid`` and ``fd@extractor``: the Frechet distance of two sets of figures."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import numpy as np

from figbench.metrics.base import Measurement, MetricInputs, MetricSpec, Needs, OutputSpec, Settings
from figbench.metrics.capabilities import SetStatistic
from figbench.metrics.checks import both_sides
from figbench.metrics.matching import dependence_details, matched_error, matches_of
from figbench.metrics.numerics.blocks import FeatureMatrix
from figbench.metrics.numerics.frechet import (
    frechet_distance,
    frechet_influence,
    half_sample_distance,
    matched_distance,
    unmatched_half_distance,
)
from figbench.metrics.numerics.matches import Matches
from figbench.metrics.numerics.swap_tests import frechet_swap_test, frechet_values
from figbench.statistics.influence import is_clustered

MINIMUM_N = 2
RELIABLE = 3
"""Extrapolation to infinite n holds from about three times as many figures as dimensions."""

STATISTIC = SetStatistic(frechet_distance, frechet_values, frechet_swap_test)


class FrechetDistance:
    """Frechet distance between the feature distributions of two sets, taken as Gaussian.

    Formula: |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr sqrt(S1 S2) with means m and unbiased
        covariances S of the network's pooled features, in float64. The standard error is that of
        the influence function (delta method), figures of one paper form a cluster, together
        with the references that they belong to; the interval covers the expected value at this n.
        ``extrapolated`` in the details is the Richardson estimate 2 FD(n) - FD(n/2) of the value
        at infinite n, with about the same standard error. Where figures belong to references,
        ``value_of_other_references`` is the mean distance of the figures of one half of the
        prompts from the references of the other half: a distance of independent sets of n/2.
        When the sides differ in size, ``value_at_matched_n`` uses equally many of both.
    Reference: Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017;
        Chong and Forsyth, Effectively unbiased FID, CVPR 2020. ``fid`` means the InceptionV3 of
        torch-fidelity and nothing else.
    Direction: lower is better; 0 for equal moments, unbounded above.
    Minimum n: 2 on either side. Below as many figures as dimensions (2048 for ``fid``) bias is
        larger than most differences: compare at the same n only, and prefer KID.
    Known biases: biased upwards, by an amount that falls like 1/n and depends on the set; resizing
        is part of the definition, so numbers of other tools differ by several percent on the same
        images; blind to what the network ignores, such as small text; extrapolation misleads
        below three times as many figures as dimensions; smaller where the figures derive from
        the references (``dependent`` in the details) than for independent sets of the same
        quality, so the two do not compare. Tiny negative values come from rounding and are
        reported.
    """

    def __init__(self, extractor: str, name: str | None = None) -> None:
        identity = name or f"fd@{extractor}"
        title = name.upper() if name else f"FD ({extractor})"
        self.spec = MetricSpec(
            name=identity,
            outputs=(
                OutputSpec(identity, title, higher_is_better=False, low=0.0, group="distance"),
            ),
            needs=Needs(
                features=("features",),
                reference_features=True,
                extractor=extractor,
                in_blocks=True,
            ),
            minimum_n=MINIMUM_N,
            documentation=inspect.getdoc(type(self)) or "",
            sees=("appearance",),
            settings={"extrapolate": True, "matched_n": 0},
            cache_version=2,
        )
        self.set_statistics = {identity: STATISTIC}

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns one measurement; see :class:`figbench.metrics.base.Metric`."""
        options = self.spec.resolve(settings)
        generated, reference = both_sides(inputs, "features", MINIMUM_N)
        influence = frechet_influence(generated, reference)
        matches = matches_of(inputs, generated, reference)
        dependent = dependence_details(inputs, matches, generated, reference)
        details: dict[str, float | int | str] = {
            "n_generated": len(generated),
            "n_reference": len(reference),
            "dimensions": generated.shape[1],
            "route": influence.route,
            **dependent,
        }
        if options["extrapolate"] and min(len(generated), len(reference)) >= 2 * MINIMUM_N:
            details |= _extrapolate(influence.value, generated, reference, inputs.rng)
            if matches.any:
                details |= _unmatched(generated, reference, matches, dependent)
        details |= _matched(int(options["matched_n"]), generated, reference, inputs.rng)
        return [
            Measurement(
                self.spec.outputs[0],
                influence.value,
                standard_error=matched_error(
                    inputs, matches, influence.generated, influence.reference
                ),
                method=_method(inputs, matches),
                details=details,
                warnings=_warnings(self.spec.name, generated, reference)
                + _dependent(self.spec.name, dependent),
            )
        ]


INFLUENCE = "influence function"


def _method(inputs: MetricInputs, matches: Matches) -> str:
    clustered = is_clustered(inputs.present_clusters, inputs.reference_clusters)
    if matches.any:
        return f"{INFLUENCE}, both sides joint by {'paper' if clustered else 'prompt'}"
    return f"{INFLUENCE}, clustered by paper" if clustered else INFLUENCE


def _dependent(name: str, details: Mapping[str, float | int | str]) -> tuple[str, ...]:
    if details.get("dependent") != "yes":
        return ()
    share = float(details["dependence"])
    return (
        f"{name}: {details['matched_pairs']} figures belong to a reference and share {share:.0%} "
        "of their variation with it. Such a distance is smaller than that of independent sets "
        "and does not compare with one; compare models that drew the same prompts.",
    )


def _extrapolate(
    value: float, generated: FeatureMatrix, reference: FeatureMatrix, rng: np.random.Generator
) -> dict[str, float | int | str]:
    half = half_sample_distance(generated, reference, rng)
    enough = min(len(generated), len(reference)) >= RELIABLE * generated.shape[1]
    return {
        "value_at_half_n": half,
        "extrapolated": 2.0 * value - half,
        "extrapolation": "reliable" if enough else "misleading below 3 figures per dimension",
    }


def _unmatched(
    generated: FeatureMatrix,
    reference: FeatureMatrix,
    matches: Matches,
    details: Mapping[str, float | int | str],
) -> dict[str, float | int | str]:
    other = unmatched_half_distance(generated, reference, matches)
    extra: dict[str, float | int | str] = {}
    if other is not None:
        extra["value_of_other_references"] = other
    if details.get("dependent") == "yes":
        extra["extrapolation"] = "misleading for dependent sets"
    return extra


def _matched(
    requested: int, generated: FeatureMatrix, reference: FeatureMatrix, rng: np.random.Generator
) -> dict[str, float | int | str]:
    smaller = min(len(generated), len(reference))
    n = min(requested, smaller) if requested else smaller
    if n < MINIMUM_N or len(generated) == len(reference) == n:
        return {}
    return {
        "matched_n": n,
        "value_at_matched_n": matched_distance(generated, reference, n, rng),
    }


def _warnings(name: str, generated: FeatureMatrix, reference: FeatureMatrix) -> tuple[str, ...]:
    n, width = min(len(generated), len(reference)), generated.shape[1]
    if n >= width:
        return ()
    return (
        f"{name}: {n} figures for {width} dimensions. The value is biased upwards by more than "
        "most differences between models; compare only at the same n, and rely on the kernel "
        "distance (kid, kd@...) instead.",
    )


def bind(extractor: str) -> FrechetDistance:
    """Returns the metric ``fd@extractor``."""
    return FrechetDistance(extractor)


FID = FrechetDistance("inception-v3", "fid")
