"""From the authors' checkpoint to a pipeline folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from figbench.errors import UserError
from figbench_figgen.artefact import quiet_libraries, save_pipeline
from figbench_figgen.build import (
    build_figgen_unet,
    build_scheduler,
    build_text,
    build_vae,
    is_unused,
)
from figbench_figgen.config import FigGenConfig, official_scale
from figbench_figgen.official import Unmatched, convert_state, read_official
from figbench_figgen.pipeline import FigGenPipeline
from figbench_figgen.run_console import RunConsole
from figbench_figgen.tokens import make_tokenizer

OFFICIAL_LAYERS = (8, 32, 128)


def convert(
    source: Path, config: FigGenConfig, out: Path, use_ema: bool, console: RunConsole
) -> dict[str, Any]:
    """Converts an official checkpoint to a pipeline folder.

    Args:
        source: The authors' ``.ckpt``, or the same state dict as ``.safetensors``.
        config: Of the variant that the checkpoint is of.
        out: New folder of the pipeline, absent or empty.
        use_ema: Whether the U-Net's averaged weights are taken.
        console: For messages.

    Returns:
        The keys ``out``, ``tensors`` (their number) and ``unmatched`` (a record per ignored key).

    Raises:
        UserError: If ``out`` is not empty, or keys of the checkpoint do not match; nothing is
            written then.
    """
    quiet_libraries()
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out}: is not empty.", remedy="Choose another --out.")
    state = read_official(source)
    config = _scaled(config, state.get("scale_factor"), console)
    with torch.device("meta"):
        networks = build_vae(config), build_text(config.text), build_figgen_unet(config)
    pairs, unmatched = convert_state(state, *networks, use_ema=use_ema)
    refused = [tensor for tensor in unmatched if tensor.part != "checkpoint"]
    if refused:
        raise UserError(
            f"{source}: {len(refused)} keys do not match '{config.name}'.\n{table(refused)}",
            remedy="Check --config (8, 32 or 128 text layers) and the file.",
        )
    tokenizer, where = _tokenizer(config)
    console.log(f"Vocabulary: {where}")
    vae, text, unet = networks
    for network, component in ((vae, "vae"), (text, "text_encoder"), (unet, "unet")):
        network.load_state_dict(pairs[component], assign=True)
    for name, parameter in text.named_parameters():
        parameter.requires_grad_(not is_unused(name))
    # Buffers that no checkpoint holds are still on the meta device.
    text = _with_buffers(text, config)
    pipeline = FigGenPipeline(
        vae, text, tokenizer, unet, build_scheduler(config.noise),
        padding_mask=config.text.padding_mask,
    )  # fmt: skip
    save_pipeline(out, pipeline, config, converted_from=source.name)
    if unmatched:
        console.log(f"Ignored:\n{table(unmatched)}")
    tensors = sum(len(weights) for weights in pairs.values())
    return {"out": str(out), "tensors": tensors, "unmatched": [asdict(key) for key in unmatched]}


def table(unmatched_tensors: list[Unmatched], most: int = 30) -> str:
    """Returns unmatched keys as aligned text, at most ``most`` of them."""
    lines = [
        f"  {tensor.part:12}  {tensor.key}  ({tensor.reason})"
        for tensor in unmatched_tensors[:most]
    ]
    if len(unmatched_tensors) > most:
        lines.append(f"  ... and {len(unmatched_tensors) - most} more")
    return "\n".join(lines)


def _scaled(config: FigGenConfig, held: torch.Tensor | None, console: RunConsole) -> FigGenConfig:
    if config.vae.scaling_factor != "auto":
        return config
    if held is not None and held.numel() == 1:
        scale = float(f"{float(held):.7g}")
        console.log(f"Latent scale {scale}: from the checkpoint.")
    else:
        scale = official_scale(config.text.layers)
        console.log(
            f"Latent scale {scale}: of the official configuration with {config.text.layers} text "
            "layers; the checkpoint does not hold it."
            if config.text.layers in OFFICIAL_LAYERS
            else f"Latent scale {scale} assumed; the checkpoint does not hold it."
        )
    vae = config.vae.model_copy(update={"scaling_factor": scale})
    return config.model_copy(update={"vae": vae})


def _tokenizer(config: FigGenConfig) -> tuple[Any, str]:
    """An official checkpoint means the ids of bert-base-uncased; any other vocabulary is wrong."""
    tokenizer, where = make_tokenizer(config.text, [""])
    if where.startswith("WordPiece trained"):
        raise UserError(
            "The official weights need bert-base-uncased's vocabulary, which is not here.",
            remedy="Give a folder that has its vocab.txt: --set text.tokenizer=FOLDER",
        )
    return tokenizer, where


def _with_buffers(text: Any, config: FigGenConfig) -> Any:
    whole = build_text(config.text)
    whole.load_state_dict(text.state_dict(), assign=True)
    return whole
