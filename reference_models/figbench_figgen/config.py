"""Configurations: typed, closed (an unknown key is an error), every deviation a named field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from figbench.errors import UserError
from figbench.registry import suggest

PAPER_EXACT = "paper-exact"
"""Name of the override that switches every deviation from the official code back."""

_PAPER_EXACT: dict[str, Any] = {
    "text.padding_mask": False,
    "data.resize": "legacy_linear",
    "data.alpha": "legacy_black",
    "diffusion.caption_dropout": 0.0,
    "diffusion.ema_text": False,
    "diffusion.ema_decay": 0.9999,
    "diffusion.grad_clip": None,
    "diffusion.lr_schedule": "constant",
    "diffusion.warmup_steps": 0,
    "autoencoder.lr_schedule": "constant",
    "autoencoder.warmup_steps": 0,
    "autoencoder.ocr_every": 1,
    "run.precision": "no",
}

_ADJUSTABLE = (
    "steps", "micro_batch", "gradient_checkpointing", "lr", "lr_schedule", "warmup_steps",
    "grad_clip",
)  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VaeConfig(_Section):
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


class TextConfig(_Section):
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


class UnetConfig(_Section):
    """The noise network."""

    block_out_channels: tuple[int, ...]
    layers_per_block: int
    attention: tuple[bool, ...]
    heads: int = 8
    norm_groups: int = 32


class NoiseConfig(_Section):
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


class DataConfig(_Section):
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


class _StageConfig(_Section):
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


class AutoencoderConfig(_StageConfig):
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


class DiffusionConfig(_StageConfig):
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


class RunConfig(_Section):
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


class SampleConfig(_Section):
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


class FigGenConfig(_Section):
    """One variant, whole."""

    name: str
    image_size: int
    vae: VaeConfig
    text: TextConfig
    unet: UnetConfig
    noise: NoiseConfig = NoiseConfig()
    data: DataConfig = DataConfig()
    autoencoder: AutoencoderConfig
    diffusion: DiffusionConfig
    run: RunConfig = RunConfig()
    sample: SampleConfig = SampleConfig()

    @property
    def latent_size(self) -> int:
        """Side of the latent square."""
        return self.image_size // self.vae.factor

    def architecture(self) -> dict[str, Any]:
        """What must agree for weights to fit: image size, networks, forward process."""
        document = self.model_dump(mode="json", include={"image_size", "vae", "text", "unet"})
        document["noise"] = self.noise.model_dump(mode="json")
        document["vae"].pop("scaling_factor")
        for key in ("tokenizer", "lowercase"):
            document["text"].pop(key)
        return document

    def training(self, stage: str) -> dict[str, Any]:
        """What must agree for a run to be resumed: all but its length and its logging."""
        document = {**self.architecture(), **self.model_dump(mode="json", include={"data", stage})}
        for key in _ADJUSTABLE:
            document[stage].pop(key)
        document["run"] = {"seed": self.run.seed}
        return document

    def adjustable(self, stage: str) -> dict[str, Any]:
        """What may change when a run is resumed; each change is recorded with its step."""
        section = self.model_dump(mode="json", include={stage})[stage]
        document = {f"{stage}.{key}": section[key] for key in _ADJUSTABLE}
        return {**document, "run.precision": self.run.precision}


def config_names() -> list[str]:
    """Returns the shipped configurations."""
    folder = files("figbench_figgen").joinpath("configs")
    return sorted(Path(one.name).stem for one in folder.iterdir() if one.name.endswith(".yaml"))


def load_config(name: str | Path, overrides: Iterable[str] = ()) -> FigGenConfig:
    """Returns a configuration.

    Args:
        name: A shipped name or the path of a YAML file.
        overrides: ``section.key=value`` (the value is YAML), or ``paper-exact``.

    Raises:
        UserError: If the name, a key or a value is wrong; unknown keys get a suggestion.
    """
    document = _read(str(name))
    for override in overrides:
        if override == PAPER_EXACT:
            for key, value in _PAPER_EXACT.items():
                _set(document, key, value)
            _set(document, "vae.scaling_factor", official_scale(document["text"].get("layers")))
            continue
        key, separator, value = override.partition("=")
        if not separator:
            raise UserError(f"Override '{override}': expected section.key=value.")
        _set(document, key.strip(), _parse(value, f"override '{override}'"))
    return config_from(document, str(name))


def config_from(document: Mapping[str, Any], source: str) -> FigGenConfig:
    """Returns the configuration in a parsed document.

    Raises:
        UserError: Naming every key or value that is wrong.
    """
    try:
        config = FigGenConfig.model_validate(document)
    except ValidationError as error:
        raise UserError(
            f"{source}: {'; '.join(_problem(one) for one in error.errors())}",
            remedy="Every key, with its value: figbench model info figgen --config NAME --json",
        ) from None
    _check(config, source)
    return config


def official_scale(layers: int | None) -> float:
    """Returns ``scale_factor`` of the official configuration with so many text layers."""
    return 0.05 if layers == 128 else 0.18215


def digest(document: Mapping[str, Any]) -> str:
    """Returns the SHA-256 of a JSON document in canonical form."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Returns ``key: ours != theirs`` for every leaf that differs."""
    found = []
    for key in sorted({*ours, *theirs}):
        a, b = ours.get(key), theirs.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += differences(a, b, f"{prefix}{key}.")
        elif a != b:
            found.append(f"{prefix}{key}: {a} != {b}")
    return found


