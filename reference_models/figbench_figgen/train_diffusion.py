"""Stage 2: text encoder and U-Net, end to end, on the frozen autoencoder's latents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from diffusers.models.attention_processor import AttnProcessor
from diffusers.training_utils import EMAModel
from torch import nn
from torch.utils.data import Dataset

from figbench.errors import UserError
from figbench_figgen.artefact import PIPELINE, save_pipeline
from figbench_figgen.build import build_figgen_unet, build_scheduler, build_text, seeded
from figbench_figgen.config import FigGenConfig, digest
from figbench_figgen.curriculum import Curriculum
from figbench_figgen.figures import FigureSet, without_number
from figbench_figgen.initial import Start
from figbench_figgen.latents import Moments, cache_moments, draw, moments_of
from figbench_figgen.loop import check_finite
from figbench_figgen.pictures import save_grid
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.rng import Order, fold, generator, numpy_generator
from figbench_figgen.run_console import RunConsole
from figbench_figgen.tokens import Tokens, make_tokenizer, tokenize
from figbench_figgen.training_stage import Batch, TrainingStage

GRID = 16


class Denoiser(nn.Module):
    """Text encoder and U-Net in one forward pass, so that they are trained as one."""

    def __init__(self, text_encoder: Any, unet: Any, padding_mask: bool) -> None:
        super().__init__()
        self.text_encoder, self.unet = text_encoder, unet
        self._padding_mask = padding_mask

    def forward(
        self, noisy: torch.Tensor, t: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Returns the prediction of the U-Net.

        Args:
            noisy: Latents with noise, (n, channels, side, side).
            t: Training steps of the noise, (n,).
            ids: Token ids of the captions, (n, max_len).
            mask: False on padding, (n, max_len).

        Returns:
            Noise or velocity, (n, channels, side, side).
        """
        if self._padding_mask:
            # Padding has no effect but takes time; the mask keeps the first tokens in place.
            longest = int(mask.sum(dim=1).max())
            ids, mask = ids[:, :longest], mask[:, :longest]
        used = mask if self._padding_mask else None
        embedding = self.text_encoder(ids, attention_mask=used)[0]
        predicted: torch.Tensor = self.unet(
            noisy, t, encoder_hidden_states=embedding, encoder_attention_mask=used
        ).sample
        return predicted


class Examples(Dataset[Batch]):
    """Figures by training position with all that is random about them."""

    def __init__(
        self, figures: FigureSet, tokens: Tokens, config: FigGenConfig, moments: Moments | None
    ) -> None:
        self._figures, self._tokens, self._moments = figures, tokens, moments
        self._config = config
        self._order = Order(len(figures), fold(config.run.seed, PIPELINE))
        self._shape = (config.vae.latent_channels, config.latent_size, config.latent_size)
        self._curriculum = Curriculum(
            tokens.mask[: len(figures)], config.diffusion.curriculum_steps,
            config.diffusion.global_batch, config.run.seed,
        )  # fmt: skip
        if config.diffusion.text_weight and not figures.has_text_boxes:
            raise UserError(
                f"diffusion.text_weight: {figures.manifest.source} does not say where text is.",
                remedy="Use data with text boxes (Paper2Fig's ocr_result), or "
                "--set diffusion.text_weight=0",
            )

    def __getitem__(self, position: int) -> Batch:
        """Returns moments or pixels, noises, time step, token ids and mask.

        After the captions of the figures comes the empty caption, which dropped captions get.
        """
        seed = self._config.run.seed
        index = self._curriculum.index(position, self._order[position])
        rng = numpy_generator(seed, "example", position)
        dropped = rng.random() < self._config.diffusion.caption_dropout
        caption = self._caption_index(index, dropped, position)
        noise_generator = generator(seed, "noise", position)
        example = {
            "t": draw_timestep(rng, self._config),
            "posterior_noise": torch.randn(self._shape, generator=noise_generator),
            "noise": torch.randn(self._shape, generator=noise_generator),
            "ids": self._tokens.ids[caption],
            "mask": self._tokens.mask[caption],
            "figure_id": self._figures.figures[index].figure_id,
        }
        if self._config.diffusion.text_weight:
            example["text_cover"] = self._figures.text_cover(index, self._shape[-1])
        if self._moments is None:
            return {**example, "pixels": self._figures.padded(index)}
        return {**example, "moments": self._moments[index]}

    def _caption_index(self, index: int, dropped: bool, position: int) -> int:
        """Returns an index into the captions, the empty caption, and two variants of each."""
        count = len(self._figures)
        if dropped:
            return count
        share = self._config.diffusion.caption_variants
        if not share:
            return index
        rng = numpy_generator(self._config.run.seed, "variant", position)
        if rng.random() >= share:
            return index
        return count + 1 + 2 * index + int(rng.integers(2))


