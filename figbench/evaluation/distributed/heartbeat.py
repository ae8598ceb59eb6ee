"""Heartbeats of the processes of one run, as small files in the store.

Each process increments a counter in its own file, and rank 0 checks that the counters change. No
clocks are compared and no connection is held, so it works wherever the store is shared.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from figbench.io.atomic import write_text_atomic

BEAT_S = 1.0
SILENT_AFTER_S = 30.0
"""A process whose counter does not change for this long is treated as dead."""
UNSEEN_AFTER_S = 120.0
"""A process without a file is treated as dead this long after rank 0 finished its share."""
DONE, FAILED = "done", "failed"


@contextmanager
def beating(folder: Path, rank: int) -> Iterator[None]:
    """Writes a counter to ``folder/<rank>`` while the block runs, then ``done`` or ``failed``."""
    path = folder / str(rank)
    stopped = threading.Event()

    def beat() -> None:
        count = 0
        while not stopped.wait(BEAT_S):
            count += 1
            write_text_atomic(path, f"{time.time_ns()} {count}")

    write_text_atomic(path, f"{time.time_ns()} 0")
    thread = threading.Thread(target=beat, name="figbench-heartbeat", daemon=True)
    thread.start()
    outcome = FAILED
    try:
        yield
        outcome = DONE
    finally:
        stopped.set()
        thread.join()
        write_text_atomic(path, outcome)


class Watch:
    """Heartbeats of the other processes, read by rank 0.

    Args:
        folder: Folder of the heartbeat files.
        count: Number of processes.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._paths = [folder / str(rank) for rank in range(1, count)]
        self._seen: dict[Path, tuple[str, float]] = {}
        self._started = time.monotonic()

    def any_running(self) -> bool:
        """Tells whether any other process may still write records."""
        return any([self._running(path) for path in self._paths])

    def _running(self, path: Path) -> bool:
        now = time.monotonic()
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            return now - self._started < UNSEEN_AFTER_S
        previous, since = self._seen.get(path, ("", now))
        if text != previous:
            self._seen[path] = (text, now)
            since = now
        return text not in (DONE, FAILED) and now - since < SILENT_AFTER_S
