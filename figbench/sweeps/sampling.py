"""Samples the points of a sweep from a registered model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench.models import get_model
from figbench.protocol import Protocol
from figbench.sweeps.axes import GUIDANCE, STEPS, Axis

REFERENCE_NAME = "reference.jsonl"
DEFAULT_SCALES = (1.0, 3.0, 5.0, 7.5, 10.0)
DEFAULT_STEPS = (10.0, 25.0, 50.0, 100.0, 200.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One point to sample; None is the model's own setting."""

    value: float
    guidance_scale: float | None
    num_inference_steps: int | None


def parse_scales(text: str) -> list[float]:
    """Returns the guidance scales of a comma-separated list, ascending, without repeats.

    Raises:
        UserError: If a scale is not a finite number of at least 0.
    """
    scales = _numbers(text)
    if not scales or not all(math.isfinite(scale) and scale >= 0 for scale in scales):
        raise UserError(f"--guidance-scales: '{text}'.", remedy="Type numbers such as 1,5,7.5.")
    return scales


def parse_steps(text: str) -> list[float]:
    """Returns the sampler steps of a comma-separated list, ascending, without repeats.

    Raises:
        UserError: If a count is not a whole number of at least 1.
    """
    steps = _numbers(text)
    if not steps or not all(count >= 1 and count.is_integer() for count in steps):
        raise UserError(f"--steps: '{text}'.", remedy="Type whole numbers such as 10,50,200.")
    return steps


def _numbers(text: str) -> list[float]:
    try:
        return sorted({float(item) for item in text.split(",")})
    except ValueError:
        return []


def plan_family(axis: Axis, guidance_scales: str | None, steps: str | None) -> list[Point]:
    """Returns the points to sample, ascending along the axis.

    Args:
        axis: Guidance scale or sampler steps.
        guidance_scales: Comma-separated; one scale, or None for the model's, unless it is the axis.
        steps: Likewise.

    Raises:
        UserError: If the other setting has several values, or the axis cannot be sampled.
    """
    if not axis.folder:
        raise UserError(
            f"--model does not sample along {axis.name}.",
            remedy=f"Sample each point first, then sweep folders like {axis.example}.",
        )
    along_steps = axis == STEPS
    scales = parse_scales(guidance_scales) if guidance_scales else None
    counts = parse_steps(steps) if steps else None
    other = scales if along_steps else counts
    if other and len(other) > 1:
        flag, name = ("--guidance-scales", STEPS) if along_steps else ("--steps", GUIDANCE)
        raise UserError(
            f"{flag} has {len(other)} values, but the axis is {name.name}.",
            remedy=f"Give {flag} one value, or choose the other --axis.",
        )
    fixed = other[0] if other else None
    if along_steps:
        return [Point(count, fixed, int(count)) for count in counts or DEFAULT_STEPS]
    only = None if fixed is None else int(fixed)
    return [Point(scale, scale, only) for scale in scales or DEFAULT_SCALES]


def sample_family(
    model: str,
    checkpoint: Path,
    reference: str,
    points: Sequence[Point],
    out: Path,
    *,
    axis: Axis,
    protocol: str,
    seed: int,
    limit: int | None,
    samples_per_prompt: int = 1,
) -> tuple[dict[float, str | Path], str]:
    """Samples every point of a sweep from one seed.

    The model reads its captions from the reference, of the protocol's split. With ``limit`` the
    points are scored against the references of the first captions only, so no figure counts as
    missing. A rerun passes every point to the model again; the model skips figures that exist.

    Args:
        model: Name of a registered model.
        checkpoint: Its checkpoint.
        reference: Reference set.
        points: Settings to sample.
        out: Folder of the sweep.
        axis: What varies.
        protocol: Names the split and the caption column.
        seed: Of the sampler.
        limit: Number of captions; None for all.
        samples_per_prompt: Figures of each caption.

    Returns:
        Folder of figures by value, and the reference to score against.

    Raises:
        UserError: If there is no such model, or it refuses what it was given.
    """
    sampler = get_model(model)
    split, caption = _captions_of(protocol)
    prompts = f"{reference}:{split}" if split else reference
    family: dict[float, str | Path] = {}
    sampled = Path()
    for point in points:
        target = family[point.value] = out / "samples" / f"{axis.folder}{point.value:g}"
        sampled = sampler.sample(
            checkpoint,
            prompts,
            guidance_scale=point.guidance_scale,
            num_inference_steps=point.num_inference_steps,
            seed=seed,
            out=target,
            limit=limit,
            samples_per_prompt=samples_per_prompt,
        )
    if limit is None:
        return family, reference
    ids = {figure.figure_id for figure in load_manifest(sampled).figures}
    whole = load_manifest(reference, split=split, caption=caption)
    first = whole.select(
        [figure for figure in whole.figures if figure.figure_id in ids], f"first {limit} prompts"
    )
    save_manifest(first, out / REFERENCE_NAME)
    return family, str(out / REFERENCE_NAME)


def _captions_of(protocol: str) -> tuple[str | None, str]:
    dataset = Protocol.load(protocol).dataset
    return dataset.split, dataset.caption
