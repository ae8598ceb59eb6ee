"""``isc`` and ``is@extractor``: the Inception Score."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np

from figbench.metrics.base import Measurement, MetricInputs, MetricSpec, Needs, OutputSpec, Settings
from figbench.metrics.checks import features_of, require_count
from figbench.metrics.numerics.blocks import Array
from figbench.metrics.numerics.inception_score import (
    ScoreSums,
    score_influences,
    score_sums,
    split_indices,
)
from figbench.statistics.influence import is_clustered, standard_error, variance_of_mean

SPLITS = 10
JACKKNIFE_PER_SPLIT = 5


class InceptionScore:
    """Inception Score: confident and varied ImageNet classes, without a reference.

    Formula: exp(mean_x KL(p(y|x) || p(y))), p the softmax of the network's logits. The headline is
        the mean over 10 splits of the shuffled set (seed 2020), equal to torch-fidelity's, with
        the jackknife standard error of that mean; the ``_full`` output is the score of the whole
        set with its delete-1 jackknife. The splits' spread, which libraries print, is in the
        details and is not a standard error.
    Reference: Salimans et al., Improved techniques for training GANs, NeurIPS 2016; Barratt and
        Sharma, A note on the Inception Score, 2018.
    Direction: higher is better, from 1 to the number of classes.
    Minimum n: the number of splits (10); 50 for the interval of the headline.
    Known biases: needs ImageNet class entropy: white diagrams score near 1 whatever their quality,
        so it says little about figures. It is biased downwards at small n, and the mean over
        splits more so than the full score, as each split has a tenth of the images.
    """

    def __init__(self, extractor: str, name: str | None = None) -> None:
        identity = name or f"is@{extractor}"
        full = f"{name}_full" if name else f"is_full@{extractor}"
        title = "IS" if name else f"IS ({extractor})"
        self.spec = MetricSpec(
            name=identity,
            outputs=(
                OutputSpec(identity, title, higher_is_better=True, low=1.0, group="variety"),
                OutputSpec(
                    full, f"{title}, whole set", higher_is_better=True, low=1.0, group="variety"
                ),
            ),
            needs=Needs(features=("logits",), extractor=extractor, in_blocks=True),
            minimum_n=SPLITS,
            documentation=inspect.getdoc(type(self)) or "",
            settings={"splits": SPLITS, "seed": 2020},
            cache_version=1,
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the mean over splits and the whole-set score."""
        options = self.spec.resolve(settings)
        splits, seed = options["splits"], options["seed"]
        require_count(splits, 1, "splits")
        logits = features_of(inputs.generated, "logits", splits, "generated")
        by_split = score_sums(logits, split_indices(len(logits), splits, seed))
        # The influences of both scores take one pass over the logits; few images give none.
        sufficient = [sums for sums in (by_split, by_split.whole) if _enough(sums)]
        influences = score_influences(logits, sufficient)
        clusters = inputs.present_clusters
        return [
            self._over_splits(by_split, influences[0] if len(sufficient) > 1 else None, clusters),
            self._whole(by_split.whole, influences[-1] if sufficient else None, clusters),
        ]

    def _over_splits(
        self, sums: ScoreSums, influence: Array | None, clusters: Sequence[str]
    ) -> Measurement:
        splits, scores = len(sums.totals), sums.scores
        error: float | None = None
        warnings: tuple[str, ...] = ()
        if influence is not None:
            # The mean over splits is the mean over images of n / (splits * size) influence; the
            # root restores the degree of freedom that centring within each split takes.
            sizes = sums.sizes[sums.split]
            scaled = influence * len(influence) / (splits * sizes) * np.sqrt(sizes / (sizes - 1))
            error = standard_error(variance_of_mean(scaled, clusters))
        else:
            warnings = (
                f"{self.spec.name}: splits of {sums.sizes.min()} images; no interval below "
                f"{JACKKNIFE_PER_SPLIT * splits} images.",
            )
        return Measurement(
            self.spec.outputs[0],
            float(scores.mean()),
            standard_error=error,
            method=_method(clusters) if error is not None else None,
            details={"splits": splits, "splits_sd": float(scores.std())},
            warnings=warnings,
        )

    def _whole(
        self, sums: ScoreSums, influence: Array | None, clusters: Sequence[str]
    ) -> Measurement:
        error = None
        if influence is not None:
            error = standard_error(variance_of_mean(influence, clusters))
        return Measurement(
            self.spec.outputs[1],
            float(sums.scores[0]),
            standard_error=error,
            method=_method(clusters) if error is not None else None,
            details={"n_generated": len(sums.split), "classes": sums.totals.shape[1]},
        )


def _enough(sums: ScoreSums) -> bool:
    return int(sums.sizes.min()) >= JACKKNIFE_PER_SPLIT


def _method(clusters: Sequence[str]) -> str:
    return "jackknife, clustered by paper" if is_clustered(clusters) else "delete-1 jackknife"


def bind(extractor: str) -> InceptionScore:
    """Returns the metric ``is@extractor``."""
    return InceptionScore(extractor)


ISC = InceptionScore("inception-v3", "isc")
