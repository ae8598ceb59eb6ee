"""Local copies of objects in a cache: only complete files, and only new or changed objects.

Each mirrored folder has a cache folder with ``files/`` and ``journal.jsonl``. The journal has a
line for each copy: the stamp of the object (a digest of ETag, checksum or time), and size and time
of the copy. A copy is valid while all three are unchanged. After a killed process or a manual edit
of the cache, the affected objects are copied again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from filelock import FileLock

from figbench.data.remote.urls import explained
from figbench.errors import UserError
from figbench.io.atomic import write_text_atomic
from figbench.io.user_folders import cache_folder

THREADS = 16
Advance = Callable[[int, int], None]
"""Called with (bytes so far, total bytes)."""
_Record = tuple[str | None, int, int]
"""Stamp of the object; size in bytes and modification time in ns of its copy."""


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object as its store lists it.

    Attributes:
        key: Path of the object in the file system.
        size: Size in bytes, if the store has it.
        stamp: Text that changes with the content; None if the store has no version or time.
    """

    key: str
    size: int | None
    stamp: str | None


def mirrors_folder() -> Path:
    """Returns ``$FIGBENCH_MIRRORS`` or the per-user cache folder."""
    return cache_folder("mirrors", "FIGBENCH_MIRRORS")


class Mirror:
    """The local copy of a folder; use it inside :meth:`held`.

    Args:
        filesystem: File system of fsspec.
        key: Path of the folder in the file system.
        base: URL of the folder as the user wrote it, for messages.
    """

    def __init__(self, filesystem: Any, key: str, base: str) -> None:
        self.base = base
        name = f"{filesystem.unstrip_protocol(key)}".rstrip("/")
        self.folder = mirrors_folder() / hashlib.sha256(name.encode()).hexdigest()[:32]
        self.files = self.folder / "files"
        self._filesystem = filesystem
        self._temporary = self.folder / "parts"
        self._journal = self.folder / "journal.jsonl"
        self._records: dict[str, _Record] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Locks the mirror. A second process waits, and then uses the copies of the first."""
        self.files.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            shutil.rmtree(self._temporary, ignore_errors=True)  # left by a killed process
            self._temporary.mkdir()
            self._records = self._read_journal()
            try:
                yield
            finally:
                shutil.rmtree(self._temporary, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Returns the path of an object's copy."""
        return self.files / name

    def fetch(
        self, objects: Mapping[str, RemoteObject], advance: Advance | None = None
    ) -> dict[str, str]:
        """Copies objects that have no valid copy.

        An object that was deleted since it was listed has no copy afterwards.

        Args:
            objects: Objects by safe relative name.
            advance: Called with the progress.

        Returns:
            The reason by name for each object that may not be read.

        Raises:
            UserError: If the store fails or the disk has too little free space. Finished copies
                stay.
            OSError: If the cache cannot be written.
        """
        missing = {name: item for name, item in objects.items() if not self._is_valid(name, item)}
        if not missing:
            return {}
        total = sum(item.size or 0 for item in missing.values())
        self._require_free_disk(total)
        refused, copied = {}, 0
        with self._journal.open("a", encoding="utf-8") as journal:
            for name, reason in self._copy_all(missing):
                if reason is None:
                    self._record(journal, name, missing[name].stamp)
                else:
                    self._forget(journal, name)
                if reason:
                    refused[name] = reason
                copied += missing[name].size or 0
                if advance:
                    advance(copied, total)
        return refused

    def prune(self, present: Collection[str], below: str = "") -> None:
        """Deletes the copies of objects that no longer exist.

        Args:
            present: Names of the existing objects.
            below: Delete only copies below this folder; "" for all.
        """
        deleted = [name for name in self._records if name.startswith(below) and name not in present]
        if deleted:
            with self._journal.open("a", encoding="utf-8") as journal:
                for name in deleted:
                    self._forget(journal, name)

    def _is_valid(self, name: str, item: RemoteObject) -> bool:
        record = self._records.get(name)
        if record is None or item.stamp is None:
            return False
        return record == self._state(name, item.stamp)

    def _state(self, name: str, stamp: str | None) -> _Record | None:
        try:
            state = self.path(name).stat()
        except OSError:
            return None
        return stamp, state.st_size, state.st_mtime_ns

    def _require_free_disk(self, total: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < total:
            raise UserError(
                f"{self.base}: {total / 2**30:.1f} GiB to copy, and {mirrors_folder()} has "
                f"{free / 2**30:.1f} GiB free.",
                remedy="Make room there, or name another folder in FIGBENCH_MIRRORS.",
            )

    def _copy_all(self, objects: Mapping[str, RemoteObject]) -> Iterator[tuple[str, str | None]]:
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="figbench-mirror")
        try:
            names: dict[Future[str | None], str] = {
                pool.submit(self._copy, name, item): name for name, item in objects.items()
            }
            for done in as_completed(names):
                yield names[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _copy(self, name: str, item: RemoteObject) -> str | None:
        """Returns None for a copied object, "" for a deleted object, else why it is unreadable."""
        temporary = self._temporary / uuid4().hex
        try:
            with explained(f"{self.base}/{name}"):
                self._thread_filesystem().get_file(item.key, str(temporary))
                size = temporary.stat().st_size
                if item.size is not None and size != item.size:
                    raise OSError(f"received {size:,} of {item.size:,} bytes")
        except UserError as error:
            return self._failure(item, error)
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        return None

    def _failure(self, item: RemoteObject, error: UserError) -> str:
        cause = error.__context__
        if isinstance(cause, FileNotFoundError) and not self._thread_filesystem().exists(item.key):
            return ""
        if isinstance(cause, PermissionError):
            return f"may not be read ({cause})"
        raise error

    def _thread_filesystem(self) -> Any:
        """Returns a file system for this thread; only async file systems are shared by threads."""
        shared = self._filesystem
        if shared.async_impl:
            return shared
        return type(shared)(*shared.storage_args, **shared.storage_options)

    def _read_journal(self) -> dict[str, _Record]:
        records: dict[str, _Record] = {}
        text = self._journal.read_text(encoding="utf-8") if self._journal.exists() else ""
        lines = text.splitlines()
        for line in lines:
            try:
                name, stamp, size, changed = json.loads(line)
            except (ValueError, TypeError):
                continue  # incomplete line of a killed process
            records.pop(name, None)
            if size is not None:
                records[name] = (stamp, size, changed)
        if len(lines) > 2 * len(records) + 100 or not text.endswith("\n"):
            entries = ([name, *record] for name, record in records.items())
            write_text_atomic(self._journal, "".join(json.dumps(entry) + "\n" for entry in entries))
        return records

    def _record(self, journal: IO[str], name: str, stamp: str | None) -> None:
        state = self._state(name, stamp)
        if state is not None:
            self._records[name] = state
            journal.write(json.dumps([name, *state]) + "\n")
            journal.flush()

    def _forget(self, journal: IO[str], name: str) -> None:
        self._records.pop(name, None)
        journal.write(json.dumps([name, None, None, None]) + "\n")
        self.path(name).unlink(missing_ok=True)
        for folder in self.path(name).parents:
            if folder == self.files or any(folder.iterdir() if folder.is_dir() else ()):
                break
            if folder.is_dir():
                folder.rmdir()
