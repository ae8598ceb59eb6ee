"""Sampling a diffusers pipeline into an evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figbench.errors import UserError
from figbench.evaluation.evaluator import Evaluator
from figbench.results.schema import RunResult


def evaluate_pipeline(
    pipeline: Any,
    evaluator: Evaluator,
    prompts: Sequence[str],
    figure_ids: Sequence[str],
    *,
    samples_per_prompt: int = 1,
    batch_size: int = 4,
    seed: int = 0,
    **arguments: Any,
) -> RunResult:
    """Draws figures with a pipeline and returns their scores; nothing is written to disk.

    Each figure has its own generator, seeded by ``seed``, its position and its sample, so that a
    figure does not depend on the batch size.

    Args:
        pipeline: Any text-to-image pipeline: ``pipeline(prompt=[...], generator=[...]).images``.
        evaluator: Is reset first.
        prompts: Captions.
        figure_ids: Reference id of each caption.
        samples_per_prompt: Figures per caption.
        batch_size: Figures per call of the pipeline.
        seed: Seed of the samples.
        arguments: Passed on, for example ``num_inference_steps=50``, ``guidance_scale=5.0``.

    Raises:
        UserError: If numbers differ or are below 1.
    """
    import torch

    if len(prompts) != len(figure_ids):
        raise UserError(f"prompts and figure_ids: {len(prompts)} and {len(figure_ids)}.")
    for name, value in (("samples_per_prompt", samples_per_prompt), ("batch_size", batch_size)):
        if value < 1:
            raise UserError(f"{name}: {value}, expected at least 1.")
    jobs = [
        (prompt, figure_id, sample, i)
        for sample in range(samples_per_prompt)
        for i, (prompt, figure_id) in enumerate(zip(prompts, figure_ids, strict=True))
    ]
    evaluator.reset()
    for start in range(0, len(jobs), batch_size):
        batch = jobs[start : start + batch_size]
        generators = [
            torch.Generator("cpu").manual_seed(seed + i * samples_per_prompt + sample)
            for _, _, sample, i in batch
        ]
        output = pipeline(prompt=[job[0] for job in batch], generator=generators, **arguments)
        evaluator.update(
            list(output.images),
            [job[1] for job in batch],
            [job[0] for job in batch],
            samples=[job[2] for job in batch],
        )
    return evaluator.compute()
