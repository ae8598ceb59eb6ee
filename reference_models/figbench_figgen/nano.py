"""Trains ``figgen-nano`` from nothing: figures, autoencoder, diffusion, released weights.

Run: ``python -m figbench_figgen.nano --out DIR``. Started again, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from figbench.errors import FigbenchError
from figbench.synthfig import synthesize
from figbench_figgen.export import export
from figbench_figgen.model import FigGen

NAME = "figgen-nano"
LABEL_PHASES = (
    ("short-captions", (
        "diffusion.steps=2160", "diffusion.lr=8e-4", "diffusion.lr_schedule=constant",
        "diffusion.warmup_steps=100", "diffusion.text_weight=6", "diffusion.timestep_power=2",
        "diffusion.curriculum_steps=1500", "run.seed=1",
    )),
    ("text-boxes", (
        "diffusion.steps=1900", "diffusion.lr=7e-4", "diffusion.lr_schedule=cosine",
        "diffusion.warmup_steps=60", "diffusion.text_weight=15", "diffusion.timestep_power=3",
        "run.seed=2",
    )),
    ("short-captions-again", (
        "diffusion.steps=5124", "diffusion.lr=8e-4", "diffusion.lr_schedule=constant",
        "diffusion.warmup_steps=100", "diffusion.text_weight=3", "diffusion.timestep_power=2",
        "diffusion.curriculum_steps=2500", "run.seed=3",
    )),
    ("decay", (
        "diffusion.steps=2600", "diffusion.lr=8e-4", "diffusion.lr_schedule=cosine",
        "diffusion.warmup_steps=60", "diffusion.text_weight=1", "diffusion.timestep_power=1.5",
        "run.seed=4",
    )),
    ("decay-again", (
        "diffusion.steps=3200", "diffusion.lr=6e-4", "diffusion.lr_schedule=cosine",
        "diffusion.warmup_steps=60", "diffusion.text_weight=2", "diffusion.timestep_power=1.5",
        "run.seed=5",
    )),
)  # fmt: skip
"""Further training of the diffusion stage, each from the weights before: name and settings."""
TRAINING_FIGURES = 16_000
TRAINING_SEED = 1
HELD_OUT_FIGURES = 1_200
HELD_OUT_SEED = 0
TINY = (
    "autoencoder.steps=2", "diffusion.steps=2", "autoencoder.global_batch=4",
    "autoencoder.micro_batch=4", "diffusion.global_batch=4", "diffusion.micro_batch=4",
)  # fmt: skip


def train_nano(out: Path, *, tiny: bool = False, quiet: bool = False) -> Path:
    """Makes the data, trains both stages and exports the pipeline.

    The diffusion stage is trained by the configuration and then by each of ``LABEL_PHASES``, from
    the weights before.

    Args:
        out: Folder for everything: ``train`` and ``held-out`` (figures), ``run``, a run for each
            of ``LABEL_PHASES``, ``figgen-nano``.
        tiny: Two steps on forty figures, to try the command.
        quiet: No messages, no progress.

    Returns:
        The folder of the exported pipeline.

    Raises:
        UserError: As the single commands.
        Interrupted: On SIGTERM or Ctrl-C, after saving; the same command goes on.
    """
    out.mkdir(parents=True, exist_ok=True)
    train = _figures(out / "train", 40 if tiny else TRAINING_FIGURES, TRAINING_SEED)
    held_out = _figures(out / "held-out", 20 if tiny else HELD_OUT_FIGURES, HELD_OUT_SEED)
    common: dict[str, Any] = {
        "config": NAME, "data": str(train), "quiet": quiet, "resume": True,
    }  # fmt: skip
    excluded, last = f"data.exclude={held_out}:test", TINY if tiny else ()
    model, run = FigGen(), out / "run"
    if not (run / "autoencoder" / "figgen.json").is_file():
        model.train(stage="autoencoder", out=run, overrides=[excluded, *last], **common)
    if not (run / "pipeline" / "figgen.json").is_file():
        model.train(stage="diffusion", out=run, overrides=[excluded, *last], **common)
    for name, settings in LABEL_PHASES:
        before, run = run, out / name
        if not (run / "pipeline" / "figgen.json").is_file():
            overrides = [excluded, *settings, *last]
            model.train(stage="diffusion", out=run, overrides=overrides, init_from=before, **common)
    target = out / NAME
    if not target.exists():
        export(run, target)
    return target


def _figures(folder: Path, count: int, seed: int) -> Path:
    """Draws SynthFig-simple figures into a new folder, whole or not at all."""
    if not folder.is_dir():
        partial = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        synthesize(partial, count, seed, simple=True)
        partial.rename(folder)
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Trains; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m figbench_figgen.nano", description="Train figgen-nano from nothing."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for data, run and weights")
    parser.add_argument("--tiny", action="store_true", help="two steps, to try the command")
    parsed = parser.parse_args(arguments)
    try:
        target = train_nano(parsed.out, tiny=parsed.tiny)
    except FigbenchError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stderr.write(f"Written: {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
