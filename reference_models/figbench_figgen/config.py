"""Configurations: typed, closed (an unknown key is an error), every deviation a named field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from figbench.errors import UserError
from figbench.registry import suggest
from figbench_figgen.config_sections import (
    AutoencoderConfig,
    DataConfig,
    DiffusionConfig,
    NoiseConfig,
    RunConfig,
    SampleConfig,
    Section,
    TextConfig,
    UnetConfig,
    VaeConfig,
)

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


class FigGenConfig(Section):
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
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".yaml"))


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
            f"{source}: {'; '.join(_problem(item) for item in error.errors())}",
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


def differences(
    expected: Mapping[str, Any], stored: Mapping[str, Any], prefix: str = ""
) -> list[str]:
    """Returns the leaves in which two nested documents differ.

    Args:
        expected: Nested mappings.
        stored: Likewise.
        prefix: Written before each key, such as ``text.``.

    Returns:
        ``key: expected != stored`` of each leaf that differs, by key; an absent key counts as None.
    """
    changed = []
    for key in sorted({*expected, *stored}):
        a, b = expected.get(key), stored.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            changed += differences(a, b, f"{prefix}{key}.")
        elif a != b:
            changed.append(f"{prefix}{key}: {a} != {b}")
    return changed


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
    values = document
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise UserError(f"Override '{key}': '{section}' is a value, not a section.")
    values[last] = value


def _problem(error: Any) -> str:
    position = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return f"{position}: {error['msg']} (got {error.get('input')!r})."
    *sections, last = error["loc"]
    names = _fields(tuple(map(str, sections)))
    return f"unknown key '{position}'.{suggest(str(last), names)}"


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
