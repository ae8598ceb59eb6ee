"""FigGen as a diffusers pipeline: captions in, figures out."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from figbench.errors import UserError
from figbench_figgen.shipped import resolve, verify_card
from figbench_figgen.tokens import tokenize

_LOG = logging.getLogger(__name__)

Callback = Callable[[Any, int, int, dict[str, torch.Tensor]], dict[str, torch.Tensor] | None]
"""As ``callback_on_step_end`` of diffusers' own pipelines."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """Classifier-free guidance: its scale, rescaling, and the part of the steps it acts in."""

    scale: float
    rescale: float
    interval: tuple[float, float]


def dtype_argument() -> str:
    """Returns diffusers' name of the argument for the weights' type, which changed in 0.36."""
    return "dtype" if _names_dtype() else "torch_dtype"


def _names_dtype() -> bool:
    from importlib.metadata import version as installed

    from packaging.version import Version

    return Version(installed("diffusers")) >= Version("0.42")


class FigGenPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Latent diffusion with a text encoder trained from scratch.

    Args:
        vae: ``AutoencoderKL``.
        text_encoder: ``SiglipTextModel`` without pooling.
        tokenizer: ``BertTokenizer``.
        unet: ``UNet2DConditionModel``.
        scheduler: Any diffusers scheduler; DDIM as released.
        padding_mask: Whether attention skips padding tokens (the official code does not).
    """

    _callback_tensor_inputs = ("latents", "prompt_embeds")
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

    @classmethod
    def from_pretrained(cls, name_or_folder: Any, **options: Any) -> FigGenPipeline:
        """Returns the pipeline of a folder, of the Hub, or one that is shipped (figgen-nano).

        Args:
            name_or_folder: A folder, a Hub name, or the name of a shipped pipeline.
            options: As for diffusers; weights are loaded as float32 unless a type is given.
        """
        folder = resolve(name_or_folder)
        if folder.is_dir():
            verify_card(folder)
            name_or_folder = folder
            if not {"dtype", "torch_dtype"} & options.keys():
                options[dtype_argument()] = torch.float32
        pipeline: FigGenPipeline = super().from_pretrained(name_or_folder, **options)
        return pipeline

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
        negative_prompt: str | Sequence[str] = "",
        latents: torch.Tensor | None = None,
        decode_chunk: int = 8,
        return_dict: bool = True,
        guidance_rescale: float = 0.0,
        guidance_interval: tuple[float, float] = (0.0, 1.0),
        callback_on_step_end: Callback | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
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
            negative_prompt: Text of the unconditional branch; one for all, or one per prompt.
            latents: Starting noise (n, channels, side, side) instead of ``generator``.
            decode_chunk: Figures decoded at once.
            return_dict: Return an ``ImagePipelineOutput`` instead of a tuple.
            guidance_rescale: 0 to 1: how far the guided prediction gets the standard deviation
                of the conditional one back (Lin et al. 2024, equations 15 and 16).
            guidance_interval: Part of the sampling steps, from 0 (noise) to 1 (figure), in which
                guidance acts (Kynkaanniemi et al. 2024); elsewhere the scale is 1.
            callback_on_step_end: Called as ``callback(pipeline, step, timestep, tensors)`` after
                each step; the tensors of the dictionary that it returns are used from then on.
            callback_on_step_end_tensor_inputs: ``latents`` and ``prompt_embeds``.

        Raises:
            UserError: If a number is out of range.
        """
        captions = [prompt] if isinstance(prompt, str) else list(prompt)
        self._check(captions, num_inference_steps, num_images_per_prompt, output_type)
        negatives = self._negatives(negative_prompt, len(captions))
        self._check_guidance(guidance_rescale, guidance_interval)
        self._check_callback(callback_on_step_end_tensor_inputs)
        captions = [caption for caption in captions for _ in range(num_images_per_prompt)]
        negatives = [negative for negative in negatives for _ in range(num_images_per_prompt)]
        guided = guidance_scale != 1.0
        embedding, mask = self._encode_all(captions, negatives if guided else None)
        latents = self._start(len(captions), generator, latents)
        latents = self._denoise(
            latents,
            embedding,
            mask,
            Guidance(guidance_scale, guidance_rescale, guidance_interval),
            num_inference_steps,
            {"eta": eta, "generator": generator},
            callback_on_step_end,
            callback_on_step_end_tensor_inputs,
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
            self.vae.decode(chunk_latents.to(self.vae.dtype)).sample.float().cpu()
            for chunk_latents in latents.split(max(1, chunk))  # type: ignore[no-untyped-call]
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

    def _negatives(self, negative: str | Sequence[str], count: int) -> list[str]:
        if isinstance(negative, str):
            return [negative] * count
        if len(negative) != count:
            raise UserError(
                f"{len(negative)} negative prompts for {count} prompts.",
                remedy="Give one for all, or one per prompt.",
            )
        return list(negative)

    @staticmethod
    def _check_guidance(rescale: float, interval: tuple[float, float]) -> None:
        if not 0 <= rescale <= 1:
            raise UserError(f"guidance_rescale is {rescale}; possible: 0 to 1.")
        if not 0 <= interval[0] <= interval[1] <= 1:
            raise UserError(f"guidance_interval is {interval}; expected 0 <= start <= end <= 1.")

    def _check_callback(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self._callback_tensor_inputs]
        if unknown:
            raise UserError(
                f"callback_on_step_end_tensor_inputs: unknown {', '.join(unknown)}.",
                remedy=f"Known: {', '.join(self._callback_tensor_inputs)}.",
            )

    def _encode_all(
        self, captions: list[str], negatives: list[str] | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns embeddings, unconditional rows first; each distinct caption is encoded once."""
        embedding, mask = self._encode_distinct(captions)
        if negatives is None:
            return embedding, mask
        if len(set(negatives)) == 1:
            empty, empty_mask = self._encode_unconditional(negatives[0])
            empty = empty.expand_as(embedding)
            empty_mask = None if mask is None or empty_mask is None else empty_mask.expand_as(mask)
        else:
            empty, empty_mask = self._encode_distinct(negatives)
        embedding = torch.cat([empty, embedding])
        if mask is not None and empty_mask is not None:
            mask = torch.cat([empty_mask, mask])
        return embedding, mask

    def _encode_distinct(self, captions: list[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        distinct = list(dict.fromkeys(captions))
        positions = {caption: i for i, caption in enumerate(distinct)}
        order = [positions[caption] for caption in captions]
        embedding, mask = self.encode(distinct)
        return embedding[order], None if mask is None else mask[order]

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
            single = generator if generator is None or not isinstance(generator, Sequence) else None
            many = None if single is not None or generator is None else list(generator)
            if many is not None and len(many) != n:
                raise UserError(f"{len(many)} generators for {n} figures.")
            latents = randn_tensor(shape, generator=many or single, dtype=torch.float32)
        elif tuple(latents.shape) != shape:
            raise UserError(f"latents have shape {tuple(latents.shape)}; expected {shape}.")
        return latents.to(self._execution_device, torch.float32)

    def _denoise(
        self,
        latents: torch.Tensor,
        embedding: torch.Tensor,
        mask: torch.Tensor | None,
        guidance: Guidance,
        steps: int,
        step_arguments: dict[str, Any],
        callback: Callback | None,
        callback_inputs: Sequence[str],
    ) -> torch.Tensor:
        """Runs the scheduler; latents stay float32 whatever the networks' precision."""
        self.scheduler.set_timesteps(steps, device=latents.device)
        latents = latents * self.scheduler.init_noise_sigma
        extra = self._accepted_by_step(step_arguments)
        timesteps = self.scheduler.timesteps
        for number, t in enumerate(self.progress_bar(timesteps)):
            prediction = self._predict(
                latents, t, embedding, mask, guidance, number / len(timesteps)
            )
            latents = self.scheduler.step(prediction, t, latents, **extra).prev_sample
            if callback is None:
                continue
            values = {"latents": latents, "prompt_embeds": embedding}
            given = {name: values[name] for name in callback_inputs}
            changed = callback(self, number, int(t), given) or {}
            latents = changed.get("latents", latents)
            embedding = changed.get("prompt_embeds", embedding)
        return latents

    def _predict(
        self,
        latents: torch.Tensor,
        t: torch.Tensor,
        embedding: torch.Tensor,
        mask: torch.Tensor | None,
        guidance: Guidance,
        done: float,
    ) -> torch.Tensor:
        """Returns the guided prediction: both branches in one pass of the U-Net."""
        count = latents.shape[0]
        guided = embedding.shape[0] == 2 * count
        acts = guided and guidance.interval[0] <= done <= guidance.interval[1]
        if guided and not acts:
            embedding, mask = embedding[count:], None if mask is None else mask[count:]
        given = torch.cat([latents, latents]) if acts else latents
        given = self.scheduler.scale_model_input(given, t).to(self.unet.dtype)
        prediction: torch.Tensor = self.unet(
            given, t, encoder_hidden_states=embedding, encoder_attention_mask=mask
        ).sample.float()
        if not acts:
            return prediction
        without, with_caption = prediction.chunk(2)
        mixed = without + guidance.scale * (with_caption - without)
        if not guidance.rescale:
            return mixed
        axes = tuple(range(1, mixed.ndim))
        restored = mixed * (with_caption.std(axes, keepdim=True) / mixed.std(axes, keepdim=True))
        return guidance.rescale * restored + (1 - guidance.rescale) * mixed

    def _accepted_by_step(self, arguments: dict[str, Any]) -> dict[str, Any]:
        accepted = inspect.signature(self.scheduler.step).parameters
        return {name: value for name, value in arguments.items() if name in accepted}


def to_uint8(images: torch.Tensor) -> npt.NDArray[np.uint8]:
    """Returns images as 8-bit values, rounded.

    Args:
        images: Shape (n, 3, h, w), 0 to 1, on the CPU.

    Returns:
        uint8, shape (n, h, w, 3).
    """
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
    return pixels if output_type == "uint8" else [Image.fromarray(image) for image in pixels]


# DiffusionPipeline.from_pretrained looks for the class of a folder among those of diffusers.
diffusers.FigGenPipeline = FigGenPipeline
