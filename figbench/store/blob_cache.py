"""Cache of large records, one file each, up to a number of bytes on the disk.

A namespace reads all keys when it is opened and checks every byte, which is too slow for megabytes
a record. Here a record is looked up by the name of its file and checked when it is read. It is
absent when it is damaged or when the cache was full.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from figbench.io.atomic import atomic_path

SUFFIX = ".row"
DIGEST_BYTES = 32


class BlobCache:
    """The large records of one namespace.

    Args:
        root: Folder of all large records of the store; the limit holds for the whole folder.
        namespace_id: Name of the namespace.
        limit_bytes: Records are added until the root holds this much.
    """

    def __init__(self, root: Path, namespace_id: str, limit_bytes: int) -> None:
        self._root, self._folder, self._limit = root, root / namespace_id, limit_bytes
        self._used: int | None = None

    def __contains__(self, key: bytes) -> bool:
        return self._path(key).is_file()

    def get(self, key: bytes) -> bytes | None:
        """Returns a record, or None where it is absent or damaged."""
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
        """Adds a record unless the cache is full."""
        if self._used is None:
            self._used = sum(path.stat().st_size for path in self._root.glob(f"*/*{SUFFIX}"))
        size = len(payload) + DIGEST_BYTES
        if self._used + size > self._limit:
            return
        # A full disk costs the record, not the run.
        with suppress(OSError), atomic_path(self._path(key)) as temporary:
            temporary.write_bytes(hashlib.sha256(payload).digest() + payload)
            self._used += size

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{key.hex()}{SUFFIX}"
