"""Samples the points of a sweep from a registered model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figbench.data.manifest import load_manifest
from figbench.errors import UserError
from figbench.registry import Registry

MODELS: Registry[Any] = Registry("model", "figbench.models", {})


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
    steps: int,
    seed: int,
    limit: int | None,
) -> tuple[dict[float, Path], str]:
    """Samples every scale from the same seed and returns (folder by scale, reference to use).

    With ``limit`` the reference becomes its first figures, so that none counts as missing.
    A scale is handed to the model again on a rerun; the model keeps what it has drawn.
    """
    prompts = Path(reference)
    if limit is not None:
        manifest = load_manifest(prompts)
        kept = manifest.select(manifest.figures[:limit], f"first {limit} figures")
        prompts = out / "reference.jsonl"
        out.mkdir(parents=True, exist_ok=True)
        kept.save(prompts)
    chosen = MODELS.get(model)
    sampler = chosen() if isinstance(chosen, type) else chosen
    family = {}
    for scale in scales:
        family[scale] = out / "samples" / f"evaluation_cfg_{scale:g}"
        sampler.sample(
            checkpoint=checkpoint,
            prompts=str(prompts),
            guidance_scale=scale,
            num_inference_steps=steps,
            samples_per_prompt=1,
            seed=seed,
            out=family[scale],
        )
    return family, str(prompts)