def draw_timestep(rng: np.random.Generator, config: FigGenConfig) -> int:
    """Returns a training step, 0 to timesteps - 1: timesteps * u^(1 / timestep_power)."""
    steps, power = config.noise.timesteps, config.diffusion.timestep_power
    if power == 1.0:
        return int(rng.integers(steps))
    return min(steps - 1, int(steps * rng.random() ** (1 / power)))


def text_weights(cover: torch.Tensor, extra: float) -> torch.Tensor:
    """Returns the weight of the loss at each latent position; its mean in a figure is 1.

    Args:
        cover: Share of the position that text boxes cover, (n, side, side), 0 to 1.
        extra: At least 0; before the mean is taken out, a covered position weighs 1 + ``extra``.
    """
    weights = 1 + extra * cover
    return weights / weights.mean(dim=(1, 2), keepdim=True)


class DiffusionStage(TrainingStage):
    """Trains text encoder and U-Net to predict the noise, and averages their weights."""

    name = "diffusion"

    def __init__(
        self,
        config: FigGenConfig,
        figures: FigureSet,
        vae: Any,
        accelerator: Accelerator,
        out: Path,
        source: str,
        console: RunConsole,
        tokenizer: Any = None,
    ) -> None:
        super().__init__(config, figures, accelerator, out)
        self._source = source
        self._vae = vae.to(accelerator.device).eval().requires_grad_(False)
        # Trained weights belong to the vocabulary that they were trained with.
        self._tokenizer, where = (
            (tokenizer, "of the starting weights")
            if tokenizer is not None
            else make_tokenizer(config.text, figures.captions)
        )
        console.log(f"Vocabulary: {len(self._tokenizer)} pieces, {where}")
        self.dataset = self._examples(console)
        weights = fold(config.run.seed, "weights", PIPELINE)
        text_encoder, unet = seeded(
            weights, lambda: (build_text(config.text), build_figgen_unet(config))
        )
        if accelerator.device.type == "cpu":
            # The backward pass of fused attention takes a third of a step on a CPU.
            unet.set_attn_processor(AttnProcessor())
        if self._section.gradient_checkpointing:
            unet.enable_gradient_checkpointing()
        denoiser = Denoiser(text_encoder, unet, config.text.padding_mask).train()
        self._network, self._optimizer = accelerator.prepare(denoiser, self._adam(denoiser))
        self._bare: Any = accelerator.unwrap_model(self._network)
        self._ema = EMAModel(self._averaged(), decay=self._section.ema_decay, foreach=True)
        self._ema.to(accelerator.device)
        self._scheduler = build_scheduler(config.noise)

    def _adam(self, denoiser: nn.Module) -> torch.optim.Optimizer:
        parameters = [parameter for parameter in denoiser.parameters() if parameter.requires_grad]
        if self._section.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=self._section.lr, fused=True)
        decay = self._section.weight_decay
        return torch.optim.AdamW(parameters, lr=self._section.lr, weight_decay=decay, fused=True)

    def _examples(self, console: RunConsole) -> Examples:
        captions = [*self._figures.captions, ""]
        if self._section.caption_variants:
            captions += _variants(self._figures.captions, self._config.run.seed)
        tokens = tokenize(self._tokenizer, captions, self._config.text.max_len)
        if tokens.truncated:
            console.log(
                f"{len(tokens.truncated)} of {len(self._figures)} captions are longer than "
                f"{self._config.text.max_len} tokens and are cut."
            )
        if not self._section.cache_latents:
            return Examples(self._figures, tokens, self._config, None)
        data = self._config.data.model_dump(mode="json", exclude={"keep_pixels"})
        key = digest({"vae": _digest(self._vae), "figures": self._figures.digest, "data": data})
        folder = self._out / "latents" / key[:16]
        moments = cache_moments(self._vae, self._figures, folder, self._accelerator, console)
        return Examples(self._figures, tokens, self._config, moments)

    def _averaged(self) -> list[nn.Parameter]:
        network = self._bare if self._section.ema_text else self._bare.unet
        return [parameter for parameter in network.parameters() if parameter.requires_grad]

    def step(self, micro_batches: Sequence[Batch], step: int, lr: float) -> dict[str, float]:
        """Does an optimiser step and a step of the averaged weights.

        See :meth:`TrainingStage.step`.
        """
        total = 0.0
        for index, batch in enumerate(micro_batches):
            with self._gathering(self._network, index, len(micro_batches)):
                loss = self._loss(batch, step)
                self._accelerator.backward(loss / len(micro_batches))
            total += float(loss.detach()) / len(micro_batches)
        self._apply(self._optimizer, self._network, lr)
        self._ema.step(self._averaged())
        return {"loss": total}

    def _loss(self, batch: Batch, step: int) -> torch.Tensor:
        moments = batch["moments"] if "moments" in batch else self._moments_of(batch["pixels"])
        scale = self._vae.config.scaling_factor
        latents = draw(moments, batch["posterior_noise"], scale)
        noisy = self._scheduler.add_noise(latents, batch["noise"], batch["t"])
        with self._accelerator.autocast():
            predicted = self._network(noisy, batch["t"], batch["ids"], batch["mask"])
        target = batch["noise"]
        if self._config.noise.prediction == "v_prediction":
            target = self._scheduler.get_velocity(latents, target, batch["t"])
        squares = (predicted.float() - target).square()
        if "text_cover" in batch:
            weights = text_weights(batch["text_cover"], self._section.text_weight)
            squares = squares * weights[:, None]
        losses = squares.mean(dim=(1, 2, 3))
        check_finite(losses, batch["figure_id"], step)
        mean: torch.Tensor = losses.mean()
        return mean

    def _moments_of(self, pixels: torch.Tensor) -> torch.Tensor:
        with self._accelerator.autocast():
            return moments_of(self._vae, pixels)

    def begin_with(self, source: Start) -> None:
        """Takes a trained text encoder and U-Net; the average starts from them too."""
        self._bare.text_encoder.load_state_dict(source.text_encoder.state_dict())
        self._bare.unet.load_state_dict(source.unet.state_dict())
        self._ema = EMAModel(self._averaged(), decay=self._section.ema_decay, foreach=True)
        self._ema.to(self._accelerator.device)

    def state(self) -> dict[str, Any]:
        """Returns weights, optimiser and average."""
        state = {
            "denoiser": self._bare.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "ema": self._ema.state_dict(),
        }
        return {**state, **self._scaler_state()}

    def load(self, state: dict[str, Any]) -> None:
        """Takes what :meth:`state` returned."""
        self._bare.load_state_dict(state["denoiser"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._ema.load_state_dict(state["ema"])
        self._ema.to(self._accelerator.device)
        self._load_scaler(state)

    @contextmanager
    def pipeline(self) -> Iterator[FigGenPipeline]:
        """Yields a pipeline of the averaged weights; training goes on with its own after."""
        parameters = self._averaged()
        self._ema.store(parameters)
        self._ema.copy_to(parameters)
        self._bare.eval()
        made = FigGenPipeline(
            self._vae,
            self._bare.text_encoder,
            self._tokenizer,
            self._bare.unet,
            build_scheduler(self._config.noise),
            padding_mask=self._config.text.padding_mask,
        )
        made.set_progress_bar_config(disable=True)
        try:
            yield made
        finally:
            self._bare.train()
            self._ema.restore(parameters)

    def show(self, step: int) -> None:
        """Writes a grid of fixed captions and fixed noise: only the weights change."""
        captions = list(dict.fromkeys(self._figures.captions))[:GRID]
        seeds = [generator(self._config.run.seed, "grid", i) for i in range(len(captions))]
        sample = self._config.sample
        steps = min(50, sample.steps)
        with self.pipeline() as draw_figures:
            images = draw_figures(
                captions, sample.guidance_scale, steps, generator=seeds, output_type="uint8"
            ).images
        save_grid(self._out / "grids" / f"diffusion-{step:08d}.png", list(images), 4)

    def score(self, step: int) -> dict[str, float]:
        """Returns the offline protocol's values on some captions of the test split."""
        from figbench_figgen.scoring import score_pipeline

        with self.pipeline() as made:
            folder = self._out / "evaluations" / f"step-{step:08d}"
            return score_pipeline(made, self._config, self._source, folder)

    def finish(self) -> Path:
        """Writes the averaged pipeline."""
        target = self._out / PIPELINE
        if self._accelerator.is_main_process:
            with self.pipeline() as made:
                metadata = {"steps": self._section.steps, "data": self._figures.digest}
                save_pipeline(target, made, self._config, **metadata)
        self._accelerator.wait_for_everyone()
        return target


def _variants(captions: Sequence[str], seed: int) -> list[str]:
    """Returns two variants of each caption: without its figure number, and cut short too."""
    made = []
    for i, caption in enumerate(captions):
        bare = without_number(caption)
        words = bare.split()
        most = min(5, len(words) - 1)
        left = int(numpy_generator(seed, "cut", i).integers(0, most + 1)) if most > 0 else 0
        short = " ".join(words[: len(words) - left]).rstrip(".,;:")
        made += [bare, short]
    return made


def _digest(network: nn.Module) -> str:
    """Returns the SHA-256 of a network's weights."""
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
