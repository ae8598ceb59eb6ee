"""Large rows that may be lost: one file each, up to a number of bytes on the disk.

A space reads all keys when it is opened and checks every byte; megabytes per row forbid both. Here
a row is looked up by its file's name, checked when it is read, and simply absent when it is damaged
or when there was no room.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from figbench.io.atomic import atomic_path

SUFFIX = ".row"
DIGEST_BYTES = 32


class KeptRows:
    """The large rows of one identity in one store.

    Args:
        root: Folder of all large rows of the store; the limit holds for it as a whole.
        space_id: Name of the identity.
        limit_bytes: Rows are kept until the root holds this much.
    """

    def __init__(self, root: Path, space_id: str, limit_bytes: int) -> None:
        self._root, self._folder, self._limit = root, root / space_id, limit_bytes
        self._used: int | None = None

    def __contains__(self, key: bytes) -> bool:
        return self._path(key).is_file()

    def get(self, key: bytes) -> bytes | None:
        """Returns a row, or None where it is absent or damaged."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, payload = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() == digest:
            return payload
        with suppress(OSError):
            self._path(key).unlink()
        return None

    def put(self, key: bytes, payload: bytes) -> None:
        """Keeps a row where there is room for it."""
        if self._used is None:
            self._used = sum(path.stat().st_size for path in self._root.glob(f"*/*{SUFFIX}"))
        size = len(payload) + DIGEST_BYTES
        if self._used + size > self._limit:
            return
        # A full disk costs the row, not the run.
        with suppress(OSError), atomic_path(self._path(key)) as temporary:
            temporary.write_bytes(hashlib.sha256(payload).digest() + payload)
            self._used += size

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{key.hex()}{SUFFIX}"
