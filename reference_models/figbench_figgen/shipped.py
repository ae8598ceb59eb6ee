"""Pipelines that come with the package: found by name, in the place of a folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

WEIGHTS = "weights"


def shipped_names() -> list[str]:
    """Returns the names of the pipelines in the package."""
    folder = Path(str(files("figbench_figgen").joinpath(WEIGHTS)))
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "model_index.json").is_file())


def resolve(checkpoint: str | Path) -> Path:
    """Returns the folder of a checkpoint: the path itself, or a shipped pipeline of that name.

    A folder of that name in the working directory wins.
    """
    path = Path(checkpoint)
    if not path.exists() and str(checkpoint) in shipped_names():
        return Path(str(files("figbench_figgen").joinpath(WEIGHTS, str(checkpoint))))
    return path
