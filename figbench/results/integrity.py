"""Whether the files of a run folder are of one run.

``result.json``, ``per_figure.parquet`` and the manifests are written one after the other; a kill, a
second job on one folder, or a version control that took some of them leaves a mixture.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from figbench.errors import IntegrityError, UserError
from figbench.results.schema import RunResult

ROWS_KEY = b"figbench-run"
POINTER = b"version https://git-lfs"
_MANIFESTS = {"generated": "generated.jsonl", "reference": "reference.jsonl"}


def run_identity(result: RunResult) -> dict[str, str]:
    """Returns what ties the files of one run: digests of both sides and the protocol hash.

    The time of the run is left out: equal inputs under one protocol give equal bytes.
    """
    return {
        "generated": result.manifests.generated.digest,
        "reference": result.manifests.reference.digest,
        "protocol": result.protocol.hash,
    }


def is_pointer(path: Path) -> bool:
    """Tells whether a file is a Git LFS pointer in the place of the file itself."""
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


def check_folder(folder: Path, result: RunResult, rows_name: str) -> None:
    """Raises unless the rows and manifests beside a result are of its run.

    Files that are not there, or are of a version without these marks, are passed over.

    Raises:
        IntegrityError: Naming the file that is of another run.
        UserError: If a file is a Git LFS pointer.
    """
    identity = run_identity(result)
    rows = folder / rows_name
    require_no_pointer(rows)
    found = _of_rows(rows)
    if found is not None and found != identity:
        raise _mixed(folder, rows_name, found, identity)
    for side, name in _MANIFESTS.items():
        path = folder / name
        require_no_pointer(path)
        digest = _of_manifest(path)
        if digest is not None and digest != identity[side]:
            raise _mixed(folder, name, {side: digest}, identity)


def _of_rows(path: Path) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        packed = (pq.read_schema(path).metadata or {}).get(ROWS_KEY) if path.is_file() else None
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
    folder: Path, name: str, found: dict[str, Any], identity: dict[str, str]
) -> IntegrityError:
    differing = [key for key in found if found[key] != identity.get(key)]
    return IntegrityError(
        f"{folder}: holds files of two runs: {name} is not of the run of result.json "
        f"(differing: {', '.join(differing)}).",
        remedy="Run figbench evaluate again with this --output, or restore the folder whole.",
    )
