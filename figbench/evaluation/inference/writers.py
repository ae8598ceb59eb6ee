"""Writers of results: the store, or a buffer that another machine sends to it."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.evaluation.planning.workload import Job, Namespaces
from figbench.store import Namespace

FLUSH_RECORDS = 128
TEXT_FLUSH_RECORDS = 32
FLUSH_AFTER_S = 5.0
"""Results (fewer of text, which takes longest) and seconds before a segment is written: at most
so much is computed again after a kill."""

Record = bytes | dict[str, npt.NDArray[Any]]


class Writer(Protocol):
    """Takes finished records: the store, or a buffer that another machine sends to it."""

    def add(self, job: Job, record: Record) -> None:
        """Takes the record of a job."""
        ...

    def flush(self) -> None:
        """Writes the records that are still in memory."""
        ...


class StoreWriter:
    """Finished records of each namespace, written as segments; for several threads."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._records: dict[Namespace, dict[bytes, Record]] = {}
        self._written_s = time.monotonic()
        self._lock = threading.RLock()

    def add(self, job: Job, record: Record) -> None:
        """See :class:`Writer`."""
        with self._lock:
            namespace = self._namespaces.of(job.task, job.side)
            records = self._records.setdefault(namespace, {})
            records[job.key] = record
            if len(records) >= (TEXT_FLUSH_RECORDS if isinstance(record, bytes) else FLUSH_RECORDS):
                self._write(namespace)
            elif time.monotonic() - self._written_s > FLUSH_AFTER_S:
                self.flush()

    def flush(self) -> None:
        """See :class:`Writer`."""
        with self._lock:
            for namespace in list(self._records):
                self._write(namespace)
            self._written_s = time.monotonic()

    def _write(self, namespace: Namespace) -> None:
        records = self._records.pop(namespace)
        texts = [record for record in records.values() if isinstance(record, bytes)]
        if texts:
            namespace.put_bytes(list(records), texts)
            return
        arrays = [record for record in records.values() if not isinstance(record, bytes)]
        stacked = {name: np.stack([record[name] for record in arrays]) for name in arrays[0]}
        namespace.put(list(records), stacked)
