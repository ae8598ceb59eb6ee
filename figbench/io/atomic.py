"""Reading and writing results: atomic, size-limited, never trusting."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from figbench.errors import UserError
from figbench.results.schema import RunResult

RESULT_NAME = "result.json"
PER_FIGURE_NAME = "per_figure.parquet"
MAX_RESULT_BYTES = 64 * 2**20


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside ``target`` that replaces it when the block succeeds.

    The data is flushed to disk before the rename, so after a crash ``target`` is either
    what it was or complete. The temporary file is removed when the block raises.

    Raises:
        OSError: With the file's name, also where the disk became full while it was written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    except OSError as error:
        if error.filename is not None:
            raise
        # A failed write, unlike a failed open, does not say where.
        raise OSError(error.errno, error.strerror or str(error), str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text_atomic(target: Path, text: str) -> None:
    """Writes UTF-8 text so that a reader sees the old file or the new one, never a half."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def dump_json(document: Any) -> str:
    """Returns JSON with sorted keys, two-space indent and a final newline; refuses NaN."""
    return (
        json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"
    )


def read_json(path: Path, *, limit: int = MAX_RESULT_BYTES) -> Any:
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
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file.", remedy="Check the path.") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a folder, expected a JSON file.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({error}).") from None


def write_result(result: RunResult, folder: Path) -> Path:
    """Writes ``result.json`` into ``folder`` atomically and returns its path."""
    target = folder / RESULT_NAME
    write_text_atomic(target, dump_json(result.model_dump(mode="json")))
    return target


def load_result(path: str | Path) -> RunResult:
    """Loads a result from ``result.json`` or from the folder that holds one.

    Raises:
        UserError: If there is none, or it does not follow the schema; every violation is
            named with its place in the file.
    """
    source = Path(path)
    if source.is_dir():
        source = source / RESULT_NAME
    document = read_json(source)
    try:
        return RunResult.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'top level'}: {item['msg']}"
            for item in error.errors()[:8]
        )
        raise UserError(
            f"{source}: not a figbench result: {problems}.",
            remedy="Make one with: figbench evaluate GENERATED --reference REF --output DIR",
        ) from None
