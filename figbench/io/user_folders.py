"""Folders for computed and downloaded files on any machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder(subfolder: str, variable: str) -> Path:
    """Returns the folder that a variable names, else the user's cache folder.

    In a container with an arbitrary user there is neither HOME nor an entry in the password file,
    or HOME cannot be written; then it is a folder of that user below the temporary folder. A folder
    that exists is taken as it is, since it may have been filled for reading.

    Args:
        subfolder: Folder in the cache, such as ``store``.
        variable: Environment variable that names another place, such as ``FIGBENCH_STORE``.
    """
    named = os.environ.get(variable)
    if named:
        return Path(named)
    try:
        folder = user_cache_path("figbench") / subfolder
        if _usable(folder):
            return folder
    except (RuntimeError, KeyError):
        pass
    return _temporary() / subfolder


def ensure_home() -> None:
    """Names a home folder where the user has none: libraries such as OpenVINO fail without.

    The environment variable ``HOME`` of this process then names a folder of this user below the
    temporary folder. Where there is a home folder, nothing changes.
    """
    try:
        Path.home()
    except (RuntimeError, KeyError):
        os.environ["HOME"] = str(_temporary())


def _temporary() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"figbench-{user}"


def _usable(folder: Path) -> bool:
    """Tells whether a folder exists or can be made."""
    try:
        above = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    except OSError:
        return False
    return above == folder or os.access(above, os.W_OK)
