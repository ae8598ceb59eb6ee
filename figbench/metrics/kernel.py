"""``kid`` and ``kd@extractor``: the kernel distance of two sets of figures."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from figbench.metrics.base import Measurement, MetricInputs, MetricSpec, Needs, OutputSpec, Settings
from figbench.metrics.capabilities import SetStatistic
from figbench.metrics.checks import both_sides, require_count
from figbench.metrics.matching import dependence_details, kernel_error, matches_of
from figbench.metrics.numerics.blocks import Subsets, draw_subsets
from figbench.metrics.numerics.kernel import KernelSums, kernel_distance, kernel_sums
from figbench.metrics.numerics.matches import Indices, Matches, own_matches
from figbench.metrics.numerics.swap_tests import kernel_swap_test, kernel_values
from figbench.statistics.influence import is_clustered

MINIMUM_N = 2
JACKKNIFE_N = 3


def _for_matches(own: Indices) -> SetStatistic:
    matches = own_matches(own)
    return SetStatistic(
        partial(kernel_distance, matches=matches),
        partial(kernel_values, matches=matches),
        partial(kernel_swap_test, matches=matches),
    )


STATISTIC = SetStatistic(kernel_distance, kernel_values, kernel_swap_test, for_matches=_for_matches)


class KernelDistance:
    """Squared maximum mean discrepancy between the features of two sets, cubic kernel.

    Formula: mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over all pairs of different figures,
        k(a, b) = (a.b / D + 1)^3: the full U-statistic, float32 blocks summed in float64. Pairs
        that are not independent are left out of the means: a figure and the reference of its own
        prompt, two samples of one prompt, and a figure and a reference that are the same
        image. Its
        standard error is the delete-1 jackknife, both figures of such a pair and the figures of
        one paper taken together. The details hold the value of all pairs
        (``value_of_all_pairs``) and the peers' convention: mean and spread over 100 random
        subsets of min(1000, n), seed 2020, equal to torch-fidelity's on the same features.
    Reference: Binkowski et al., Demystifying MMD GANs, ICLR 2018; Gretton et al., A kernel
        two-sample test, JMLR 2012. ``kid`` means the InceptionV3 of torch-fidelity.
    Direction: lower is better; expected 0 for equal distributions. Shown times 1000.
    Minimum n: 2 on either side, 3 for the interval. Unlike FID it is unbiased at every n, for
        independent sets and for figures drawn from the references or from their captions.
    Known biases: none in expectation, so small negative values are correct and are reported. Over
        all pairs, as other tools take them, the value of figures that derive from the references is
        too low by 2/n of the difference between the kernels of matched and of other pairs. The
        spread over subsets that libraries print is not a standard error (eight times too large
        at 12,000 figures). The jackknife is slightly conservative for equal distributions. Near
        copies of another prompt's reference are not recognised as dependent (see
        ``near_copy_rate``). The network's blind spots and resizing matter as for FID.
    """

    def __init__(self, extractor: str, name: str | None = None) -> None:
        identity = name or f"kd@{extractor}"
        title = f"{name.upper() if name else f'KD ({extractor})'} x 1000"
        output = OutputSpec(
            identity, title, higher_is_better=False, display_scale=1000.0, group="distance"
        )
        self.spec = MetricSpec(
            name=identity,
            outputs=(output,),
            needs=Needs(
                features=("features",),
                reference_features=True,
                extractor=extractor,
                in_blocks=True,
            ),
            minimum_n=MINIMUM_N,
            documentation=inspect.getdoc(type(self)) or "",
            sees=("appearance",),
            settings={"subsets": 100, "subset_size": 1000, "subset_seed": 2020},
            version=2,
            cache_version=2,
        )
        self.set_statistics = {identity: STATISTIC}

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns one measurement; see :class:`figbench.metrics.base.Metric`."""
        options = self.spec.resolve(settings)
        generated, reference = both_sides(inputs, "features", MINIMUM_N)
        subsets = _subsets(options, len(generated), len(reference))
        matches = matches_of(inputs, generated, reference)
        sums = kernel_sums(generated, reference, subsets=subsets, matches=matches)
        details: dict[str, float | int | str] = {
            "n_generated": len(generated),
            "n_reference": len(reference),
            **dependence_details(inputs, matches, generated, reference),
        }
        if sums.matched is not None:
            details["value_of_all_pairs"] = sums.value_of_all_pairs
        if options["subsets"] > 0:
            details |= _peers(options, sums)
        return [
            Measurement(
                self.spec.outputs[0],
                sums.value,
                standard_error=_error(sums, inputs, matches),
                method=_method(sums, inputs),
                details=details,
            )
        ]


def _error(sums: KernelSums, inputs: MetricInputs, matches: Matches) -> float | None:
    if min(len(sums.generated), len(sums.reference)) < JACKKNIFE_N:
        return None
    return kernel_error(inputs, matches, sums)


def _method(sums: KernelSums, inputs: MetricInputs) -> str:
    clustered = is_clustered(inputs.present_clusters, inputs.reference_clusters)
    if sums.matched is None:
        return "jackknife, clustered by paper" if clustered else "delete-1 jackknife"
    return f"joint jackknife by {'paper' if clustered else 'prompt'}, matched pairs left out"


def _subsets(options: Mapping[str, Any], n: int, m: int) -> Subsets | None:
    """Returns None without subsets, or where every subset would be the whole sample."""
    if options["subsets"] <= 0:
        return None
    require_count(options["subset_size"], MINIMUM_N, "figures per subset")
    size = min(options["subset_size"], n, m)
    if size == n == m:
        return None
    return draw_subsets(n, m, subsets=options["subsets"], size=size, seed=options["subset_seed"])


def _peers(options: Mapping[str, Any], sums: KernelSums) -> dict[str, float | int | str]:
    values = sums.subsets if len(sums.subsets) else np.array([sums.value_of_all_pairs])
    return {
        "subsets_mean": float(values.mean()),
        "subsets_sd": float(values.std()),
        "subsets": options["subsets"],
        "subset_size": min(options["subset_size"], len(sums.generated), len(sums.reference)),
        "subset_seed": options["subset_seed"],
    }


def bind(extractor: str) -> KernelDistance:
    """Returns the metric ``kd@extractor``."""
    return KernelDistance(extractor)


KID = KernelDistance("inception-v3", "kid")
