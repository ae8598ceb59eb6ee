"""The authors' checkpoints: read without running their code, mapped to diffusers' layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from torch import nn

from figbench.errors import IntegrityError, UserError
from figbench_figgen.build import is_unused

State = dict[str, torch.Tensor]

UNET, EMA, VAE, TEXT = (
    "model.diffusion_model.", "model_ema.", "first_stage_model.", "cond_stage_model.transformer.",
)  # fmt: skip
_LOSS = ("first_stage_model.loss.", "loss.")
_SCHEDULE = (
    "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod", "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod", "posterior_variance", "posterior_log_variance_clipped",
    "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar", "scale_factor",
)  # fmt: skip


class _Inert:
    """Stands for any class of another package whose objects a checkpoint carries; does nothing."""

    def __init__(self, *_arguments: Any, **_named: Any) -> None:
        pass

    def __setstate__(self, _state: Any) -> None:
        pass


_MOST_CLASSES = 100
_REFUSED = re.compile(r"Unsupported (?:global|class|operand): (?:GLOBAL )?([\w.]+)")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A key that found no place, or a place that found no key."""

    part: str
    key: str
    reason: str


def read_official(path: Path) -> State:
    """Returns the state dict of a Lightning ``.ckpt``, a plain one, or a ``.safetensors``.

    Raises:
        UserError: If the file is missing.
        IntegrityError: If it holds anything but tensors and plain values.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such checkpoint.", remedy="Check the path.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        document = _load_inert(path)
    except Exception as error:
        lines = _ESCAPES.sub("", str(error)).splitlines()
        refused = _REFUSED.search(" ".join(lines))
        reason = lines[0] if lines else type(error).__name__
        if refused is not None:
            reason = f"it holds an object of {refused[1]}"
        raise IntegrityError(
            f"{path}: not a checkpoint of plain tensors ({reason}).",
            remedy="Save its state dict alone: torch.save(torch.load(FILE)['state_dict'], NEW), on "
            "a machine where you trust the file.",
        ) from None
    state = document.get("state_dict", document) if isinstance(document, dict) else {}
    tensors = {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise IntegrityError(f"{path}: holds no state dict.")
    return tensors


def _load_inert(path: Path) -> Any:
    """Loads without running code: each class that torch refuses is replaced by an inert one."""
    names: list[str] = []
    while True:
        try:
            with torch.serialization.safe_globals([(_Inert, name) for name in names]):
                return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            refused = _REFUSED.search(_ESCAPES.sub("", str(error)))
            if refused is None or refused[1] in names or len(names) >= _MOST_CLASSES:
                raise
            names.append(refused[1])


def convert_state(
    state: Mapping[str, torch.Tensor], vae: nn.Module, text: nn.Module, unet: nn.Module,
    *, use_ema: bool = True,
) -> tuple[dict[str, State], list[Unmatched]]:  # fmt: skip
    """Returns one state dict per part in our layout, and what did not match.

    Args:
        state: Keys as in the official checkpoint.
        vae: Network (it may be on the meta device) that says which keys and shapes belong.
        text: As ``vae``.
        unet: As ``vae``.
        use_ema: Take the averaged U-Net when the checkpoint has one.
    """
    used = {key: value for key, value in state.items() if not _ignored(key)}
    made = {
        "unet": _unet(used, unet, use_ema),
        "vae": _vae(used, vae),
        "text_encoder": _text(used, text),
    }
    targets = {"unet": unet, "vae": vae, "text_encoder": text}
    problems = [
        problem
        for network, weights in made.items()
        for problem in _compare(network, weights, targets[network])
    ]
    prefixes = (UNET, EMA, VAE, TEXT)
    strange = [key for key in used if not key.startswith(prefixes)]
    problems += [Unmatched("checkpoint", key, "not a key of FigGen") for key in strange]
    return made, problems


def _ignored(key: str) -> bool:
    counters = key in ("model_ema.decay", "model_ema.num_updates")
    return key.startswith(_LOSS) or key in _SCHEDULE or counters or key.startswith(f"{TEXT}to_logi")


def _unet(state: Mapping[str, torch.Tensor], unet: Any, use_ema: bool) -> State:
    own = {key: value for key, value in state.items() if key.startswith(UNET)}
    if use_ema and any(key.startswith(EMA) for key in state):
        # Names of averaged weights have lost their dots.
        own = {key: state.get(_ema_name(key), value) for key, value in own.items()}
    return _converted(lambda: convert_ldm_unet_checkpoint(dict(own), dict(unet.config)), own)


def _ema_name(key: str) -> str:
    return EMA + key.removeprefix("model.").replace(".", "")


def _vae(state: Mapping[str, torch.Tensor], vae: Any) -> State:
    own = {key: value for key, value in state.items() if key.startswith(VAE)}
    return _converted(lambda: convert_ldm_vae_checkpoint(dict(own), dict(vae.config)), own)


def _converted(convert: Any, own: State) -> State:
    """An incomplete part is not for diffusers' maps, which index blindly: all of it is missing."""
    try:
        return dict(convert())
    except (KeyError, IndexError, AttributeError):
        return {f"(official) {key}": value for key, value in own.items()}


