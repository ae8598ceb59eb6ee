"""Samples the points of a sweep from a registered model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from figbench.data.manifest import load_manifest
from figbench.errors import UserError
from figbench.models import get_model
from figbench.protocol import Protocol

REFERENCE_NAME = "reference.jsonl"


def parse_scales(text: str) -> list[float]:
    """Returns the scales of a comma-separated list, ascending, without repeats.

    Raises:
        UserError: If one is no finite number of at least 0.
    """
    try:
        scales = sorted({float(one) for one in text.split(",")})
    except ValueError:
        scales = []
    if not scales or not all(math.isfinite(one) and one >= 0 for one in scales):
        raise UserError(f"--guidance-scales: '{text}'.", remedy="Type numbers such as 1,5,7.5.")
    return scales


def sample_family(
    model: str,
    checkpoint: Path,
    reference: str,
    scales: Sequence[float],
    out: Path,
    *,
    protocol: str,
    steps: int | None,
    seed: int,
    limit: int | None,
) -> tuple[dict[float, Path], str]:
    """Samples every scale from the same seed and returns (folder by scale, reference to use).

    The model reads its captions from the reference itself, of the protocol's split. With
    ``limit`` the points are scored against the references of the figures that were asked for, so
    that none counts as missing. A scale is handed to the model again on a rerun; the model keeps
    what it has drawn.

    Raises:
        UserError: If there is no such model, or it refuses what it was given.
    """
    sampler = get_model(model)
    split, caption = _part(protocol)
    prompts = f"{reference}:{split}" if split else reference
    family, drawn = {}, Path()
    for scale in scales:
        family[scale] = out / "samples" / f"evaluation_cfg_{scale:g}"
        drawn = sampler.sample(
            checkpoint,
            prompts,
            guidance_scale=scale,
            num_inference_steps=steps,
            seed=seed,
            out=family[scale],
            limit=limit,
        )
    if limit is None:
        return family, reference
    asked = {one.figure_id for one in load_manifest(drawn).figures}
    whole = load_manifest(reference, split=split, caption=caption)
    kept = whole.select(
        [one for one in whole.figures if one.figure_id in asked], f"first {limit} prompts"
    )
    kept.save(out / REFERENCE_NAME)
    return family, str(out / REFERENCE_NAME)


def _part(protocol: str) -> tuple[str | None, str]:
    dataset = Protocol.load(protocol).dataset
    return dataset.split, dataset.caption
