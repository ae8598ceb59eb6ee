"""Stage 1: the KL autoencoder, with perceptual and adversarial terms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import Dataset

from figbench_figgen.artefact import AUTOENCODER, save_autoencoder
from figbench_figgen.build import build_vae, seeded
from figbench_figgen.config import FigGenConfig
from figbench_figgen.figures import FigureSet
from figbench_figgen.initial import Start
from figbench_figgen.latent_scale import common_scale, measure_channels, normalise_channels
from figbench_figgen.loop import check_finite
from figbench_figgen.losses import (
    ReconstructionLoss,
    adaptive_weight,
    discriminator,
    hinge,
)
from figbench_figgen.pictures import save_grid
from figbench_figgen.pipeline import to_uint8
from figbench_figgen.rng import Order, fold, generator, numpy_generator
from figbench_figgen.training_stage import Batch, TrainingStage


class Reconstructor(nn.Module):
    """The autoencoder with its noise given, in one forward pass."""

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, pixels: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Returns reconstructions (n, 3, h, w) and the KL of each posterior, (n,)."""
        posterior = self.vae.encode(pixels).latent_dist
        latents = posterior.mean + posterior.std * noise
        return self.vae.decode(latents).sample, posterior.kl()


class Crops(Dataset[Batch]):
    """Figures by training position, each with the noise of its position."""

    def __init__(self, figures: FigureSet, config: FigGenConfig) -> None:
        self._figures, self._config = figures, config
        self._order = Order(len(figures), fold(config.run.seed, AUTOENCODER))
        side = (config.autoencoder.crop or config.image_size) // config.vae.factor
        self._shape = (config.vae.latent_channels, side, side)

    def __getitem__(self, position: int) -> Batch:
        """Returns pixels, posterior noise and the figure's id."""
        stage, seed = self._config.autoencoder, self._config.run.seed
        index = self._order[position]
        if stage.crop is None:
            pixels = self._figures.padded(index)
        else:
            rng = numpy_generator(seed, "crop", position)
            pixels = self._figures.cropped(index, stage, rng)
        noise = torch.randn(self._shape, generator=generator(seed, "posterior", position))
        return {
            "pixels": pixels,
            "noise": noise,
            "figure_id": self._figures.figures[index].figure_id,
        }


