"""One command for a machine with a GPU: parity, speed, training; JSON, pictures and a page.

It reads nothing from the network. What is not installed is left out, and the page says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.device.page import page, picture_of

PACKAGES = ("torch", "torchvision", "diffusers", "transformers", "accelerate", "torch-fidelity",
            "easyocr", "rapidocr-onnxruntime", "timm")  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Runs the three parts; returns 1 if a parity check failed or a part broke off."""
    parser = argparse.ArgumentParser(prog="python -m tests.device", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8.0, help="for everything [default: 8]")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--tiny", action="store_true", help="a dry run of a minute, for the CPU")
    chosen = parser.parse_args(arguments)
    import torch

    if chosen.device == "cuda" and not torch.cuda.is_available():
        sys.stderr.write("No CUDA device here; the dry run is --device cpu --tiny.\n")
        return 2
    # What is not in the caches is left out, not fetched.
    for name in ("FIGBENCH_OFFLINE", "HF_HUB_OFFLINE"):
        os.environ.setdefault(name, "1")
    end = time.monotonic() + 60 * chosen.minutes
    chosen.out.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"machine": machine(chosen.device), "tiny": chosen.tiny}
    parts: dict[str, Callable[[], Any]] = {
        "parity": lambda: parity(chosen.device, chosen.tiny),
        "speed": lambda: speed(chosen.device, chosen.tiny, chosen.out / "speed"),
        "training": lambda: training(
            chosen.device, max(60.0, end - time.monotonic()), chosen.out, chosen.tiny
        ),
    }
    for name, call in parts.items():
        begun = time.monotonic()
        document[name] = guarded(call)
        document.setdefault("seconds", {})[name] = round(time.monotonic() - begun, 1)
        _write(chosen.out, document)
    failed = [one for one in _records(document) if one.get("passed") is False]
    broken = [name for name in parts if "broke_off" in document[name]]
    return 1 if failed or broken else 0


def guarded(call: Callable[[], Any]) -> dict[str, Any]:
    """Returns a part's result; a part that breaks off does not take the others with it."""
    try:
        return {"result": call()}
    except Exception as error:
        traceback.print_exc()
        return {"broke_off": f"{type(error).__name__}: {error}"}


def parity(device: str, tiny: bool) -> list[dict[str, Any]]:
    """Runs part (a)."""
    from tests.device.parity import run_parity

    return list(run_parity(device, tiny=tiny))


def speed(device: str, tiny: bool, out: Path) -> dict[str, Any]:
    """Runs part (b): the side-by-side benchmark's parts, in processes of their own."""
    parts = ["floor"] if tiny else ["floor", "warm"]
    done: dict[str, Any] = {}
    for part in parts:
        command = [sys.executable, "-m", "tests.benchmarks.side_by_side", part, "--out", str(out),
                   "--device", device, "--rounds", "1" if tiny else "3"]  # fmt: skip
        if tiny:
            command += ["--side", "256", "--tools", "figbench"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        page_file = out / f"{part}.md"
        if finished.returncode or not page_file.is_file():
            done[part] = {"left_out": (finished.stderr.strip().splitlines() or ["no output"])[-1]}
        else:
            done[part] = {"page": page_file.read_text(encoding="utf-8")}
    return done


def training(device: str, seconds: float, out: Path, tiny: bool) -> dict[str, Any]:
    """Runs part (c)."""
    from tests.device.training import run_training

    record = run_training(device, seconds, out / "training", tiny=tiny)
    record["picture"] = picture_of(out / "training" / "samples", out / "samples.png")
    return record


def machine(device: str) -> dict[str, Any]:
    """Returns device, versions and date."""
    import torch

    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    cuda = device == "cuda"
    return {
        "device": torch.cuda.get_device_name() if cuda else platform.processor() or "CPU",
        "cuda": torch.version.cuda if cuda else None,
        "python": platform.python_version(),
        "packages": versions,
        "date": datetime.now(UTC).date().isoformat(),
    }


def _records(document: dict[str, Any]) -> list[dict[str, Any]]:
    return list(document["parity"].get("result", []))


def _write(out: Path, document: dict[str, Any]) -> None:
    (out / "device.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (out / "device.md").write_text(page(document), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
