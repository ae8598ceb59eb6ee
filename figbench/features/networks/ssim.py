"""Structural similarity of aligned pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from skimage.metrics import structural_similarity

from figbench.features.specs import SSIM
from figbench.images.types import RGBImage


class Ssim:
    """SSIM as its authors compute it (Wang et al., IEEE TIP 2004).

    Luma (ITU-R 601), Gaussian window of sigma 1.5, population covariance, data range 255;
    scikit-image's implementation.
    """

    info = SSIM.info

    def __init__(self, device: str = "cpu", precision: str = "float32") -> None:
        """Takes what every network takes; there is nothing to load."""

    def score(
        self, generated: Sequence[RGBImage], reference: Sequence[RGBImage]
    ) -> npt.NDArray[np.float64]:
        """Returns one SSIM per pair, shape (n,), in -1..1."""
        scores = [
            structural_similarity(  # type: ignore[no-untyped-call]
                _luma(first),
                _luma(second),
                data_range=255,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
            for first, second in zip(generated, reference, strict=True)
        ]
        return np.asarray(scores, dtype=np.float64)


def _luma(image: RGBImage) -> npt.NDArray[np.float32]:
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    luma: npt.NDArray[np.float32] = image.astype(np.float32) @ weights
    return luma
