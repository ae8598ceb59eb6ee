"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from figbench.evaluation.artifacts.provenance import git_state

PACKAGES = (
    "torch", "openvino", "torch-fidelity", "pytorch-fid", "clean-fid", "ray", "rapidocr", "easyocr",
    "onnxruntime", "timm", "numpy", "scipy", "pillow",
)  # fmt: skip
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16")
"""Flags that decide how fast a network runs, beside every ``amx_*``."""


def machine(device: str = "cpu") -> dict[str, Any]:
    """Returns the machine, the packages and the moment, ready for JSON."""
    names, flags = _cpu()
    revision, dirty = git_state()
    found = {
        "cpu": names or platform.processor(),
        "cores": os.cpu_count(),
        "flags": [one for one in flags if one in FLAGS or one.startswith("amx")],
        "ram_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _versions(),
        "figbench_revision": revision,
        "figbench_dirty": dirty,
    }
    return found | (_gpu() if device != "cpu" else {})


def describe(found: dict[str, Any]) -> str:
    """Returns the machine as the sentence that stands above a table."""
    packages = ", ".join(f"{name} {one}" for name, one in found["packages"].items())
    gpu = f", {found['gpu']} (CUDA {found['cuda']})" if "gpu" in found else ""
    load = ", ".join(str(one) for one in found["load_average"])
    return (
        f"Machine: {found['cores']} cores of {found['cpu']} ({', '.join(found['flags'])}), "
        f"{found['ram_gib']} GiB{gpu}; threads: {found['threads']}; load average at the start "
        f"{load}; {found['date']}. Python {found['python']}, {packages}; figbench "
        f"{(found['figbench_revision'] or '')[:9]}{', changed' if found['figbench_dirty'] else ''}."
    )


def computes(precision: str, device: str) -> bool:
    """Whether the device has instructions for it; without them PyTorch imitates, many times slower.

    Where no flags can be read the answer is yes.
    """
    _, flags = _cpu()
    return (
        device != "cpu"
        or precision != "bfloat16"
        or not flags
        or not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)
    )


def _cpu() -> tuple[str, list[str]]:
    source = Path("/proc/cpuinfo")
    lines = source.read_text().splitlines() if source.exists() else []
    facts = dict(one.split(":", 1) for one in lines if ":" in one)
    named = {key.strip(): value.strip() for key, value in facts.items()}
    return named.get("model name", ""), sorted(named.get("flags", "").split())


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _gpu() -> dict[str, Any]:
    import torch

    gib = torch.cuda.get_device_properties(0).total_memory / 2**30
    return {
        "gpu": f"{torch.cuda.get_device_name(0)}, {gib:.0f} GiB",
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }
