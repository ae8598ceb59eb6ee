"""Sections of a configuration: networks, noise, data, the two stages, the run, sampling."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A closed section: an unknown key is an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class VaeConfig(Section):
    """The KL autoencoder; ``scaling_factor: auto`` is 1 / std of the latents, measured."""

    block_out_channels: tuple[int, ...]
    layers_per_block: int = 2
    latent_channels: int = 4
    norm_groups: int = 32
    scaling_factor: float | Literal["auto"] = "auto"

    @property
    def factor(self) -> int:
        """Pixels per latent position along a side."""
        return int(2 ** (len(self.block_out_channels) - 1))


class TextConfig(Section):
    """The text encoder, trained from scratch with the U-Net."""

    hidden: int = 512
    layers: int
    heads: int = 8
    ffn: int = 2048
    max_len: int = 77
    vocab_size: int = 30522
    tokenizer: str = Field(
        default="auto",
        description="auto: bert-base-uncased when it is here, else trained on the captions; "
        "train: always trained; or a folder with vocab.txt",
    )
    padding_mask: bool = False
    lowercase: bool = Field(
        default=True,
        description="of a vocabulary trained on the captions; false keeps labels as written",
    )


class UnetConfig(Section):
    """The noise network."""

    block_out_channels: tuple[int, ...]
    layers_per_block: int
    attention: tuple[bool, ...]
    heads: int = 8
    norm_groups: int = 32


class NoiseConfig(Section):
    """The forward process."""

    timesteps: int = 1000
    beta_start: float = 0.00085
    beta_end: float = 0.012
    schedule: Literal["scaled_linear", "linear"] = "scaled_linear"
    prediction: Literal["epsilon", "v_prediction"] = Field(
        default="epsilon", description="v (Salimans and Ho 2022) weighs the noisiest steps more"
    )
    zero_terminal_snr: bool = Field(
        default=False,
        description="rescale the betas so that the last step is pure noise (Lin et al. 2024); "
        "sampling then spaces its steps from that end",
    )


class DataConfig(Section):
    """Which figures, which captions, and how pixels are made."""

    caption: str = "captions"
    split: str | None = "train"
    min_aspect: float = 0.5
    max_aspect: float = 2.0
    resize: Literal["antialias", "legacy_linear"] = "antialias"
    alpha: Literal["white", "legacy_black"] = "white"
    exclude: str | None = Field(
        default=None, description="a set of figures whose captions are left out of training"
    )
    keep_pixels: bool = Field(
        default=False, description="keep decoded figures in memory (small sets)"
    )


class StageConfig(Section):
    """What both training stages have."""

    steps: int
    global_batch: int
    micro_batch: int = Field(description="figures per forward pass and process")
    lr: float
    lr_schedule: Literal["constant", "cosine", "wsd"] = Field(
        default="constant", description="wsd: constant, then linear to zero over the last fifth"
    )
    warmup_steps: int = 0
    grad_clip: float | None = None
    gradient_checkpointing: bool = False


class AutoencoderConfig(StageConfig):
    """Stage 1; weights are the official ones, whose sums run over one image."""

    crop: int | None = Field(default=384, description="random crop; null trains on padded squares")
    smallest_side: int = 384
    augment: bool = True
    betas: tuple[float, float] = (0.5, 0.9)
    l1_weight: float = 1.0
    l2_weight: float = Field(
        default=0.0, description="not in the paper; small networks learn colours by it"
    )
    ink_weight: float = Field(
        default=0.0,
        ge=0.0,
        description="extra weight of pixels beside a step in brightness (strokes, letters, "
        "borders) in the L1 and L2 terms; small networks spell by it",
    )
    lpips_weight: float = 0.2
    ocr_weight: float = 1.0
    ocr_every: int = Field(default=1, description="the OCR term enters every k-th step")
    kl_weight: float = 1e-6
    unit_channels: bool = Field(
        default=False,
        description="with scaling_factor auto: every latent channel gets mean 0 and variance 1 "
        "(the convolutions around the latents are rewritten), not all of them together",
    )
    disc_start: int = 50_001
    disc_weight: float = 0.5
    disc_layers: int = 3
    disc_channels: int = 64


class DiffusionConfig(StageConfig):
    """Stage 2: text encoder and U-Net together."""

    optimizer: Literal["adamw", "adam"] = "adamw"
    weight_decay: float = 0.01
    ema_decay: float = 0.9999
    ema_text: bool = True
    caption_dropout: float = 0.1
    caption_variants: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="share of the captions that are read without 'Figure 1:' or cut short",
    )
    cache_latents: bool = True
    text_weight: float = Field(
        default=0.0,
        ge=0.0,
        description="extra weight of the loss inside the text boxes of the data set; labels are "
        "few latent positions, and small networks spell by it",
    )
    timestep_power: float = Field(
        default=1.0,
        ge=1.0,
        description="p: training draws step timesteps * u^(1/p), u uniform; above 1, noisy steps, "
        "in which the content is decided, are drawn more often",
    )

    curriculum_steps: int = Field(
        default=0,
        ge=0,
        description="steps until all captions are drawn alike; before, three of four figures are "
        "of a share of the captions that grows from the shortest 15% (Platanias et al. 2019)",
    )


class RunConfig(Section):
    """How a run behaves; nothing here changes the result except ``seed`` and ``precision``."""

    seed: int = 0
    # YAML 1.1 reads a bare no as false.
    precision: Annotated[
        Literal["no", "bf16", "fp16"],
        BeforeValidator(lambda value: "no" if value is False else value),
    ] = "bf16"
    workers: int = 2
    checkpoint_every: int = 1000
    keep_checkpoints: int = 2
    log_every: int = 10
    grid_every: int = 1000
    evaluate_every: int = 0
    evaluate_limit: int = 64
    trackers: tuple[Literal["tensorboard", "wandb"], ...] = ()


class SampleConfig(Section):
    """Defaults of sampling."""

    steps: int = 200
    eta: float = 0.0
    guidance_scale: float = 5.0
    guidance_rescale: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Lin et al. 2024; against burnt colours"
    )
    guidance_interval: tuple[float, float] = Field(
        default=(0.0, 1.0), description="part of the steps that are guided (Kynkäänniemi 2024)"
    )
    batch_size: int = 16
