"""JSON files: canonical text out, bounded and strict reading in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from figbench.errors import UserError

MAX_JSON_BYTES = 64 * 2**20


def dump_json(document: Any) -> str:
    """Returns JSON with sorted keys, two-space indent and a final newline; refuses NaN."""
    return (
        json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    )


def read_json(path: Path, *, limit: int = MAX_JSON_BYTES) -> Any:
    """Parses a JSON file from an untrusted source.

    Raises:
        UserError: If the file is missing, larger than ``limit`` bytes, or not JSON (``NaN``
            and ``Infinity`` are not JSON).
    """

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not a JSON number")

    try:
        size = path.stat().st_size
        if size > limit:
            raise UserError(f"{path}: {size:,} bytes is more than the limit of {limit:,}.")
        text = path.read_text(encoding="utf-8")
        if text.startswith("version https://git-lfs"):
            raise UserError(f"{path}: a Git LFS pointer, not the file.", remedy="Run: git lfs pull")
        return json.loads(text, parse_constant=refuse)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file.", remedy="Check the path.") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder, expected a JSON file.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({error}).") from None
