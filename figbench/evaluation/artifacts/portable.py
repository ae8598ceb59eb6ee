"""Features beside a result (``--portable``), so that another machine can test it paired."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.errors import IntegrityError
from figbench.io.atomic import atomic_path

PORTABLE_NAME = "features.safetensors"

Features = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def make_portable(folder: Path) -> Path | None:
    """Copies the features of a finished run from the store into its folder.

    Args:
        folder: Of the run.

    Returns:
        The file, or None where the run has no metric over features.

    Raises:
        IntegrityError: If the store no longer holds them.
    """
    from safetensors.numpy import save

    from figbench.evaluation.artifacts.reader import feature_spaces, load_features

    spaces = feature_spaces(folder)
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for metric_id, key in spaces.items():
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


def read_portable(folder: Path, key: str) -> Features | None:
    """Returns (generated, reference) rows of one pair of namespaces, None where not copied.

    Raises:
        IntegrityError: If the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / PORTABLE_NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as stored:
            if f"{key}/generated" not in stored.keys():
                return None
            return stored.get_tensor(f"{key}/generated"), stored.get_tensor(f"{key}/reference")
    except (SafetensorError, OSError, ValueError) as error:
        raise IntegrityError(
            f"{path}: damaged ({error}).", remedy="Restore it, or score the run again."
        ) from None
