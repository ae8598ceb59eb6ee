"""Missing, blank, repeated and copied figures of a list of images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.functional.score import LEVEL, SEED, Score, compute_scores, make_inputs
from figbench.images.arrays import UNIT, ValueRange, as_rgb_images
from figbench.images.preprocess import preprocess as preprocessed
from figbench.images.types import RGBImage


def validity(
    generated: Any,
    reference: Any,
    *,
    expected: int | None = None,
    blank_ink: float = 0.001,
    copy_distance: int = 2,
    preprocess: str = "none",
    value_range: ValueRange = UNIT,
    clusters: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, Score]:
    """Returns the share of usable figures and the rate of each flaw.

    Args:
        generated: Images as in :func:`figbench.images.arrays.as_rgb_images`.
        reference: Images that a generated figure must not repeat.
        expected: Figures that were asked for; None for as many as were given. The difference is
            missing.
        blank_ink: Largest share of ink of a blank figure, in [0, 1].
        copy_distance: Largest number of bits between the perceptual hashes of a copy.
        preprocess: Policy that both sides pass first; ``evaluate`` uses the protocol's.
        value_range: Range of float images.
        clusters: Paper of each expected figure.
        level: Coverage of the intervals.
        seed: Seed of the bootstrap.

    Returns:
        Scores under ``valid_rate``, ``missing_rate``, ``blank_rate``, ``duplicate_rate`` and
        ``near_copy_rate``. Repeats are recognised by equal pixels.

    Raises:
        UserError: If an image is not usable, or fewer are expected than were given.
    """
    from figbench.features.networks.image_stats import ImageStats

    first = as_rgb_images(generated, "generated", value_range)
    second = as_rgb_images(reference, "reference", value_range)
    count = len(first) if expected is None else expected
    if count < len(first):
        raise UserError(f"expected: {count}, but generated has {len(first)} images.")
    extractor = ImageStats()
    features = [
        extractor.extract([preprocessed(image, preprocess) for image in images])
        for images in (first, second)
    ]
    inputs = make_inputs(
        "validity",
        count,
        seed=seed,
        clusters=clusters,
        present=np.arange(count) < len(first),
        generated=features[0],
        reference=features[1],
        generated_digests=[_digest(image) for image in first],
        reference_digests=[_digest(image) for image in second],
    )
    settings = {"blank_ink": float(blank_ink), "copy_distance": copy_distance}
    return compute_scores("validity", inputs, settings, level=level, n=len(first))


def _digest(image: RGBImage) -> str:
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).hexdigest()
