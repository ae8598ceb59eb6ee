"""Every metric as a function of arrays, images or strings: no protocol, no files.

>>> import numpy as np
>>> from figbench import functional as F
>>> rng = np.random.default_rng(0)
>>> score = F.frechet_distance(rng.normal(size=(200, 4)), rng.normal(size=(300, 4)))
>>> score.n, score.interval.low < score.value < score.interval.high
(200, True)
>>> F.label_fidelity(["Encoder", "Decoder"], ["Encoder", "Decodr"])["label_f1"].value
1.0

Each function calls the metric that ``figbench.evaluate`` calls, so that the numbers are equal.
"""

from figbench.functional.captions import caption_recall, named_labels
from figbench.functional.distributions import (
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall_density_coverage,
)
from figbench.functional.graphs import structure
from figbench.functional.labels import label_fidelity
from figbench.functional.pairs import lpips, ocr_sim, ssim
from figbench.functional.score import Score
from figbench.functional.validity import validity

__all__ = [
    "Score",
    "caption_recall",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "label_fidelity",
    "lpips",
    "named_labels",
    "ocr_sim",
    "precision_recall_density_coverage",
    "ssim",
    "structure",
    "validity",
]
