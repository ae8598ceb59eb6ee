"""A local copy of objects, in a cache: whole files only, and only what is new or has changed.

One folder per place holds ``files/``, and ``journal.jsonl`` with a line for each copy: the object's
stamp (ETag, checksum or time), and the copy's size and time. A copy counts while all three agree,
so a kill at any moment, or a hand that edits the cache, costs another transfer and nothing else.
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
"""Called with (bytes so far, bytes in all)."""
_Record = tuple[str | None, int, int]
"""Stamp of the object; size and nanoseconds of change of its copy."""


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object as its store lists it.

    Attributes:
        key: What the file system calls it.
        size: In bytes, where that is told.
        stamp: Changes with the content; None where the store tells nothing of the kind.
    """

    key: str
    size: int | None
    stamp: str | None


def mirrors_folder() -> Path:
    """Returns ``$FIGBENCH_MIRRORS`` or the per-user cache folder."""
    return cache_folder("mirrors", "FIGBENCH_MIRRORS")


class Mirror:
    """The copy of one place; use it inside :meth:`held`.

    Args:
        filesystem: Of fsspec.
        key: What the file system calls the place.
        base: Its URL as the user wrote it, for messages.
    """

    def __init__(self, filesystem: Any, key: str, base: str) -> None:
        self.base = base
        name = f"{filesystem.unstrip_protocol(key)}".rstrip("/")
        self.folder = mirrors_folder() / hashlib.sha256(name.encode()).hexdigest()[:32]
        self.files = self.folder / "files"
        self._filesystem = filesystem
        self._parts = self.folder / "parts"
        self._journal = self.folder / "journal.jsonl"
        self._records: dict[str, _Record] = {}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other processes out: the second finds everything copied."""
        self.files.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            shutil.rmtree(self._parts, ignore_errors=True)  # of a process that was killed
            self._parts.mkdir()
            self._records = self._read_journal()
            try:
                yield
            finally:
                shutil.rmtree(self._parts, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Returns where an object's copy lies."""
        return self.files / name

    def fetch(
        self, wanted: Mapping[str, RemoteObject], advance: Advance | None = None
    ) -> dict[str, str]:
        """Copies what is not here yet; returns, by name, why an object may not be read.

        An object that vanished since it was listed has no copy afterwards.

        Args:
            wanted: Objects by safe relative name.
            advance: Progress.

        Raises:
            UserError: If the store fails or the disk has no room. What is copied stays.
            OSError: If the cache cannot be written.
        """
        missing = {name: one for name, one in wanted.items() if not self._is_here(name, one)}
        if not missing:
            return {}
        total = sum(one.size or 0 for one in missing.values())
        self._require_room(total)
        refused, have = {}, 0
        with self._journal.open("a", encoding="utf-8") as journal:
            for name, reason in self._copy_all(missing):
                if reason is None:
                    self._record(journal, name, missing[name].stamp)
                else:
                    self._forget(journal, name)
                if reason:
                    refused[name] = reason
                have += missing[name].size or 0
                if advance:
                    advance(have, total)
        return refused

    def keep(self, present: Collection[str], below: str = "") -> None:
        """Deletes the copies of objects that are there no more.

        Args:
            present: The names that are there.
            below: Look at copies below this folder only; "" for all.
        """
        gone = [name for name in self._records if name.startswith(below) and name not in present]
        if gone:
            with self._journal.open("a", encoding="utf-8") as journal:
                for name in gone:
                    self._forget(journal, name)

    def _is_here(self, name: str, one: RemoteObject) -> bool:
        record = self._records.get(name)
        if record is None or one.stamp is None:
            return False
        return record == self._state(name, one.stamp)

    def _state(self, name: str, stamp: str | None) -> _Record | None:
        try:
            state = self.path(name).stat()
        except OSError:
            return None
        return stamp, state.st_size, state.st_mtime_ns

    def _require_room(self, total: int) -> None:
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
                pool.submit(self._copy, name, one): name for name, one in objects.items()
            }
            for done in as_completed(names):
                yield names[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _copy(self, name: str, one: RemoteObject) -> str | None:
        """Returns None when it is copied, "" when it vanished, or why it may not be read."""
        temporary = self._parts / uuid4().hex
        try:
            with explained(f"{self.base}/{name}"):
                self._own().get_file(one.key, str(temporary))
                size = temporary.stat().st_size
                if one.size is not None and size != one.size:
                    raise OSError(f"{size:,} of {one.size:,} bytes came")
        except UserError as error:
            return self._verdict(one, error)
        with temporary.open("r+b") as written:
            os.fsync(written.fileno())
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        return None

    def _verdict(self, one: RemoteObject, error: UserError) -> str:
        cause = error.__context__
        if isinstance(cause, FileNotFoundError) and not self._own().exists(one.key):
            return ""
        if isinstance(cause, PermissionError):
            return f"may not be read ({cause})"
        raise error

    def _own(self) -> Any:
        """Async file systems serve many threads; others, such as ftp, get an instance for each."""
        one = self._filesystem
        return one if one.async_impl else type(one)(*one.storage_args, **one.storage_options)

    def _read_journal(self) -> dict[str, _Record]:
        records: dict[str, _Record] = {}
        text = self._journal.read_text(encoding="utf-8") if self._journal.exists() else ""
        lines = text.splitlines()
        for line in lines:
            try:
                name, stamp, size, changed = json.loads(line)
            except (ValueError, TypeError):
                continue  # cut off by a kill
            records.pop(name, None)
            if size is not None:
                records[name] = (stamp, size, changed)
        if len(lines) > 2 * len(records) + 100 or not text.endswith("\n"):
            rows = ([name, *record] for name, record in records.items())
            write_text_atomic(self._journal, "".join(json.dumps(row) + "\n" for row in rows))
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
