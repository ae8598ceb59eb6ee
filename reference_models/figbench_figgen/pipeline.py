"""FigGen as a diffusers pipeline: captions in, figures out."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from figbench.errors import UserError
from figbench_figgen.tokens import tokenize

_LOG = logging.getLogger(__name__)


class FigGenPipeline(DiffusionPipeline):
    """Latent diffusion with a text encoder trained from scratch.

    Args:
        vae: ``AutoencoderKL``.
        text_encoder: ``SiglipTextModel`` without pooling.
        tokenizer: ``BertTokenizer``.
        unet: ``UNet2DConditionModel``.
        scheduler: Any diffusers scheduler; DDIM as released.
        padding_mask: Whether attention skips padding tokens (the official code does not).
    """

    model_cpu_offload_seq = "text_encoder->unet->vae"

    def __init__(
        self,
        vae: Any,
        text_encoder: Any,
        tokenizer: Any,
        unet: Any,
        scheduler: Any,
        padding_mask: bool = False,
    ) -> None:
        super().__init__()
        self.register_modules(
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            unet=unet,
            scheduler=scheduler,
        )
        self.register_to_config(padding_mask=padding_mask)
        self._unconditional: tuple[Any, tuple[torch.Tensor, torch.Tensor | None]] | None = None

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str],
        guidance_scale: float = 5.0,
        num_inference_steps: int = 200,
        eta: float = 0.0,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        num_images_per_prompt: int = 1,
        output_type: str = "pil",
        negative_prompt: str = "",
        latents: torch.Tensor | None = None,
        decode_chunk: int = 8,
        return_dict: bool = True,
    ) -> Any:
        """Draws figures.

        Args:
            prompt: One caption or several.
            guidance_scale: w of classifier-free guidance; 1 runs the conditional pass alone.
            num_inference_steps: Denoising steps, 1 to the number of training steps.
            eta: 0 is DDIM, 1 is DDPM-like; used by schedulers that have it.
            generator: One, or one per figure (then a figure does not depend on its batch).
            num_images_per_prompt: Figures per caption, consecutive in the output.
            output_type: ``pil``, ``np`` (n, h, w, 3 float 0..1), ``uint8``, ``pt`` or ``latent``.
            negative_prompt: What the unconditional branch reads.
            latents: Starting noise (n, channels, side, side) instead of ``generator``.
            decode_chunk: Figures decoded at once.
            return_dict: Return an ``ImagePipelineOutput`` instead of a tuple.

        Raises:
            UserError: If a number is out of range.
        """
        captions = [prompt] if isinstance(prompt, str) else list(prompt)
        self._check(captions, num_inference_steps, num_images_per_prompt, output_type)
        captions = [one for one in captions for _ in range(num_images_per_prompt)]
        guided = guidance_scale != 1.0
        embedding, mask = self._encode_all(captions, negative_prompt if guided else None)
        latents = self._start(len(captions), generator, latents)
        latents = self._denoise(
            latents, embedding, mask, guidance_scale, num_inference_steps, eta, generator
        )
        images = latents if output_type == "latent" else self.decode(latents, decode_chunk)
        images = _as_type(images, output_type)
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def encode(self, captions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns text embeddings (n, length, width) and the mask, if the model uses one."""
        max_len = self.text_encoder.config.max_position_embeddings
        tokens = tokenize(self.tokenizer, captions, max_len)
        if tokens.truncated:
            _LOG.warning(
                "%d of %d captions are longer than %d tokens and were cut.",
                len(tokens.truncated), len(captions), max_len,
            )  # fmt: skip
        device = self._execution_device
        mask = tokens.mask.to(device) if self.config.padding_mask else None
        return self.text_encoder(tokens.ids.to(device), attention_mask=mask)[0], mask

    def decode(self, latents: torch.Tensor, chunk: int = 8) -> torch.Tensor:
        """Returns images (n, 3, h, w) in [0, 1] on the CPU, ``chunk`` at a time."""
        latents = latents / self.vae.config.scaling_factor
        decoded = [
            self.vae.decode(part.to(self.vae.dtype)).sample.float().cpu()
            for part in latents.split(max(1, chunk))
        ]
        return (torch.cat(decoded) / 2 + 0.5).clamp(0, 1)

    def _check(self, captions: list[str], steps: int, per_prompt: int, output_type: str) -> None:
        most = self.scheduler.config.num_train_timesteps
        if not captions:
            raise UserError("No prompt given.")
        if not 1 <= steps <= most:
            raise UserError(f"num_inference_steps is {steps}; possible: 1 to {most}.")
        if per_prompt < 1:
            raise UserError(f"num_images_per_prompt is {per_prompt}; at least 1.")
        if output_type not in ("pil", "np", "uint8", "pt", "latent"):
            raise UserError(
                f"Unknown output_type '{output_type}'.", remedy="Known: pil, np, uint8, pt, latent."
            )

    def _encode_all(
        self, captions: list[str], negative: str | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns embeddings, unconditional rows first; each distinct caption is encoded once."""
        distinct = list(dict.fromkeys(captions))
        rows = [distinct.index(one) for one in captions]
        embedding, mask = self.encode(distinct)
        embedding, mask = embedding[rows], None if mask is None else mask[rows]
        if negative is None:
            return embedding, mask
        empty, empty_mask = self._encode_unconditional(negative)
        embedding = torch.cat([empty.expand_as(embedding), embedding])
        if mask is not None and empty_mask is not None:
            mask = torch.cat([empty_mask.expand_as(mask), mask])
        return embedding, mask

    def _encode_unconditional(self, negative: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        weight = next(self.text_encoder.parameters())
        # The version counter moves when training changes the weights in place.
        key = (negative, weight.device, weight.dtype, weight.data_ptr(), weight._version)
        if self._unconditional is None or self._unconditional[0] != key:
            self._unconditional = (key, self.encode([negative]))
        return self._unconditional[1]

    def _start(self, n: int, generator: Any, latents: torch.Tensor | None) -> torch.Tensor:
        side = self.unet.config.sample_size
        shape = (n, self.unet.config.in_channels, side, side)
        if latents is None:
            one = generator if generator is None or not isinstance(generator, Sequence) else None
            many = None if one is not None or generator is None else list(generator)
            if many is not None and len(many) != n:
                raise UserError(f"{len(many)} generators for {n} figures.")
            latents = randn_tensor(shape, generator=many or one, dtype=torch.float32)
        elif tuple(latents.shape) != shape:
            raise UserError(f"latents have shape {tuple(latents.shape)}; expected {shape}.")
        return latents.to(self._execution_device, torch.float32)

    def _denoise(
        self,
        latents: torch.Tensor,
        embedding: torch.Tensor,
        mask: torch.Tensor | None,
        guidance: float,
        steps: int,
        eta: float,
        generator: Any,
    ) -> torch.Tensor:
        """Runs the scheduler; latents stay float32 whatever the networks' precision."""
        self.scheduler.set_timesteps(steps, device=latents.device)
        latents = latents * self.scheduler.init_noise_sigma
        accepted = {"eta": eta, "generator": generator}
        extra = self._accepted_by_step(accepted)
        repeats = embedding.shape[0] // latents.shape[0]
        for t in self.progress_bar(self.scheduler.timesteps):
            given = torch.cat([latents] * repeats)
            given = self.scheduler.scale_model_input(given, t).to(self.unet.dtype)
            noise = self.unet(
                given, t, encoder_hidden_states=embedding, encoder_attention_mask=mask
            ).sample.float()
            if repeats == 2:
                without, with_caption = noise.chunk(2)
                noise = without + guidance * (with_caption - without)
            latents = self.scheduler.step(noise, t, latents, **extra).prev_sample
        return latents

    def _accepted_by_step(self, arguments: dict[str, Any]) -> dict[str, Any]:
        known = inspect.signature(self.scheduler.step).parameters
        return {name: value for name, value in arguments.items() if name in known}


def to_uint8(images: torch.Tensor) -> npt.NDArray[np.uint8]:
    """Returns (n, h, w, 3) uint8, rounded, from (n, 3, h, w) in [0, 1]."""
    array: npt.NDArray[np.uint8] = (
        (images * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    )
    return array


def _as_type(images: torch.Tensor, output_type: str) -> Any:
    if output_type in ("pt", "latent"):
        return images
    if output_type == "np":
        return images.permute(0, 2, 3, 1).numpy()
    pixels = to_uint8(images)
    return pixels if output_type == "uint8" else [Image.fromarray(one) for one in pixels]
