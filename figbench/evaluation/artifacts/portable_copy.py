"""Copying the features of a run from the store into its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.evaluation.artifacts.portable import PORTABLE_NAME
from figbench.evaluation.artifacts.reader import feature_namespaces, load_features
from figbench.io.atomic import atomic_path
from figbench.metrics import set_statistic


def make_portable(folder: Path) -> Path | None:
    """Copies the features of a finished run from the store into its folder.

    Copied are the features of metrics with a set statistic: their paired tests need them. The other
    metrics are tested from their values per figure.

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
        if set_statistic(metric_id) is None:
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
