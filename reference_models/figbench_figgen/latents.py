"""Cache of the autoencoder's posterior moments, which take a third of the time of a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors import safe_open
from safetensors.torch import save_file

from figbench.io.atomic import atomic_path
from figbench_figgen.figures import FigureSet
from figbench_figgen.run_console import RunConsole

PER_SHARD = 512
PER_PASS = 16
"""Figures per pass of the encoder; fixed, so that the cache does not depend on the machine."""


class Moments:
    """Mean and log-variance of figures by index, read from shards (half precision)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, Any] = {}

    def __getitem__(self, index: int) -> torch.Tensor:
        """Returns (2 x channels, side, side), float32."""
        shard, position = divmod(index, PER_SHARD)
        if shard not in self._open:
            handle = safe_open(str(shard_path(self._folder, shard)), framework="pt")
            self._open[shard] = handle.get_slice("moments")  # type: ignore[no-untyped-call]
        record: torch.Tensor = self._open[shard][position : position + 1]
        return record[0].float()

    def __getstate__(self) -> dict[str, Any]:
        """Open files do not travel to worker processes."""
        return {"_folder": self._folder, "_open": {}}


def shard_path(folder: Path, shard: int) -> Path:
    """Returns where a shard is."""
    return folder / f"moments-{shard:05d}.safetensors"


def cache_moments(
    vae: Any, figures: FigureSet, folder: Path, accelerator: Accelerator, console: RunConsole
) -> Moments:
    """Computes the missing shards of the cache, divided among the processes.

    Args:
        vae: An ``AutoencoderKL`` on the accelerator's device.
        figures: All figures of the training set.
        folder: Of the cache.
        accelerator: Its processes each compute a share and wait for the others.
        console: For progress.

    Returns:
        The moments of the figures, by their index.
    """
    shards = range(-(-len(figures) // PER_SHARD))
    missing = [shard for shard in shards if not shard_path(folder, shard).is_file()]
    own = missing[accelerator.process_index :: accelerator.num_processes]
    with console.counter("latents", 0, len(own) * PER_SHARD) as advance:
        for shard in own:
            first = shard * PER_SHARD
            indices = range(first, min(first + PER_SHARD, len(figures)))
            moments = []
            for start in range(indices.start, indices.stop, PER_PASS):
                some = range(start, min(start + PER_PASS, indices.stop))
                pixels = torch.stack([figures.padded(index) for index in some])
                moments.append(moments_of(vae, pixels.to(accelerator.device)))
                advance(len(some))
            with atomic_path(shard_path(folder, shard)) as temporary:
                save_file({"moments": torch.cat(moments).half().cpu().contiguous()}, temporary)
    accelerator.wait_for_everyone()
    return Moments(folder)


@torch.no_grad()
def moments_of(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Returns mean and log-variance side by side, (n, 2 x channels, side, side)."""
    parameters: torch.Tensor = vae.encode(pixels).latent_dist.parameters
    return parameters.float()


def draw(moments: torch.Tensor, noise: torch.Tensor, scale: float) -> torch.Tensor:
    """Returns scaled samples of the posterior.

    Args:
        moments: Mean and log-variance, (n, 2 x channels, side, side).
        noise: Standard normal, (n, channels, side, side).
        scale: Factor of the latents, ``scaling_factor`` of the autoencoder.

    Returns:
        Latents, (n, channels, side, side).
    """
    mean, logvar = moments.chunk(2, dim=1)
    return (mean + (0.5 * logvar.clamp(-30, 20)).exp() * noise) * scale
