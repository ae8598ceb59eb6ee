"""What the processor or the GPU can do: matrix products and 3 x 3 convolutions, in GFLOP/s."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

from figbench.features.engines.exact import exact_float32

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SECONDS = 2.0


def wait_for(device: str) -> None:
    """Returns when the device has done all that it was given."""
    if device != "cpu":
        torch.cuda.synchronize()


@torch.inference_mode()
@exact_float32()
def peak(kind: str, precision: str, device: str) -> float:
    """Returns the best rate of several calls, in GFLOP/s; without TF32, as figbench's networks.

    Args:
        kind: ``matrix products`` or ``3 x 3 convolutions``.
        precision: ``float32`` or ``bfloat16``.
        device: A torch device.
    """
    make = {"matrix products": _product, "3 x 3 convolutions": _convolution}[kind]
    call, flop = make(PRECISIONS[precision], device)
    call()
    wait_for(device)
    best, begun = float("inf"), time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        start = time.perf_counter()
        call()
        wait_for(device)
        best = min(best, time.perf_counter() - start)
    return flop / best / 1e9


def _product(dtype: torch.dtype, device: str) -> tuple[Callable[[], object], float]:
    side = 2048 if device == "cpu" else 8192
    left, right = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
    return lambda: left @ right, 2.0 * side**3


def _convolution(dtype: torch.dtype, device: str) -> tuple[Callable[[], object], float]:
    batch, width, side = (4 if device == "cpu" else 64), 256, 64
    layer = nn.Conv2d(width, width, 3, padding=1, bias=False).to(device, dtype)
    layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = torch.rand(batch, width, side, side, device=device)
    pictures = pictures.to(dtype, memory_format=torch.channels_last)
    return lambda: layer(pictures), 2.0 * 9 * width * width * side * side * batch
