"""``ocr_sim``, ``ssim`` and ``lpips``: means of a score between aligned pairs of images."""

from __future__ import annotations

import inspect
import math

import numpy as np

from figbench.metrics.base import (
    Array,
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    OutputSpec,
    Settings,
)
from figbench.metrics.checks import require_count
from figbench.metrics.samples import best_of_samples, samples_per_prompt


class PairedMetric:
    """A score of each generated figure against its own reference, averaged."""

    def __init__(
        self,
        name: str,
        title: str,
        scorer: str,
        *,
        higher_is_better: bool,
        low: float,
        high: float = math.inf,
        sees: tuple[str, ...] = (),
    ) -> None:
        mean = OutputSpec(name, title, higher_is_better, low, high, group="pairs")
        best = OutputSpec(
            f"{name}_best_of_k",
            f"{title}, best of k",
            higher_is_better,
            low,
            high,
            optional=True,
            group="pairs",
        )
        self.spec = MetricSpec(
            name=name,
            outputs=(mean, best),
            needs=Needs(pair_scorer=scorer),
            documentation=inspect.getdoc(type(self)) or "",
            sees=sees,
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the mean over rows and, with several samples per prompt, the best of them.

        Raises:
            MetricError: If there is no pair, or a pair has no finite score.
        """
        self.spec.resolve(settings)
        scores = () if inputs.pair_scores is None else inputs.pair_scores
        require_count(len(scores), 1, "pairs")
        values = np.asarray(scores, np.float64)
        broken = np.flatnonzero(~np.isfinite(values))
        if len(broken):
            first = inputs.figure_ids[broken[0]]
            raise MetricError(f"{len(broken)} pairs have no finite score, the first is '{first}'")
        k = samples_per_prompt(inputs.figure_ids)
        missing = int((~inputs.present).sum())
        measurements = [self._measurement(0, values, k, missing)]
        if k > 1:
            best = best_of_samples(
                values,
                inputs.figure_ids,
                higher_is_better=self.spec.outputs[1].higher_is_better,
            )
            measurements.append(self._measurement(1, best, k, missing))
        return measurements

    def _measurement(self, index: int, values: Array, k: int, missing: int) -> Measurement:
        details: dict[str, float | int | str] = {"k": k, "missing_scored_as_white": missing}
        return Measurement(
            self.spec.outputs[index], float(np.nanmean(values)), per_figure=values, details=details
        )


class OcrSim(PairedMetric):
    """Text-aware perceptual distance of aligned pairs: despite its name, lower is better.

    Formula: an LPIPS-shaped distance without learned weights over five maps of the CRAFT text
        detector's backbone (fc7, relu5_3, relu4_3, relu3_2, relu2_2), each normalised over
        channels; squared differences summed over channels, averaged over space, the five summed;
        then the mean over figures. As in the published code the three shallower maps are taken
        after ReLU while relu5_3 and fc7 are signed, an effect of in-place operations that changes
        the number by 30% and is reproduced on purpose. A missing figure is a white page.
    Reference: Rodriguez et al., OCR-VQGAN: Taming text-within-image generation, WACV 2023.
    Direction: lower is better; 0 for identical images, about 6 for a figure against white.
    Minimum n: 1 pair.
    Known biases: strictly paired: it is meaningless between a figure and another valid drawing
        of the same caption, and a shift of one pixel costs as much as a whole reconstruction
        (0.35; of four pixels 1.3). Made for reconstruction, fixed layouts and near copies; use
        label fidelity for text to figure. Depends on size (0.26 at 256 px, 0.33 at 384, 0.35 at
        512 on one pair), so numbers compare only under one preprocess.
    """


class Ssim(PairedMetric):
    """Structural similarity of aligned pairs.

    Formula: mean over figures of SSIM between the generated figure and its reference at the
        protocol's size. A missing figure is a white page.
    Reference: Wang et al., Image quality assessment: from error visibility to structural
        similarity, IEEE TIP 2004.
    Direction: higher is better, at most 1 for identical images.
    Minimum n: 1 pair.
    Known biases: strictly paired, and dominated by the white ground that figures share: a blank
        page scores high against a sparse figure. Sensitive to shifts of a pixel; depends on size.
    """


class Lpips(PairedMetric):
    """Learned perceptual distance of aligned pairs.

    Formula: mean over figures of LPIPS (VGG16) between the generated figure and its reference at
        the protocol's size. A missing figure is a white page.
    Reference: Zhang et al., The unreasonable effectiveness of deep features as a perceptual
        metric, CVPR 2018.
    Direction: lower is better; 0 for identical images.
    Minimum n: 1 pair.
    Known biases: strictly paired; trained on distortions of photographs, so that text and thin
        lines weigh little. Depends on size.
    """


_SEES = ("captions-shuffled",)
OCR_SIM = OcrSim(
    "ocr_sim", "OCR-SIM (distance)", "ocr-sim", higher_is_better=False, low=0.0, sees=_SEES
)
SSIM = Ssim("ssim", "SSIM", "ssim", higher_is_better=True, low=-1.0, high=1.0, sees=_SEES)
LPIPS = Lpips("lpips", "LPIPS", "lpips", higher_is_better=False, low=0.0)
