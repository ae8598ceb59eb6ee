"""Pipelines that come with the package: found by name, instead of a folder."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path

from figbench.errors import IntegrityError

WEIGHTS = "weights"
CARD = "card.json"


def weights_folder() -> Path:
    """Returns the folder of the shipped pipelines; it need not exist."""
    return Path(str(files("figbench_figgen").joinpath(WEIGHTS)))


def shipped_names() -> list[str]:
    """Returns the names of the pipelines in the package."""
    folder = weights_folder()
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "model_index.json").is_file())


def resolve(checkpoint: str | Path) -> Path:
    """Returns the folder of a checkpoint: the path itself, or a shipped pipeline of that name.

    A folder of that name in the working directory wins.
    """
    path = Path(checkpoint)
    if not path.exists() and str(checkpoint) in shipped_names():
        return weights_folder() / str(checkpoint)
    return path


def verify_card(folder: Path) -> None:
    """Compares the weight files of an exported pipeline with the digests of its card.

    A folder without a card is a training run's, and is not checked.

    Raises:
        IntegrityError: If a file is missing or has other bytes, or the card cannot be read.
    """
    path = folder / CARD
    if not path.is_file():
        return
    remedy = "The folder is damaged; copy it again, or install figbench again."
    try:
        digests = dict(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{path}: cannot be read ({error}).", remedy=remedy) from None
    for name, expected in sorted(digests.items()):
        file = folder / name
        if not file.is_file():
            raise IntegrityError(f"{file}: missing; {CARD} lists it.", remedy=remedy)
        with file.open("rb") as handle:
            actual = hashlib.file_digest(handle, "sha256").hexdigest()
        if actual != expected:
            raise IntegrityError(
                f"{file}: SHA-256 {actual[:16]}, {CARD} says {str(expected)[:16]}.", remedy=remedy
            )
