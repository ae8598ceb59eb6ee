"""Training state on disk: a checkpoint is whole or it is not there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from figbench.errors import IntegrityError, UserError
from figbench_figgen.config import differences

STATE = "state.pt"
METADATA = "training.json"


def save_checkpoint(
    folder: Path, step: int, state: dict[str, Any], metadata: dict[str, Any], count: int
) -> Path:
    """Writes ``step-<n>`` by way of a temporary folder and a rename, and drops the oldest.

    Args:
        folder: Where checkpoints are.
        step: Optimiser steps done.
        state: Nested containers of tensors and numbers.
        metadata: JSON: what the run is, so that another run does not resume it.
        count: How many checkpoints stay.
    """
    target = folder / f"step-{step:08d}"
    partial = target.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # Through a file opened here: torch's own writer does not say why a write failed.
    with (partial / STATE).open("wb") as opened:
        torch.save(state, opened)
    (partial / METADATA).write_text(
        json.dumps({**metadata, "step": step}, indent=2, sort_keys=True), encoding="utf-8"
    )
    for name in (STATE, METADATA):
        _sync(partial / name)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    _sync(folder)
    for old in _steps(folder)[:-count]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def latest(folder: Path) -> Path | None:
    """Returns the newest whole checkpoint, or None; removes what a crash left half written."""
    for partial in folder.glob("step-*.part"):
        shutil.rmtree(partial, ignore_errors=True)
    stored = _steps(folder)
    return stored[-1] if stored else None


def load_checkpoint(path: Path, metadata: dict[str, Any]) -> tuple[int, dict[str, Any], list[str]]:
    """Returns (step, state, adjusted settings) of a checkpoint of the same run.

    Raises:
        UserError: If it is of another configuration or other data; every difference is named.
        IntegrityError: If its files are damaged.
    """
    try:
        stored = json.loads((path / METADATA).read_text(encoding="utf-8"))
        step = int(stored.pop("step"))
    except (OSError, ValueError, KeyError) as error:
        raise IntegrityError(f"{path}: damaged checkpoint ({error}).", remedy=_REMEDY) from None
    before, now = stored.pop("adjustable", {}), metadata.get("adjustable", {})
    identity = {key: value for key, value in metadata.items() if key != "adjustable"}
    changed = differences(identity, stored)
    if changed:
        raise UserError(
            f"{path}: the checkpoint is of another configuration: {'; '.join(changed[:6])} "
            "(expected != stored).",
            remedy="Resume with the configuration and data it was made with, or use another --out."
            + batch_note(changed),
        )
    try:
        state = torch.load(path / STATE, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IntegrityError(f"{path}: damaged checkpoint ({reason}).", remedy=_REMEDY) from None

    return step, state, differences(before, now)


def batch_note(changed: list[str]) -> str:
    """Returns the advice for a changed batch, or nothing.

    The order of the figures and their noise follow from the global batch; the micro batch is
    what memory limits.
    """
    if not any(".global_batch:" in path for path in changed):
        return ""
    return (
        "\nglobal_batch decides which figures a step sees and cannot change within a run. To use "
        "less memory, change micro_batch; to go on with another batch, start a new run from these "
        "weights with --init-from."
    )


_REMEDY = "Delete that folder and resume: the checkpoint before it is used."


def _steps(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step-*") if path.is_dir() and not path.suffix)


def _sync(path: Path) -> None:
    """Flushes a file or folder to disk; Windows opens no folders, and needs no such flush."""
    folder = path.is_dir()
    try:
        handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except PermissionError:
        if folder:
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
