"""Scores of aligned image pairs: OCR-SIM, SSIM, LPIPS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from figbench.errors import UserError
from figbench.functional.score import LEVEL, SEED, Score, compute_scores, make_inputs
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.preprocess import preprocess as preprocessed

if TYPE_CHECKING:
    from figbench.features.base import PairScorer

MINIMUM_SIDE = {"ocr-sim": 16, "ssim": 11, "lpips": 32}
"""Smallest height and width in pixels that each network accepts."""


class PairOptions(TypedDict, total=False):
    """Keyword arguments of the pair scores.

    Attributes:
        preprocess: ``none`` (default), ``pad256``, ``pad384``, ``pad512`` or ``crop384``.
        value_range: Range of float images, (0, 1) or (-1, 1).
        clusters: Paper of each pair, None for independent pairs.
        figure_ids: Per pair; repeated ids are samples of one prompt.
        level: Coverage of the interval.
        seed: Seed of the bootstrap.
        device: A torch device.
    """

    preprocess: str
    value_range: ValueRange
    clusters: Sequence[str] | None
    figure_ids: Sequence[str] | None
    level: float
    seed: int
    device: str


def ssim(generated: Any, reference: Any, **options: Unpack[PairOptions]) -> Score:
    """Returns the mean structural similarity of aligned pairs; higher is better, at most 1.

    Args:
        generated: Images as in :func:`figbench.images.arrays.as_rgb_images`.
        reference: As many images; each pair has one size (or set ``preprocess``).
        options: See :class:`PairOptions`.

    Raises:
        UserError: If numbers or sizes of the images differ, or an image is not usable.

    Source: Wang et al., IEEE TIP 2004; scikit-image, Gaussian window, luma.
    """
    return _score_pairs("ssim", "ssim", generated, reference, **options)


def ocr_sim(generated: Any, reference: Any, **options: Unpack[PairOptions]) -> Score:
    """Returns the mean OCR-SIM of aligned pairs: a distance, lower is better.

    Args and errors as :func:`ssim`. Images have at least 16 px on each side.

    Source: Rodriguez et al., OCR-VQGAN, WACV 2023.
    """
    return _score_pairs("ocr_sim", "ocr-sim", generated, reference, **options)


def lpips(generated: Any, reference: Any, **options: Unpack[PairOptions]) -> Score:
    """Returns the mean LPIPS (VGG16) of aligned pairs: a distance, lower is better.

    Args and errors as :func:`ssim`. VGG16's weights are needed (``figbench weights list``).

    Source: Zhang et al., CVPR 2018.
    """
    return _score_pairs("lpips", "lpips", generated, reference, **options)


def _score_pairs(
    metric: str,
    network: str,
    generated: Any,
    reference: Any,
    *,
    preprocess: str = "none",
    value_range: ValueRange = UNIT,
    clusters: Sequence[str] | None = None,
    figure_ids: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
    device: str = "cpu",
) -> Score:
    first = as_rgb_images(generated, "generated", value_range)
    second = as_rgb_images(reference, "reference", value_range)
    if len(first) != len(second):
        raise UserError(f"generated and reference: {len(first)} and {len(second)} images.")
    first = [preprocessed(image, preprocess) for image in first]
    second = [preprocessed(image, preprocess) for image in second]
    for i, (left, right) in enumerate(zip(first, second, strict=True)):
        if left.shape != right.shape:
            raise UserError(
                f"generated[{i}] and reference[{i}]: sizes {left.shape[:2]} and {right.shape[:2]} "
                "differ.",
                remedy='Bring both to one size with preprocess="pad512".',
            )
        if min(left.shape[:2]) < MINIMUM_SIDE[network]:
            raise UserError(
                f"generated[{i}]: size {left.shape[:2]}, needs at least "
                f"{MINIMUM_SIDE[network]} px on each side."
            )
    scorer = _scorer(network, device)
    values = [scorer.score([left], [right])[0] for left, right in zip(first, second, strict=True)]
    inputs = make_inputs(
        metric,
        len(first),
        seed=seed,
        clusters=clusters,
        figure_ids=figure_ids,
        pair_scores=np.asarray(values, np.float64),
    )
    return compute_scores(metric, inputs, {}, level=level, n=len(first))[metric]


@lru_cache(maxsize=4)
def _scorer(network: str, device: str) -> PairScorer:
    from figbench.features import load_pair_scorer

    return load_pair_scorer(network, device)
