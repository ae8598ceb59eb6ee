"""Copying the features of a run from the store into its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.evaluation.artifacts.portable import PORTABLE_NAME
from figbench.evaluation.artifacts.reader import feature_namespaces, load_features
from figbench.io.atomic import atomic_path

TESTED = ("fid", "fd", "kid", "kd")
"""Metrics whose paired test needs features; the others are tested from their per-figure values."""


def make_portable(folder: Path) -> Path | None:
    """Copies the features of a finished run from the store into its folder.

    Args:
        folder: Folder of the run.

    Returns:
        The file, or None where the run has no metric over features.

    Raises:
        IntegrityError: If the store no longer holds them.
    """
    from safetensors.numpy import save

    namespaces = feature_namespaces(folder)
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for metric_id, key in namespaces.items():
        if metric_id.partition("@")[0] not in TESTED:
            continue
        if f"{key}/generated" not in arrays:
            features = load_features(folder, metric_id)
            arrays[f"{key}/generated"] = np.ascontiguousarray(features.generated)
            arrays[f"{key}/reference"] = np.ascontiguousarray(features.reference)
    if not arrays:
        return None
    target = folder / PORTABLE_NAME
    with atomic_path(target) as temporary:
        temporary.write_bytes(save(arrays))
    return target