_TEXT_FIXED = {
    "token_emb.weight": "embeddings.token_embedding.weight",  # nosec B105 # a tensor's name
    "pos_emb.emb.weight": "embeddings.position_embedding.weight",
    "norm.weight": "final_layer_norm.weight",
    "norm.bias": "final_layer_norm.bias",
}
_ATTENTION = {
    "0.weight": "layer_norm1.weight", "0.bias": "layer_norm1.bias",
    "1.to_q.weight": "self_attn.q_proj.weight", "1.to_k.weight": "self_attn.k_proj.weight",
    "1.to_v.weight": "self_attn.v_proj.weight", "1.to_out.weight": "self_attn.out_proj.weight",
    "1.to_out.bias": "self_attn.out_proj.bias",
}  # fmt: skip
_FEED_FORWARD = {
    "0.weight": "layer_norm2.weight", "0.bias": "layer_norm2.bias",
    "1.net.0.0.weight": "mlp.fc1.weight", "1.net.0.0.bias": "mlp.fc1.bias",
    "1.net.2.weight": "mlp.fc2.weight", "1.net.2.bias": "mlp.fc2.bias",
}  # fmt: skip


def _text(state: Mapping[str, torch.Tensor], text: nn.Module) -> State:
    """Maps x-transformers' alternating layers: even ones attend, odd ones are feed-forward."""
    own = {key.removeprefix(TEXT): value for key, value in state.items() if key.startswith(TEXT)}
    inner = "text_model." if "text_model.final_layer_norm.weight" in text.state_dict() else ""
    made = {}
    for key, value in own.items():
        made[_text_key(key, inner)] = value
    for name, tensor in text.state_dict().items():
        if is_unused(name):
            made[name] = torch.zeros(tensor.shape, device="cpu")
    return made


def _text_key(key: str, inner: str) -> str:
    if key in _TEXT_FIXED:
        return inner + _TEXT_FIXED[key]
    match = re.fullmatch(r"attn_layers\.layers\.(\d+)\.(.+)", key)
    if match:
        layer, odd = divmod(int(match[1]), 2)
        target_name = (_FEED_FORWARD if odd else _ATTENTION).get(match[2])
        if target_name:
            return f"{inner}encoder.layers.{layer}.{target_name}"
    return f"(official) {TEXT}{key}"


def _compare(part: str, made: State, target: nn.Module) -> list[Unmatched]:
    expected = target.state_dict()
    problems = [Unmatched(part, key, "missing") for key in expected if key not in made]
    for key, value in made.items():
        if key not in expected:
            problems.append(Unmatched(part, key.removeprefix("(official) "), "has no place"))
        elif value.shape != expected[key].shape:
            shapes = f"shape {tuple(value.shape)}, expected {tuple(expected[key].shape)}"
            problems.append(Unmatched(part, key, shapes))
    return problems
