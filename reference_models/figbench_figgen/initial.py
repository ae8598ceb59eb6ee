"""Training that starts from trained weights instead of random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from figbench_figgen.artefact import (
    AUTOENCODER,
    PIPELINE,
    load_autoencoder,
    load_pipeline,
    locate,
)
from figbench_figgen.config import FigGenConfig
from figbench_figgen.shipped import resolve


def start_from(stage: Any, source: Path, config: FigGenConfig) -> None:
    """Loads trained weights into a stage that has not taken a step.

    Args:
        stage: ``AutoencoderStage`` or ``DiffusionStage``.
        source: A run, a pipeline or a shipped name. The autoencoder stage also takes the
            autoencoder of a pipeline.
        config: What is to be trained; its networks must be those of ``source``.

    Raises:
        UserError: If ``source`` is missing or of another configuration.
        IntegrityError: If its files are damaged.
    """
    folder = resolve(source)
    if stage.name == AUTOENCODER and (folder / AUTOENCODER).is_dir():
        stage.begin_with(load_autoencoder(folder, config))
        return
    pipeline, _, _ = load_pipeline(locate(folder, PIPELINE), config)
    stage.begin_with(pipeline.vae if stage.name == AUTOENCODER else pipeline)
