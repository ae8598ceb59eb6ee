"""Atomic file writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        # Windows flushes a file only through a handle that may write.
        with temporary.open("r+b") as written:
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
