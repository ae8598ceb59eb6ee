"""Trained weights that training starts from, instead of random ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench_figgen.artefact import (
    AUTOENCODER,
    METADATA,
    PIPELINE,
    load_autoencoder,
    load_pipeline,
    locate,
)
from figbench_figgen.config import FigGenConfig
from figbench_figgen.shipped import resolve


@dataclass(frozen=True, slots=True)
class Start:
    """Networks to start from; an autoencoder's run has nothing but the autoencoder."""

    vae: Any
    text_encoder: Any = None
    unet: Any = None
    tokenizer: Any = None


def load_start(stage: str, source: Path, config: FigGenConfig) -> Start:
    """Returns the networks of a run, of a pipeline, or of a shipped pipeline.

    Args:
        stage: ``autoencoder`` or ``diffusion``.
        source: A folder or a shipped name. The autoencoder stage takes the autoencoder of a
            run or of a pipeline; the diffusion stage takes a pipeline whole.
        config: The configuration to be trained; its networks must be those of ``source``.

    Raises:
        UserError: If ``source`` is missing or of another configuration.
        IntegrityError: If its files are damaged.
    """
    folder = resolve(source)
    if not folder.is_dir():
        raise UserError(f"{source}: no such folder.", remedy="Check --init-from.")
    if stage == AUTOENCODER and (locate(folder, AUTOENCODER) / METADATA).is_file():
        only = locate(folder, AUTOENCODER)
        if not (only / "model_index.json").is_file():
            return Start(load_autoencoder(only, config))
    pipeline, _, _ = load_pipeline(locate(folder, PIPELINE), config)
    return Start(pipeline.vae, pipeline.text_encoder, pipeline.unet, pipeline.tokenizer)
