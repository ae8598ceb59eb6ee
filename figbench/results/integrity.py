"""Check that the files of a run folder belong to the same run.

``result.json``, ``per_figure.parquet`` and the manifests are written one after the other. A kill, a
second job on the same folder, or a partial commit can leave files of two runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from figbench.errors import IntegrityError, UserError
from figbench.results.schema import RunResult

TABLE_KEY = b"figbench-run"
POINTER = b"version https://git-lfs"
_MANIFESTS = {"generated": "generated.jsonl", "reference": "reference.jsonl"}


def run_identity(result: RunResult) -> dict[str, str]:
    """Returns the identity that the files of a run share: both digests and the protocol hash.

    It has no time: equal inputs under one protocol give equal bytes.
    """
    return {
        "generated": result.manifests.generated.digest,
        "reference": result.manifests.reference.digest,
        "protocol": result.protocol.hash,
    }


def is_pointer(path: Path) -> bool:
    """Tells whether a file is a Git LFS pointer instead of the file itself."""
    try:
        with path.open("rb") as handle:
            return handle.read(len(POINTER)) == POINTER
    except OSError:
        return False


def require_no_pointer(path: Path) -> None:
    """Raises for a Git LFS pointer.

    Raises:
        UserError: If the file is one.
    """
    if is_pointer(path):
        raise UserError(f"{path}: a Git LFS pointer, not the file.", remedy="Run: git lfs pull")


def check_folder(folder: Path, result: RunResult, table_name: str) -> None:
    """Raises unless the table and the manifests of a run folder belong to its result.

    Missing files, and files of versions without an identity, are accepted.

    Args:
        folder: The run folder.
        result: Its result.
        table_name: Name of the per-figure table.

    Raises:
        IntegrityError: Naming the file of another run.
        UserError: If a file is a Git LFS pointer.
    """
    identity = run_identity(result)
    table = folder / table_name
    require_no_pointer(table)
    stored = _of_table(table)
    if stored is not None and stored != identity:
        raise _mixed(folder, table_name, stored, identity)
    for side, name in _MANIFESTS.items():
        path = folder / name
        require_no_pointer(path)
        digest = _of_manifest(path)
        if digest is not None and digest != identity[side]:
            raise _mixed(folder, name, {side: digest}, identity)


def _of_table(path: Path) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        packed = (pq.read_schema(path).metadata or {}).get(TABLE_KEY) if path.is_file() else None
        return None if packed is None else dict(json.loads(packed))
    except (pa.ArrowException, OSError, ValueError):
        return None


def _of_manifest(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as lines:
            head = json.loads(lines.readline())
    except (OSError, ValueError):
        return None
    digest = head.get("digest") if isinstance(head, dict) else None
    return digest if isinstance(digest, str) else None


def _mixed(
    folder: Path, name: str, stored: dict[str, Any], identity: dict[str, str]
) -> IntegrityError:
    differing = [key for key in stored if stored[key] != identity.get(key)]
    return IntegrityError(
        f"{folder}: holds files of two runs: {name} is not of the run of result.json "
        f"(differing: {', '.join(differing)}).",
        remedy="Run figbench evaluate again with this --output, or restore the folder whole.",
    )
