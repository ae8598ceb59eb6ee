"""``prdc@extractor``: precision, recall, density and coverage of nearest-neighbour manifolds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from figbench.metrics.base import Measurement, MetricInputs, MetricSpec, Needs, OutputSpec, Settings
from figbench.metrics.checks import both_sides, require_count
from figbench.metrics.matching import dependence_details, matches_of
from figbench.metrics.numerics.blocks import Array, FeatureMatrix
from figbench.metrics.numerics.matches import Matches
from figbench.metrics.numerics.neighbours import Cover, Manifolds, manifolds
from figbench.statistics.influence import standard_error, variance_of_mean

K_BALLS, K_DENSITY = 3, 5
METHOD = "jackknife of both sets, radii held fixed"
TITLES = {
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
}


class Prdc:
    """Fidelity (precision, density) and variety (recall, coverage) as separate numbers.

    Formula: a ball around each figure reaches to its k-th nearest neighbour in its own set.
        Precision: share of generated figures in any reference ball; recall: share of reference
        figures in any generated ball (k = 3, closed balls). Density: reference balls around a
        generated figure, divided by k, averaged; coverage: share of reference figures whose ball
        holds a generated figure (k = 5, open balls). Standard errors of precision, recall and
        coverage are the delete-1 jackknife of both sets with the balls' radii held fixed, figures
        of one paper as one cluster; simulation shows them slightly conservative. Density has none:
        the same formula covers too little in higher dimensions (0.87 for a nominal 0.95).
    Reference: Kynkaanniemi et al., Improved precision and recall metric, NeurIPS 2019; Naeem et
        al., Reliable fidelity and diversity metrics, ICML 2020. Precision and recall equal
        torch-fidelity's on the same features.
    Direction: higher is better; density may exceed 1.
    Minimum n: 6 on either side (more than k); a few hundred for useful values.
    Known biases: all four grow or shrink with n, so compare at the same n; one outlier's ball can
        hold a whole region, which lifts precision and recall (density and coverage avoid
        that); even equal distributions do not reach 1. A reference that occurs more than k times
        has an empty ball: repeats limit coverage and density, and the result reports the limit.
        A figure that derives from its reference lies in that reference's ball and the reverse:
        ``value_of_other_references`` in the details leaves these pairs out, and the result warns
        where the sets are dependent.
    """

    def __init__(self, extractor: str) -> None:
        self.spec = MetricSpec(
            name=f"prdc@{extractor}",
            outputs=tuple(
                OutputSpec(
                    f"{key}@{extractor}",
                    f"{title} ({extractor})",
                    higher_is_better=True,
                    low=0.0,
                    high=float("inf") if key == "density" else 1.0,
                    group="variety",
                )
                for key, title in TITLES.items()
            ),
            needs=Needs(
                features=("features",),
                reference_features=True,
                extractor=extractor,
                in_blocks=True,
            ),
            minimum_n=max(K_BALLS, K_DENSITY) + 1,
            documentation=inspect.getdoc(type(self)) or "",
            sees=("modes-dropped",),
            settings={"k_balls": K_BALLS, "k_density": K_DENSITY},
            cache_version=1,
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the four measurements in the order of the spec."""
        options = self.spec.resolve(settings)
        balls, density = options["k_balls"], options["k_density"]
        require_count(min(balls, density), 1, "neighbours")
        generated, reference = both_sides(inputs, "features", max(balls, density) + 1)
        covers = manifolds(generated, reference, k_balls=balls, k_density=density)
        precision, recall, dense, coverage = self.spec.outputs
        generated_clusters, reference_clusters = inputs.present_clusters, inputs.reference_clusters
        repeats = _repeats(covers, len(reference))
        measurements = [
            _share(
                precision, covers.precision, generated_clusters, reference_clusters, balls, inputs
            ),
            _share(recall, covers.recall, reference_clusters, generated_clusters, balls),
            Measurement(
                dense, float(covers.density.counts.mean()) / density, details={"k": density}
            ),
            _share(coverage, covers.coverage, reference_clusters, generated_clusters, density),
        ]
        measurements[2] = _with(measurements[2], repeats)
        measurements[3] = _with(
            measurements[3], repeats, _repeat_warnings(repeats, len(reference), coverage.id)
        )
        matches = matches_of(inputs, generated, reference)
        if not matches.any:
            return measurements
        others = _of_other_references(covers, matches, generated, reference, density)
        dependent = dependence_details(inputs, matches, generated, reference)
        warnings = _dependent_warnings(self.spec.name, dependent, others)
        return [
            _with(
                item,
                {**dependent, "value_of_other_references": others[key]},
                warnings if key == "precision" else (),
            )
            for key, item in zip(TITLES, measurements, strict=True)
        ]