class AutoencoderStage(TrainingStage):
    """Trains the autoencoder; the discriminator joins at step ``disc_start``."""

    name = "autoencoder"

    def __init__(
        self, config: FigGenConfig, figures: FigureSet, accelerator: Accelerator, out: Path
    ) -> None:
        super().__init__(config, figures, accelerator, out)
        self.dataset = Crops(figures, config)
        weights = fold(config.run.seed, "weights", AUTOENCODER)
        self.vae = seeded(weights, lambda: build_vae(config))
        if self._section.gradient_checkpointing:
            self.vae.enable_gradient_checkpointing()
        self._loss = ReconstructionLoss(self._section, accelerator.device)
        adam = {"lr": self._section.lr, "betas": self._section.betas}
        network = Reconstructor(self.vae).train()
        optimizer = torch.optim.Adam(network.parameters(), **adam)
        self._network, self._optimizer = accelerator.prepare(network, optimizer)
        self._adversary: Any = None
        self._adversary_optimizer: Any = None
        if self._section.disc_start < self._section.steps:
            layers, channels = self._section.disc_layers, self._section.disc_channels
            weights = fold(config.run.seed, "weights", "discriminator")
            critic = seeded(weights, lambda: discriminator(layers, channels))
            other = torch.optim.Adam(critic.parameters(), **adam)
            self._adversary, self._adversary_optimizer = accelerator.prepare(critic, other)

    def step(self, micro_batches: Sequence[Batch], step: int, lr: float) -> dict[str, float]:
        """Does a step of the autoencoder and, from ``disc_start`` on, of the discriminator.

        See :meth:`TrainingStage.step`.
        """
        adversarial = self._adversary is not None and step >= self._section.disc_start
        totals: dict[str, float] = {}
        made = []
        for index, batch in enumerate(micro_batches):
            with self._gathering(self._network, index, len(micro_batches)):
                loss, terms, images = self._forward(batch, step, adversarial)
                self._accelerator.backward(loss / len(micro_batches))
            made.append((batch["pixels"], images.detach()))
            for key, value in terms.items():
                totals[key] = totals.get(key, 0.0) + float(value.detach()) / len(micro_batches)
        self._apply(self._optimizer, self._network, lr)
        if adversarial:
            totals["adversary"] = self._step_adversary(made, lr)
        return totals

    def _forward(self, batch: Batch, step: int, adversarial: bool) -> tuple[Any, Any, Any]:
        with self._accelerator.autocast():
            images, kl = self._network(batch["pixels"], batch["noise"])
        losses, terms = self._loss(images, batch["pixels"], kl.float(), step)
        check_finite(losses, batch["figure_id"], step)
        loss = losses.mean()
        if adversarial:
            with self._accelerator.autocast():
                judged = -self._adversary(images).float().mean()
            weight = adaptive_weight(loss, judged, self.vae.decoder.conv_out.weight)
            terms["generator"] = judged
            loss = loss + self._section.disc_weight * weight * judged
        return loss, {"loss": loss.detach(), **terms}, images

    def _step_adversary(self, made: list[tuple[Any, Any]], lr: float) -> float:
        # The generator's pass left gradients here that are not the critic's own.
        self._adversary_optimizer.zero_grad()
        total = 0.0
        for real, fake in made:
            with self._accelerator.autocast():
                loss = hinge(self._adversary(real).float(), self._adversary(fake).float())
            self._accelerator.backward(loss / len(made))
            total += float(loss.detach()) / len(made)
        self._apply(self._adversary_optimizer, self._adversary, lr)
        return total

    def begin_with(self, source: Start) -> None:
        """Takes a trained autoencoder's weights."""
        self.vae.load_state_dict(source.vae.state_dict())

    def state(self) -> dict[str, Any]:
        """Returns weights and optimisers."""
        state = {"vae": self.vae.state_dict(), "optimizer": self._optimizer.state_dict()}
        state.update(self._scaler_state())
        if self._adversary is not None:
            critic = self._accelerator.unwrap_model(self._adversary)
            state["adversary"] = critic.state_dict()
            state["adversary_optimizer"] = self._adversary_optimizer.state_dict()
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Takes what :meth:`state` returned."""
        self.vae.load_state_dict(state["vae"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._load_scaler(state)
        if self._adversary is not None and "adversary" in state:
            self._accelerator.unwrap_model(self._adversary).load_state_dict(state["adversary"])
            self._adversary_optimizer.load_state_dict(state["adversary_optimizer"])

    @torch.no_grad()
    def show(self, step: int) -> None:
        """Writes eight figures over their reconstructions."""
        count = min(8, len(self._figures))
        pixels = torch.stack([self._figures.padded(i) for i in range(count)])
        made = []
        for square in pixels.split(1):  # type: ignore[no-untyped-call]
            latents = self.vae.encode(square.to(self._accelerator.device)).latent_dist.mean
            made.append(self.vae.decode(latents).sample.float().cpu())
        images = to_uint8((torch.cat([pixels, *made]) / 2 + 0.5).clamp(0, 1))
        save_grid(self._out / "grids" / f"autoencoder-{step:08d}.png", list(images), count)

    def finish(self) -> Path:
        """Measures the latent scale and writes the autoencoder."""
        target = self._out / AUTOENCODER
        if self._accelerator.is_main_process:
            scale, count = self._config.vae.scaling_factor, 0
            if scale == "auto":
                mean, std, count = measure_channels(
                    self.vae, self._figures, self._accelerator.device
                )
                scale = common_scale(mean, std)
                if self._section.unit_channels:
                    normalise_channels(self.vae, mean, std)
                    scale = 1.0
            self.vae.register_to_config(scaling_factor=scale)
            metadata = {"scaling_factor": scale, "latents_measured": count}
            save_autoencoder(target, self.vae, self._config, **metadata)
        self._accelerator.wait_for_everyone()
        return target
