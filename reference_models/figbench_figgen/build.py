"""From a configuration to networks of diffusers and transformers, and their parameter counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import SiglipTextConfig, SiglipTextModel

from figbench_figgen.config import FigGenConfig
from figbench_figgen.config_sections import NoiseConfig, TextConfig, UnetConfig

T = TypeVar("T")


def build_vae(config: FigGenConfig) -> AutoencoderKL:
    """Returns the KL autoencoder; an automatic scaling factor starts at 1."""
    vae, levels = config.vae, len(config.vae.block_out_channels)
    scale = 1.0 if vae.scaling_factor == "auto" else vae.scaling_factor
    return AutoencoderKL(
        sample_size=config.image_size,
        block_out_channels=vae.block_out_channels,
        layers_per_block=vae.layers_per_block,
        latent_channels=vae.latent_channels,
        norm_num_groups=vae.norm_groups,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        scaling_factor=scale,
    )


def build_unet(unet: UnetConfig, *, latent_size: int, channels: int, text: int) -> Any:
    """Returns the noise network.

    Args:
        unet: Its section of the configuration.
        latent_size: Side of the latent square.
        channels: Latent channels.
        text: Width of the text embedding.
    """
    down = tuple("CrossAttnDownBlock2D" if on else "DownBlock2D" for on in unet.attention)
    up = tuple("CrossAttnUpBlock2D" if on else "UpBlock2D" for on in reversed(unet.attention))
    return UNet2DConditionModel(
        sample_size=latent_size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=unet.block_out_channels,
        layers_per_block=unet.layers_per_block,
        down_block_types=down,
        up_block_types=up,
        cross_attention_dim=text,
        # diffusers' name for the number of heads.
        attention_head_dim=unet.heads,
        norm_num_groups=unet.norm_groups,
    )


def build_text(text: TextConfig) -> SiglipTextModel:
    """Returns the text encoder: pre-norm, bidirectional, q/k/v without bias, no pooling.

    ``SiglipTextModel`` has biases on q, k and v and a pooling head that FigGen lacks: the biases
    are zero and frozen, the head is frozen and unused.
    """
    encoder = SiglipTextModel(
        SiglipTextConfig(
            vocab_size=text.vocab_size,
            hidden_size=text.hidden,
            intermediate_size=text.ffn,
            num_hidden_layers=text.layers,
            num_attention_heads=text.heads,
            max_position_embeddings=text.max_len,
            hidden_act="gelu",
            layer_norm_eps=1e-5,
            attention_dropout=0.0,
            projection_size=text.hidden,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=None,
        )
    )
    for name, parameter in encoder.named_parameters():
        if is_unused(name):
            parameter.requires_grad_(False)
            if parameter.device.type != "meta":
                nn.init.zeros_(parameter)
    return encoder


def is_unused(name: str) -> bool:
    """Tells whether a parameter of ``SiglipTextModel`` is no part of FigGen's encoder."""
    qkv_bias = name.endswith(("q_proj.bias", "k_proj.bias", "v_proj.bias"))
    return qkv_bias or name.removeprefix("text_model.").startswith("head.")


def build_scheduler(noise: NoiseConfig) -> DDIMScheduler:
    """Returns DDIM as the official sampler runs it; diffusers' defaults would not (see docs)."""
    return DDIMScheduler(
        num_train_timesteps=noise.timesteps,
        beta_start=noise.beta_start,
        beta_end=noise.beta_end,
        beta_schedule=noise.schedule,
        prediction_type=noise.prediction,
        timestep_spacing="trailing" if noise.zero_terminal_snr else "leading",
        rescale_betas_zero_snr=noise.zero_terminal_snr,
        steps_offset=1,
        # The official sampler ends at the first training step; a rescaled one ends without noise.
        set_alpha_to_one=noise.zero_terminal_snr,
        clip_sample=False,
    )


def build_figgen_unet(config: FigGenConfig) -> Any:
    """Returns the noise network of a variant."""
    return build_unet(
        config.unet,
        latent_size=config.latent_size,
        channels=config.vae.latent_channels,
        text=config.text.hidden,
    )


def seeded(seed: int, build: Callable[[], T]) -> T:
    """Returns what ``build`` makes, with random weights that depend on ``seed`` only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def describe(config: FigGenConfig) -> dict[str, Any]:
    """Returns the parameter counts, part by part, without allocating any weight.

    ``total`` counts what is used; ``total_as_in_paper`` adds the vocabulary head that the
    official text encoder carries and never uses.
    """
    with torch.device("meta"):
        vae, text, unet = build_vae(config), build_text(config.text), build_figgen_unet(config)
    components = {
        "autoencoder": {
            "encoder": _count(vae.encoder),
            "decoder": _count(vae.decoder),
            "quant_conv": _count(vae.quant_conv),
            "post_quant_conv": _count(vae.post_quant_conv),
            "total": _count(vae),
        },
        "text_encoder": _text_counts(config.text, text),
        "unet": {
            "time_embedding": _count(unet.time_embedding),
            "input": _count(unet.conv_in) + _count(unet.down_blocks),
            "middle": _count(unet.mid_block),
            "output": _count(unet.up_blocks),
            "out": _count(unet.conv_norm_out) + _count(unet.conv_out),
            "total": _count(unet),
        },
    }
    total = sum(component["total"] for component in components.values())
    head = components["text_encoder"]["vocabulary_head_unused"]
    side = config.latent_size
    return {
        "parts": components,
        "total": total,
        "total_as_in_paper": total + head,
        "latent_shape": [config.vae.latent_channels, side, side],
    }


def _text_counts(text: TextConfig, encoder: nn.Module) -> dict[str, int]:
    used = sum(p.numel() for name, p in encoder.named_parameters() if not is_unused(name))
    head = text.vocab_size * (text.hidden + 1)
    return {
        "embeddings": (text.vocab_size + text.max_len) * text.hidden,
        "layers": _count(encoder, used_only=True, prefix="encoder."),
        "total": used,
        "vocabulary_head_unused": head,
        "total_as_in_paper": used + head,
    }


def _count(module: nn.Module, *, used_only: bool = False, prefix: str = "") -> int:
    named = module.named_parameters()
    return sum(
        parameter.numel()
        for name, parameter in named
        if name.startswith(prefix) and not (used_only and is_unused(name))
    )
