"""How much a trained model uses the labels in a caption: its loss with right and wrong labels.

Run: ``python -m figbench_figgen.label_use CHECKPOINT DATA``; it prints JSON. It needs no text
recognition and no sampling, and rises long before the labels in samples can be read.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from figbench.errors import FigbenchError
from figbench.synthfig.simple import LABELS
from figbench_figgen.artefact import load_pipeline, quiet_libraries
from figbench_figgen.build import build_scheduler
from figbench_figgen.figures import FigureSet, split_name
from figbench_figgen.rng import generator, numpy_generator
from figbench_figgen.tokens import Tokens, tokenize
from figbench_figgen.train_diffusion import Denoiser

TIMESTEP = 850
BATCH = 32


def other_labels(caption: str, rng: np.random.Generator) -> str:
    """Returns a SynthFig-simple caption with other labels of the same length.

    Args:
        caption: The caption.
        rng: Chooses the labels.
    """

    def other(match: re.Match[str]) -> str:
        label = match[1]
        return f"labelled {rng.choice([x for x in LABELS if len(x) == len(label) and x != label])}"

    return re.sub(r"labelled (\w+)", other, caption)


@torch.no_grad()
def label_use(checkpoint: Path, data: str, *, limit: int | None = None) -> dict[str, Any]:
    """Returns the mean squared error at a noisy step, with right and with other labels.

    Args:
        checkpoint: A diffusion run, a pipeline, or a shipped name.
        data: SynthFig-simple figures with captions and text boxes; ``ROOT:test`` is a split.
        limit: The first so many figures; None for all.

    Returns:
        ``figures``, ``timestep``, and the error inside the text boxes (``text``) and elsewhere
        (``rest``), each with ``right`` and ``other`` labels. Equal values mean that the model
        does not use the labels.

    Raises:
        UserError: If checkpoint or data cannot be read.
    """
    pipeline, config, _ = load_pipeline(checkpoint)
    root, split = split_name(data)
    section = config.data.model_copy(update={"split": split, "exclude": None})
    figures = FigureSet(root, section, config.image_size)
    count = min(limit or len(figures), len(figures))
    captions = figures.captions[:count]
    others = [
        other_labels(caption, numpy_generator(0, "other-labels", i))
        for i, caption in enumerate(captions)
    ]
    latents = _latents(pipeline.vae, figures, count)
    noise = torch.stack(
        [torch.randn(latents.shape[1:], generator=generator(0, "use", i)) for i in range(count)]
    )
    cover = torch.stack([figures.text_cover(i, latents.shape[-1]) for i in range(count)])
    denoiser = Denoiser(pipeline.text_encoder, pipeline.unet, config.text.padding_mask).eval()
    scheduler = build_scheduler(config.noise)
    steps = torch.full((count,), TIMESTEP)
    noisy = scheduler.add_noise(latents, noise, steps)
    target = noise
    if config.noise.prediction == "v_prediction":
        target = scheduler.get_velocity(latents, noise, steps)
    document: dict[str, Any] = {"figures": count, "timestep": TIMESTEP, "text": {}, "rest": {}}
    for name, texts in (("right", captions), ("other", others)):
        tokens = tokenize(pipeline.tokenizer, texts, config.text.max_len)
        squares = (_predicted(denoiser, noisy, tokens) - target).square().mean(dim=1)
        document["text"][name] = _weighted(squares, cover)
        document["rest"][name] = _weighted(squares, 1 - cover)
    return document


def _latents(vae: Any, figures: FigureSet, count: int) -> torch.Tensor:
    batches = [
        torch.stack([figures.padded(i) for i in range(first, min(first + BATCH, count))])
        for first in range(0, count, BATCH)
    ]
    means = [vae.encode(pixels).latent_dist.mean for pixels in batches]
    scaled: torch.Tensor = torch.cat(means) * vae.config.scaling_factor
    return scaled


def _predicted(denoiser: Denoiser, noisy: torch.Tensor, tokens: Tokens) -> torch.Tensor:
    steps = torch.full((len(noisy),), TIMESTEP)
    pieces = [
        denoiser(
            noisy[first : first + BATCH], steps[first : first + BATCH],
            tokens.ids[first : first + BATCH], tokens.mask[first : first + BATCH],
        )
        for first in range(0, len(noisy), BATCH)
    ]  # fmt: skip
    return torch.cat(pieces)


def _weighted(squares: torch.Tensor, weights: torch.Tensor) -> float:
    return float((squares * weights).sum() / weights.sum())


def main(arguments: list[str]) -> int:
    """Prints the errors as JSON; returns the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m figbench_figgen.label_use CHECKPOINT DATA\n")
        return 2
    quiet_libraries()
    try:
        document = label_use(Path(arguments[0]), arguments[1])
    except FigbenchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
