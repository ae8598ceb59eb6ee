"""FigGen for figbench: info, train, sample, convert (entry point ``figbench.models``)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figbench.errors import UserError
from figbench.registry import suggest
from figbench_figgen.config import FigGenConfig, config_names, load_config

STAGES = ("autoencoder", "diffusion")
SCHEDULERS = {
    "ddim": "DDIMScheduler",
    "dpm-solver++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "ddpm": "DDPMScheduler",
}


class FigGen:
    """FigGen on diffusers and transformers."""

    name = "figgen"

    def configs(self) -> list[str]:
        """Returns the names of the shipped configurations."""
        return config_names()

    def info(self, config: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
        """Returns the configuration with counts of parameters and bytes; allocates no weights."""
        from figbench_figgen.build import describe
        from figbench_figgen.memory import estimate

        resolved = load_config(config, overrides)
        document = {"name": resolved.name, **describe(resolved), "memory": estimate(resolved)}
        document["config"] = resolved.model_dump(mode="json")
        return document

    def train(
        self,
        *,
        stage: str,
        config: str,
        data: str,
        out: str | Path,
        overrides: Sequence[str] = (),
        autoencoder: str | Path | None = None,
        resume: bool = False,
        device: str = "auto",
        quiet: bool = False,
        init_from: str | Path | None = None,
    ) -> Path:
        """Trains a stage to its end; returns the folder of the trained networks.

        Args:
            stage: ``autoencoder`` or ``diffusion``.
            config: Shipped name or YAML path.
            data: Any set of figures with captions.
            out: The run's folder.
            overrides: ``section.key=value`` or ``paper-exact``.
            autoencoder: Trained stage 1 (its run's folder), for ``diffusion``; by default the one
                in ``out``.
            resume: Go on from the newest checkpoint in ``out``.
            device: ``auto``, ``cpu`` or ``cuda``.
            quiet: No messages, no progress.
            init_from: A trained run, pipeline or shipped name whose weights training starts from.

        Raises:
            UserError: For anything that the user can correct.
        """
        from figbench_figgen.train import train

        _require_option(stage, STAGES, "stage")
        resolved = load_config(config, overrides)
        before = None if autoencoder is None else Path(autoencoder)
        if before is None and (Path(out) / "autoencoder").is_dir():
            before = Path(out)
        first = None if init_from is None else Path(init_from)
        return train(stage, resolved, data, Path(out), before, resume, device, quiet, first)

    def sample(
        self,
        checkpoint: str | Path,
        prompts: str | None = None,
        guidance_scale: float | None = None,
        num_inference_steps: int | None = None,
        samples_per_prompt: int = 1,
        seed: int = 0,
        out: str | Path = "figures",
        limit: int | None = None,
        *,
        prompt: Sequence[str] = (),
        config: str | None = None,
        overrides: Sequence[str] = (),
        eta: float | None = None,
        scheduler: str = "ddim",
        batch_size: int | None = None,
        device: str = "auto",
        precision: str = "float32",
        guidance_rescale: float | None = None,
        guidance_interval: tuple[float, float] | None = None,
        quiet: bool = False,
    ) -> Path:
        """Draws figures for prompts; returns the path of the manifest (JSON lines).

        What is drawn already stays; a rerun draws the rest.

        Args:
            checkpoint: A diffusion run's folder, or its ``pipeline`` folder.
            prompts: A set of figures with captions (``ROOT:test``), a ``.txt`` file with a
                caption a line, or a ``.jsonl``, ``.json`` or ``.csv`` list of captions.
            guidance_scale: None takes the configuration's.
            num_inference_steps: None takes the configuration's.
            samples_per_prompt: Figures per caption.
            seed: With figure id and sample it fixes the noise.
            out: Folder for PNGs and manifest.
            limit: Only the first so many captions.
            prompt: Captions themselves, instead of ``prompts``.
            config: When given, the checkpoint must be of this configuration.
            overrides: For ``config``.
            eta: 0 is DDIM; None takes the configuration's.
            scheduler: One of ``SCHEDULERS``.
            batch_size: Figures per forward pass; changes nothing but speed.
            device: ``auto``, ``cpu`` or ``cuda``.
            precision: ``float32`` or ``bfloat16`` for the networks.
            guidance_rescale: 0 to 1; None takes the configuration's.
            guidance_interval: Part of the steps that are guided, within 0 to 1; None takes the
                configuration's.
            quiet: No messages, no progress.

        Raises:
            UserError: For anything that the user can correct.
        """
        from figbench_figgen.artefact import load_pipeline, pick_device, quiet_libraries
        from figbench_figgen.prompts import load_prompts, typed_prompts
        from figbench_figgen.sample import Request, draw_all, verified

        _require_option(scheduler, SCHEDULERS, "scheduler")
        _require_option(precision, ("float32", "bfloat16"), "precision")
        quiet_libraries()
        expected = load_config(config, overrides) if config else None
        pipeline, trained, _ = load_pipeline(Path(checkpoint), expected)
        defaults = trained.sample
        request = Request(
            seed=seed,
            guidance_scale=defaults.guidance_scale if guidance_scale is None else guidance_scale,
            steps=defaults.steps if num_inference_steps is None else num_inference_steps,
            eta=defaults.eta if eta is None else eta,
            batch_size=defaults.batch_size if batch_size is None else batch_size,
            scheduler=scheduler,
            precision=precision,
            guidance_rescale=(
                defaults.guidance_rescale if guidance_rescale is None else guidance_rescale
            ),
            guidance_interval=(
                defaults.guidance_interval if guidance_interval is None else guidance_interval
            ),
        )
        _check_request(request, trained)
        if bool(prompt) == bool(prompts):
            raise UserError("Give either prompts (a file or a data set) or single captions.")
        notes: list[str] = []
        if prompts:
            work, notes = load_prompts(
                prompts, caption=trained.data.caption, samples=samples_per_prompt, limit=limit
            )
        else:
            work = typed_prompts(prompt, samples=samples_per_prompt)
        console = _run_console(quiet)
        for note in [*notes, *_log_truncated(pipeline, work)]:
            console.log(note)
        _use_scheduler(pipeline, scheduler)
        pipeline.to(_own_device(pick_device(device)), _dtype(precision))
        have = len({item.file_name for item in work} & verified(Path(out)))
        if have:
            console.log(f"{have} of {len(work)} figures are there already.")
        with console.counter("figures", have, len(work)) as advance:
            manifest = draw_all(
                pipeline, work, request, Path(out), model=_digest(Path(checkpoint)),
                advance=lambda count: advance(count * _world()),
            )  # fmt: skip
        return manifest

    def convert(
        self,
        source: str | Path,
        config: str,
        out: str | Path,
        overrides: Sequence[str] = (),
        *,
        use_ema: bool = True,
        quiet: bool = False,
    ) -> dict[str, Any]:
        """Rewrites an official checkpoint as a pipeline of safetensors.

        Args:
            source: The authors' ``.ckpt``, or the same state dict as ``.safetensors``.
            config: The variant that it is of.
            out: Folder for the pipeline.
            overrides: ``section.key=value``; ``vae.scaling_factor`` must be given as in the
                checkpoint's YAML (0.18215 is assumed), because the file does not hold it.
            use_ema: Take the averaged U-Net.
            quiet: No messages.

        Returns:
            ``{"out", "tensors", "unmatched": [{"part", "key", "reason"}]}``.

        Raises:
            UserError: If keys are missing or of other shapes; nothing is written then.
        """
        from figbench_figgen.convert import convert

        resolved = load_config(config, overrides)
        return convert(Path(source), resolved, Path(out), use_ema, _run_console(quiet))


def _require_option(name: str, names: Sequence[str] | dict[str, str], what: str) -> None:
    if name not in names:
        raise UserError(
            f"Unknown {what} '{name}'.{suggest(name, names)}", remedy=f"Known: {', '.join(names)}."
        )


def _check_request(request: Any, config: FigGenConfig) -> None:
    from math import isfinite

    if not isfinite(request.guidance_scale):
        raise UserError(f"guidance scale {request.guidance_scale}: not a finite number.")
    if not 1 <= request.steps <= config.noise.timesteps:
        raise UserError(f"{request.steps} steps; possible: 1 to {config.noise.timesteps}.")
    if request.batch_size < 1 or not 0 <= request.eta <= 1:
        raise UserError("batch size must be at least 1, eta from 0 to 1.")


def _log_truncated(pipeline: Any, work: Sequence[Any]) -> list[str]:
    from figbench_figgen.tokens import tokenize

    captions = list(dict.fromkeys(item.caption for item in work))
    max_len = pipeline.text_encoder.config.max_position_embeddings
    cut = len(tokenize(pipeline.tokenizer, captions, max_len).truncated)
    if not cut:
        return []
    return [f"{cut} of {len(captions)} captions are longer than {max_len} tokens and are cut."]


def _use_scheduler(pipeline: Any, name: str) -> None:
    import diffusers

    if name != "ddim":
        kind = getattr(diffusers, SCHEDULERS[name])
        pipeline.scheduler = kind.from_config(pipeline.scheduler.config)


def _own_device(device: Any) -> Any:
    import torch
    from accelerate import PartialState

    state = PartialState(cpu=device.type == "cpu")
    if device.type == "cuda" and state.num_processes > 1:
        return torch.device("cuda", state.local_process_index)
    return device


def _world() -> int:
    from accelerate import PartialState

    return int(PartialState().num_processes)


def _dtype(precision: str) -> Any:
    import torch

    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]


def _digest(folder: Path) -> str:
    """Returns the SHA-256 over the checkpoint's weight files."""
    total = hashlib.sha256()
    from figbench_figgen.artefact import PIPELINE, locate
    from figbench_figgen.shipped import resolve

    for path in sorted(locate(resolve(folder), PIPELINE).rglob("*.safetensors")):
        with path.open("rb") as handle:
            total.update(hashlib.file_digest(handle, "sha256").digest())
    return total.hexdigest()


def _run_console(quiet: bool) -> Any:
    from figbench_figgen.run_console import RunConsole, first_process

    return RunConsole(quiet=quiet or not first_process())
