"""Writers of results: the store, or a buffer that another machine sends to it."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.evaluation.planning.workload import Job, Namespaces
from figbench.store import Namespace

FLUSH_ROWS = 128
TEXT_FLUSH_ROWS = 32
FLUSH_AFTER_S = 5.0
"""Results (fewer of text, which takes longest) and seconds before a segment is written: at most
so much is computed again after a kill."""

Row = bytes | dict[str, npt.NDArray[Any]]


class Writer(Protocol):
    """Takes finished rows: the store, or what carries them to it from another machine."""

    def add(self, job: Job, row: Row) -> None:
        """Takes the row of a job."""
        ...

    def flush(self) -> None:
        """Writes what is still in memory."""
        ...


class StoreWriter:
    """Finished rows per space, written as segments; for several threads."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._rows: dict[Namespace, dict[bytes, Row]] = {}
        self._written_s = time.monotonic()
        self._lock = threading.RLock()

    def add(self, job: Job, row: Row) -> None:
        """See :class:`Writer`."""
        with self._lock:
            namespace = self._namespaces.of(job.task, job.side)
            rows = self._rows.setdefault(namespace, {})
            rows[job.key] = row
            if len(rows) >= (TEXT_FLUSH_ROWS if isinstance(row, bytes) else FLUSH_ROWS):
                self._write(namespace)
            elif time.monotonic() - self._written_s > FLUSH_AFTER_S:
                self.flush()

    def flush(self) -> None:
        """See :class:`Writer`."""
        with self._lock:
            for namespace in list(self._rows):
                self._write(namespace)
            self._written_s = time.monotonic()

    def _write(self, namespace: Namespace) -> None:
        rows = self._rows.pop(namespace)
        texts = [row for row in rows.values() if isinstance(row, bytes)]
        if texts:
            namespace.put_bytes(list(rows), texts)
            return
        arrays = [row for row in rows.values() if not isinstance(row, bytes)]
        stacked = {part: np.stack([row[part] for row in arrays]) for part in arrays[0]}
        namespace.put(list(rows), stacked)