Details = Mapping[str, float | int | str]


def _with(item: Measurement, details: Details, warnings: tuple[str, ...] = ()) -> Measurement:
    return replace(item, details={**item.details, **details}, warnings=(*item.warnings, *warnings))


def _of_other_references(
    covers: Manifolds,
    matches: Matches,
    generated: FeatureMatrix,
    reference: FeatureMatrix,
    k_density: int,
) -> dict[str, float]:
    """Returns the four values where a figure and its own reference do not cover each other."""
    counts = covers.without(matches.across, generated, reference)
    values = {key: float((each > 0).mean()) for key, each in counts.items()}
    return values | {"density": float(counts["density"].mean()) / k_density}


def _dependent_warnings(
    name: str, dependent: Details, others: Mapping[str, float]
) -> tuple[str, ...]:
    if dependent.get("dependent") != "yes":
        return ()
    numbers = ", ".join(f"{key} {value:.3g}" for key, value in others.items())
    return (
        f"{name}: {dependent['matched_pairs']} figures belong to a reference and share "
        f"{float(dependent['dependence']):.0%} of their variation with it, so that a figure and "
        f"its own reference cover each other. Without these pairs: {numbers}. Compare models "
        "that drew the same prompts.",
    )


def _repeats(covers: Manifolds, m: int) -> dict[str, float | int | str]:
    if not covers.repeated:
        return {}
    return {
        "reference_repeats": covers.repeated,
        "largest_possible_coverage": 1.0 - covers.closed_off / m,
    }


def _repeat_warnings(
    repeats: Mapping[str, float | int | str], m: int, name: str
) -> tuple[str, ...]:
    if not repeats:
        return ()
    cap = float(repeats["largest_possible_coverage"])
    text = f"{name}: {repeats['reference_repeats']} of {m} references equal another one"
    if cap < 1.0:
        text += f", so that coverage cannot exceed {cap:.3g}, and density is lowered alike"
    else:
        text += ", which makes their balls smaller and lowers coverage and density"
    return (f"{text}. Remove the repeats, or compare with runs on these references alone.",)


def _share(
    output: OutputSpec,
    cover: Cover,
    items: Sequence[str],
    agents: Sequence[str],
    k: int,
    inputs: MetricInputs | None = None,
) -> Measurement:
    error = standard_error(
        variance_of_mean(cover.covered, items), variance_of_mean(cover.agent_influence(), agents)
    )
    return Measurement(
        output,
        float(cover.covered.mean()),
        standard_error=error,
        method=METHOD,
        per_figure=_per_figure(cover.covered, inputs) if inputs else None,
        details={"k": k},
    )


def _per_figure(values: Array, inputs: MetricInputs) -> Array:
    """Returns the values of the present figures in an array (n,) of all, NaN for the others."""
    expanded = np.full(len(inputs.present), np.nan)
    expanded[inputs.present] = values
    return expanded


def bind(extractor: str) -> Prdc:
    """Returns the metric ``prdc@extractor``."""
    return Prdc(extractor)
