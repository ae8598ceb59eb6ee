"""YAML that people write: a value, or an error that names the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from figbench.errors import UserError

MAX_YAML_BYTES = 2**20


def read_yaml(path: Path) -> Any:
    """Returns the document in a YAML or JSON file; only plain values, never objects.

    Raises:
        UserError: If it cannot be read, is larger than 1 MiB or is no YAML.
    """
    try:
        if path.stat().st_size > MAX_YAML_BYTES:
            raise UserError(f"{path}: larger than {MAX_YAML_BYTES:,} bytes.")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    return parse_yaml(data, str(path))


def parse_yaml(data: bytes, source: str) -> Any:
    """Returns the document in UTF-8 YAML; ``source`` names it in messages.

    Raises:
        UserError: If it is no YAML.
    """
    try:
        return yaml.safe_load(data.decode("utf-8"))
    except Exception as error:
        # PyYAML's readers of numbers and dates let KeyError, ValueError and others escape, its
        # parser RecursionError.
        reason = str(error) or type(error).__name__
        raise UserError(f"{source}: not valid YAML ({reason}).") from None
