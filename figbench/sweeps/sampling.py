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
        UserError: If one is no finite number of at least 0.
    """
    scales = _numbers(text)
    if not scales or not all(math.isfinite(one) and one >= 0 for one in scales):
        raise UserError(f"--guidance-scales: '{text}'.", remedy="Type numbers such as 1,5,7.5.")
    return scales


def parse_steps(text: str) -> list[float]:
    """Returns the sampler steps of a comma-separated list, ascending, without repeats.

    Raises:
        UserError: If one is no whole number of at least 1.
    """
    steps = _numbers(text)
    if not steps or not all(one >= 1 and one.is_integer() for one in steps):
        raise UserError(f"--steps: '{text}'.", remedy="Type whole numbers such as 10,50,200.")
    return steps


def _numbers(text: str) -> list[float]:
    try:
        return sorted({float(one) for one in text.split(",")})
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
        return [Point(one, fixed, int(one)) for one in counts or DEFAULT_STEPS]
    only = None if fixed is None else int(fixed)
    return [Point(one, one, only) for one in scales or DEFAULT_SCALES]


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
) -> tuple[dict[float, str | Path], str]:
    """Samples every point from the same seed and returns (folder by value, reference to use).

    The model reads its captions from the reference itself, of the protocol's split. With
    ``limit`` the points are scored against the references of the figures that were asked for, so
    that none counts as missing. A point is handed to the model again on a rerun; the model keeps
    what it has drawn.

    Raises:
        UserError: If there is no such model, or it refuses what it was given.
    """
    sampler = get_model(model)
    split, caption = _part(protocol)
    prompts = f"{reference}:{split}" if split else reference
    family: dict[float, str | Path] = {}
    drawn = Path()
    for point in points:
        target = family[point.value] = out / "samples" / f"{axis.folder}{point.value:g}"
        drawn = sampler.sample(
            checkpoint,
            prompts,
            guidance_scale=point.guidance_scale,
            num_inference_steps=point.num_inference_steps,
            seed=seed,
            out=target,
            limit=limit,
        )
    if limit is None:
        return family, reference
    asked = {one.figure_id for one in load_manifest(drawn).figures}
    whole = load_manifest(reference, split=split, caption=caption)
    kept = whole.select(
        [one for one in whole.figures if one.figure_id in asked], f"first {limit} prompts"
    )
    save_manifest(kept, out / REFERENCE_NAME)
    return family, str(out / REFERENCE_NAME)


def _part(protocol: str) -> tuple[str | None, str]:
    dataset = Protocol.load(protocol).dataset
    return dataset.split, dataset.caption
