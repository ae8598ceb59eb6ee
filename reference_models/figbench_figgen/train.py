"""Training a stage, from data to trained networks on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench_figgen.artefact import load_autoencoder, quiet_libraries
from figbench_figgen.config import FigGenConfig
from figbench_figgen.disk import failures_named
from figbench_figgen.figures import FigureSet
from figbench_figgen.initial import load_start
from figbench_figgen.loop import Plan, make_accelerator, run
from figbench_figgen.run_console import RunConsole, first_process
from figbench_figgen.train_autoencoder import AutoencoderStage
from figbench_figgen.train_diffusion import DiffusionStage


def train(
    stage: str,
    config: FigGenConfig,
    data: str,
    out: Path,
    autoencoder: Path | None,
    resume: bool,
    device: str,
    quiet: bool,
    init_from: Path | None = None,
) -> Path:
    """Trains a stage and returns the folder of its networks.

    Args:
        stage: ``autoencoder`` or ``diffusion``.
        config: Resolved configuration.
        data: Set of figures, with captions for ``diffusion``.
        out: Folder of the run.
        autoencoder: Folder of a trained autoencoder, for ``diffusion``; None where ``init_from``
            provides it.
        resume: Whether the run goes on from the newest checkpoint in ``out``.
        device: ``auto``, ``cpu`` or ``cuda``.
        quiet: No messages, no progress.
        init_from: A trained run or pipeline whose weights training starts from.

    Raises:
        UserError: If the autoencoder is missing or of another configuration, or ``out`` holds a run
            and ``resume`` is False.
    """
    quiet_libraries()
    console = RunConsole(quiet=quiet or not first_process())
    first = None if init_from is None else load_start(stage, init_from, config)
    if stage == "diffusion" and autoencoder is None and first is not None:
        vae = first.vae
    else:
        vae = _autoencoder(stage, config, autoencoder)
    figures = FigureSet(data, config.data, config.image_size, captions=stage == "diffusion")
    for note in figures.notes:
        console.log(note)
    accelerator = make_accelerator(config, out, device)
    console.log(
        f"{stage}: {len(figures)} figures, {accelerator.num_processes} x {accelerator.device.type}"
    )
    made: Any
    if stage == "autoencoder":
        made = AutoencoderStage(config, figures, accelerator, out)
    else:
        tokenizer = None if first is None else first.tokenizer
        made = DiffusionStage(config, figures, vae, accelerator, out, data, console, tokenizer)
    if first is not None:
        made.begin_with(first)
        console.log(f"Starts from the weights of {init_from}.")
    metadata = {
        "stage": stage,
        "data": figures.digest,
        "config": config.training(stage),
        "adjustable": config.adjustable(stage),
    }
    if accelerator.is_main_process:
        text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_text_atomic(out / f"{stage}.yaml", text)
    with failures_named(out):
        run(made, config, Plan(out, metadata, resume), accelerator, console)
        target: Path = made.finish()
        # It ends the process group, which the writing of the networks still waits in.
        accelerator.end_training()
    return target


def _autoencoder(stage: str, config: FigGenConfig, folder: Path | None) -> Any:
    if stage == "autoencoder":
        return None
    if folder is None:
        raise UserError(
            "The diffusion stage needs a trained autoencoder.",
            remedy="Train one with --stage autoencoder, then give its folder: --autoencoder DIR",
        )
    return load_autoencoder(folder, config)
