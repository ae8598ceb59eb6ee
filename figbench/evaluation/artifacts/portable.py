"""The features file of a portable run (``--portable``), for paired tests on another machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from figbench.errors import IntegrityError

PORTABLE_NAME = "features.safetensors"

Features = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def read_portable(folder: Path, key: str) -> Features | None:
    """Returns the features of one pair of namespaces.

    Args:
        folder: Folder of the run.
        key: Key of :func:`feature_namespaces`.

    Returns:
        Generated (n, d) and reference (m, d), float32; None where they were not copied.

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