def _read(name: str) -> dict[str, Any]:
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise UserError(f"{path}: no such configuration file.")
        text = path.read_text(encoding="utf-8")
    elif name in config_names():
        resource = files("figbench_figgen").joinpath("configs", f"{name}.yaml")
        text = resource.read_text(encoding="utf-8")
    else:
        raise UserError(
            f"Unknown configuration '{name}'.{suggest(name, config_names())}",
            remedy=f"Known: {', '.join(config_names())}, or the path of a .yaml file.",
        )
    document = _parse(text, name)
    if not isinstance(document, dict):
        raise UserError(f"{name}: a configuration is a mapping of sections.")
    return document


def _parse(text: str, where: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{where}: not valid YAML ({error}).") from None
    if isinstance(value, str):
        # YAML 1.1 reads 1e-4 as text.
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _set(document: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    place = document
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise UserError(f"Override '{key}': '{section}' is a value, not a section.")
    place[last] = value


def _problem(error: Any) -> str:
    place = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg']} (got {error.get('input')!r})."
    *sections, last = error["loc"]
    known = _fields(tuple(map(str, sections)))
    return f"unknown key '{place}'.{suggest(str(last), known)}"


def _fields(sections: tuple[str, ...]) -> list[str]:
    model: Any = FigGenConfig
    for section in sections:
        model = model.model_fields[section].annotation
    return list(model.model_fields)


def _check(config: FigGenConfig, source: str) -> None:
    """Catches what would otherwise fail deep inside a network."""
    unet, factor = config.unet, config.vae.factor
    problems = []
    if len(unet.attention) != len(unet.block_out_channels):
        problems.append("unet.attention needs one entry per unet.block_out_channels")
    step = factor * 2 ** (len(unet.block_out_channels) - 1)
    if config.image_size % step:
        problems.append(f"image_size must be a multiple of {step}")
    if config.text.hidden % config.text.heads:
        problems.append("text.hidden must be a multiple of text.heads")
    if any(width % unet.heads for width in unet.block_out_channels):
        problems.append("unet.block_out_channels must be multiples of unet.heads")
    for name, section in (("vae", config.vae), ("unet", config.unet)):
        if any(width % section.norm_groups for width in section.block_out_channels):
            problems.append(f"{name}.block_out_channels must be multiples of {name}.norm_groups")
    for stage in (config.autoencoder, config.diffusion):
        if stage.global_batch % stage.micro_batch:
            problems.append("global_batch must be a multiple of micro_batch")
    if problems:
        raise UserError(f"{source}: {'; '.join(problems)}.")
