"""Part (c): trains FigGen for the minutes that are left, samples, and scores."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from figbench.errors import FigbenchError

Record = dict[str, Any]

SHARE_OF_AUTOENCODER = 0.35
SHARE_OF_DIFFUSION = 0.5
"""Of the time that is left; the rest is for sampling and scoring."""


def run_training(device: str, seconds: float, out: Path, *, tiny: bool = False) -> Record:
    """Trains both stages, draws figures for held-out captions and scores them.

    Args:
        device: ``cuda`` or ``cpu``.
        seconds: For everything.
        out: Folder for data, run, samples and scores.
        tiny: The smallest configuration and a few steps, to try it.

    Returns:
        Steps and seconds of each stage, folders, and the scores.
    """
    import figbench
    from figbench.data.load import load_manifest
    from figbench.evaluation import Options
    from figbench.models import get_model
    from figbench.synthfig import synthesize

    figgen: Any = get_model("figgen")
    data, run = out / "figures", out / "run"
    synthesize(data, 60 if tiny else 6000, 7, 0.2, simple=tiny)
    config = "figgen-ci" if tiny else "figgen-small"
    common = {"config": config, "data": str(data), "out": run, "device": device, "quiet": True}
    record: Record = {"config": config}
    for stage, share in (
        ("autoencoder", SHARE_OF_AUTOENCODER), ("diffusion", SHARE_OF_DIFFUSION),
    ):  # fmt: skip
        settings = ["run.grid_every=0", "run.workers=0" if tiny else "run.workers=4"]
        if tiny:
            settings.append("run.precision=no")
        record[stage] = timed_stage(
            lambda steps, stage=stage, settings=settings, resume=False: figgen.train(
                stage=stage, overrides=[*settings, f"{stage}.steps={steps}"], resume=resume,
                **common,
            ),
            first=3 if tiny else 20,
            most=6 if tiny else 100_000,
            seconds=seconds * share,
        )  # fmt: skip
    count = 12 if tiny else 64
    begun = time.perf_counter()
    figgen.sample(
        run, f"{data}:test", 3.0, 5 if tiny else 50, out=out / "samples", limit=count,
        device=device, precision="float32" if tiny else "bfloat16", quiet=True,
    )  # fmt: skip
    record["sampling"] = {"figures": count, "seconds": time.perf_counter() - begun}
    try:
        manifest = load_manifest(str(data), split="test")
        reference = manifest.select(manifest.figures[:count], "drawn")
        result = figbench.evaluate(
            str(out / "samples"),
            figbench.Figures.from_manifest(reference),
            protocol="offline",
            output=out / "scores",
            options=Options(device=device),
        )
        record["scores"] = {
            name: metric.value
            for name, metric in result.metrics.items()
            if metric.value is not None
        }
    except FigbenchError as error:
        record["left_out"] = f"scores: {str(error).splitlines()[0]}"
    return record


def timed_stage(train: Callable[..., Path], *, first: int, most: int, seconds: float) -> Record:
    """Trains a few steps to learn their duration, then resumes for as many as fit.

    Args:
        train: Takes the number of steps, and ``resume``.
        first: Steps of the trial.
        most: Upper limit of all steps.
        seconds: For both parts.
    """
    begun = time.perf_counter()
    train(first)
    trial = time.perf_counter() - begun
    # The start (loading, first kernels) is in the trial: the estimate of a step is too long,
    # so the stage ends early rather than late.
    steps = min(most, max(first + 1, int(first * seconds / trial)))
    train(steps, resume=True)
    return {"steps": steps, "seconds": time.perf_counter() - begun, "trial_seconds": trial}
