"""Folders of trained networks: their metadata is written with them and checked on loading."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import read_json
from figbench_figgen.config import FigGenConfig, config_from, differences, digest
from figbench_figgen.pipeline import FigGenPipeline, dtype_argument
from figbench_figgen.shipped import resolve, shipped_names, verify_card

METADATA = "figgen.json"
PIPELINE = "pipeline"
AUTOENCODER = "autoencoder"


def write_metadata(folder: Path, config: FigGenConfig, kind: str, **more: Any) -> None:
    """Writes the metadata of the networks in a folder; it is the last file of a finished folder.

    Args:
        folder: Of the networks.
        config: That they were made with.
        kind: ``autoencoder`` or ``pipeline``.
        more: Further keys of the document, as JSON values.
    """
    document = {
        "kind": kind,
        "config": config.model_dump(mode="json"),
        "architecture": digest(config.architecture()),
        **more,
    }
    write_text_atomic(folder / METADATA, json.dumps(document, indent=2, sort_keys=True) + "\n")


def read_metadata(folder: Path, kind: str) -> tuple[FigGenConfig, dict[str, Any]]:
    """Returns the configuration and the metadata of a folder.

    Raises:
        UserError: If it holds no finished artefact of that kind.
    """
    path = folder / METADATA
    if not path.is_file():
        raise UserError(
            f"{folder}: no finished FigGen {kind} there ({METADATA} is missing).",
            remedy=f"Train one: figbench model train figgen --stage {_STAGE[kind]} ... --out DIR",
        )
    metadata = read_json(path)
    if metadata.get("kind") != kind:
        raise UserError(f"{folder}: holds a FigGen {metadata.get('kind')}, expected a {kind}.")
    return config_from(metadata["config"], str(path)), metadata


_STAGE = {AUTOENCODER: "autoencoder", PIPELINE: "diffusion"}


def locate(folder: Path, kind: str) -> Path:
    """Returns ``folder`` or its sub-folder named after ``kind``, whichever holds the artefact."""
    inner = folder / kind
    return inner if (inner / METADATA).is_file() else folder


def replace_folder(target: Path, filled: Path) -> None:
    """Puts a filled folder instead of ``target``, which may exist."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    filled.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def save_autoencoder(folder: Path, vae: Any, config: FigGenConfig, **metadata: Any) -> None:
    """Writes a trained autoencoder; a failure leaves the folder as it was.

    Args:
        folder: Replaced if it exists.
        vae: An ``AutoencoderKL``.
        config: That it was trained with.
        metadata: Further keys of its metadata, as JSON values.
    """
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    vae.save_pretrained(partial, safe_serialization=True)
    write_metadata(partial, config, AUTOENCODER, **metadata)
    replace_folder(folder, partial)


def load_autoencoder(folder: Path, config: FigGenConfig) -> Any:
    """Returns the autoencoder for a diffusion run.

    Raises:
        UserError: If it is missing or of another configuration.
    """
    folder = locate(folder, AUTOENCODER)
    trained, _ = read_metadata(folder, AUTOENCODER)
    expected = {"image_size": config.image_size, "vae": config.architecture()["vae"]}
    stored = {"image_size": trained.image_size, "vae": trained.architecture()["vae"]}
    refuse_differences(expected, stored, f"{folder}: the autoencoder is of another configuration")
    return _guarded(folder, lambda: AutoencoderKL.from_pretrained(folder, local_files_only=True))


def save_pipeline(folder: Path, pipeline: Any, config: FigGenConfig, **metadata: Any) -> None:
    """Writes a pipeline as safetensors; a failure leaves the folder as it was.

    Args:
        folder: Replaced if it exists.
        pipeline: A :class:`FigGenPipeline`.
        config: That it was made with.
        metadata: Further keys of its metadata, as JSON values.
    """
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    pipeline.save_pretrained(partial, safe_serialization=True)
    write_metadata(partial, config, PIPELINE, **metadata)
    replace_folder(folder, partial)


def load_pipeline(
    folder: Path, expected: FigGenConfig | None = None
) -> tuple[FigGenPipeline, FigGenConfig, dict[str, Any]]:
    """Returns the pipeline of a checkpoint folder, its configuration and its metadata.

    Args:
        folder: A training run's folder or its ``pipeline`` sub-folder.
        expected: When given, the architecture that it must have.

    Raises:
        UserError: If it is missing or of another configuration.
        IntegrityError: If its files are damaged.
    """
    folder = resolve(folder)
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such checkpoint folder.",
            remedy=f"Check --checkpoint.{_shipped()}",
        )
    folder = locate(folder, PIPELINE)
    config, metadata = read_metadata(folder, PIPELINE)
    verify_card(folder)
    if expected is not None:
        refuse_differences(
            expected.architecture(),
            config.architecture(),
            f"{folder}: the checkpoint is of another configuration than '{expected.name}'",
        )
    pipeline = _guarded(
        folder,
        lambda: FigGenPipeline.from_pretrained(
            folder, local_files_only=True, **{dtype_argument(): torch.float32}
        ),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, config, metadata


def _shipped() -> str:
    names = shipped_names()
    return f" Shipped with figbench: {', '.join(names)}." if names else ""


def refuse_differences(expected: dict[str, Any], stored: dict[str, Any], reason: str) -> None:
    """Raises an error that names the keys that differ.

    Args:
        expected: Required document.
        stored: Document of the folder.
        reason: Beginning of the message.

    Raises:
        UserError: If the documents differ; it names up to 6 keys.
    """
    changed = differences(expected, stored)
    if changed:
        raise UserError(
            f"{reason}: {'; '.join(changed[:6])}{' ...' if len(changed) > 6 else ''} "
            "(expected != stored).",
            remedy="Use the configuration that it was made with, or train anew in another --out.",
        )


def _guarded(folder: Path, load: Any) -> Any:
    try:
        return load()
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IntegrityError(
            f"{folder}: the networks cannot be loaded ({reason}).",
            remedy="The folder is damaged or incomplete; copy or train it again.",
        ) from None


def quiet_libraries() -> None:
    """Keeps diffusers' and transformers' own chatter off the terminal."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logger in (diffusers_logging, transformers_logging):
        logger.set_verbosity_error()
        logger.disable_progress_bar()
    # Cut captions are said once per run, not once per batch.
    logging.getLogger("figbench_figgen.pipeline").setLevel(logging.ERROR)


def pick_device(name: str) -> torch.device:
    """Returns the device of a name; ``auto`` is CUDA when there is one.

    Raises:
        UserError: If the device is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UserError(f"Device '{name}': no CUDA device here.", remedy="Use --device cpu.")
    return torch.device(name)
