"""Signs of life between the processes of one run, as small files in the store.

No clocks are compared and no connection is held: a process counts up in a file of its own, and
rank 0 watches whether the count moves. This works wherever the store itself is shared.
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
"""A process whose count stands still this long is taken for dead."""
UNSEEN_AFTER_S = 120.0
"""So is one that never appeared, this long after rank 0 finished its own share."""
DONE, FAILED = "done", "failed"


@contextmanager
def beating(folder: Path, rank: int) -> Iterator[None]:
    """Counts up in ``folder/<rank>`` while the block runs; leaves ``done`` or ``failed``."""
    path = folder / str(rank)
    over = threading.Event()

    def beat() -> None:
        count = 0
        while not over.wait(BEAT_S):
            count += 1
            write_text_atomic(path, f"{time.time_ns()} {count}")

    write_text_atomic(path, f"{time.time_ns()} 0")
    thread = threading.Thread(target=beat, name="figbench-heartbeat", daemon=True)
    thread.start()
    last = FAILED
    try:
        yield
        last = DONE
    finally:
        over.set()
        thread.join()
        write_text_atomic(path, last)


class Watch:
    """Rank 0's view of the others."""

    def __init__(self, folder: Path, count: int) -> None:
        self._paths = [folder / str(rank) for rank in range(1, count)]
        self._seen: dict[Path, tuple[str, float]] = {}
        self._started = time.monotonic()

    def anyone_at_work(self) -> bool:
        """Tells whether any other process may still bring rows."""
        return any([self._at_work(path) for path in self._paths])

    def _at_work(self, path: Path) -> bool:
        now = time.monotonic()
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            return now - self._started < UNSEEN_AFTER_S
        known, since = self._seen.get(path, ("", now))
        if text != known:
            self._seen[path] = (text, now)
            since = now
        return text not in (DONE, FAILED) and now - since < SILENT_AFTER_S
