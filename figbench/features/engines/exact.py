"""Arithmetic of the frozen networks, whatever the calling process has switched on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


def _switches() -> list[tuple[Any, str, Any]]:
    """Returns the settings that allow float32 in fewer bits, with the value that forbids it."""
    backends: Any = torch.backends
    if hasattr(backends.cudnn, "conv"):
        matmuls = (backends.cuda.matmul, backends.cudnn.conv, backends.mkldnn.matmul)
        return [(owner, "fp32_precision", "ieee") for owner in (*matmuls, backends.mkldnn.conv)]
    return [(backends.cuda.matmul, "allow_tf32", False), (backends.cudnn, "allow_tf32", False)]


class _Shared:
    """The process's settings while any thread is inside the block; they belong to no thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.before: list[tuple[Any, str, Any]] = []


_shared = _Shared()


@contextmanager
def exact_float32() -> Iterator[None]:
    """Keeps float32 at float32 for the block: no TF32, which PyTorch allows convolutions on CUDA.

    The caller's settings come back when the last thread leaves, so that evaluating inside a
    training script changes nothing there.
    """
    with _shared.lock:
        if not _shared.inside:
            _shared.before = [(owner, name, getattr(owner, name)) for owner, name, _ in _switches()]
            for owner, name, exact in _switches():
                setattr(owner, name, exact)
        _shared.inside += 1
    try:
        yield
    finally:
        with _shared.lock:
            _shared.inside -= 1
            if not _shared.inside:
                for owner, name, value in _shared.before:
                    setattr(owner, name, value)


@contextmanager
def arithmetic(deterministic: bool) -> Iterator[None]:
    """:func:`exact_float32`, and deterministic algorithms only where asked for."""
    algorithms = torch.are_deterministic_algorithms_enabled()
    benchmark = torch.backends.cudnn.benchmark
    if deterministic:
        # cuBLAS reads it when its first handle is made.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    changes = deterministic and not algorithms
    with exact_float32():
        try:
            # The call imports PyTorch's compiler, which takes longer than importing PyTorch.
            if changes:
                torch.use_deterministic_algorithms(True)
            torch.backends.cudnn.benchmark = benchmark and not deterministic
            yield
        finally:
            if changes:
                torch.use_deterministic_algorithms(algorithms)
            torch.backends.cudnn.benchmark = benchmark
