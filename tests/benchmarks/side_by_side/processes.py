"""One run in a process of its own: seconds with start-up, peak memory, what it printed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.side_by_side.settings import ROOT, Work
from tests.benchmarks.side_by_side.watched import peak_mib

LOOK_EVERY_S = 0.25
HERE = "tests.benchmarks.side_by_side"


class RunError(Exception):
    """A process that ended with an error; the message is its last line."""


@dataclass(frozen=True)
class Measured:
    """A finished process.

    Attributes:
        seconds: From the start of the process to its end.
        peak_mib: Peak resident memory of the process itself.
        child_mib: Of the largest process that it started, 0 without any; looked at four times a
            second. Forked workers share pages with their parent: the two don't add up.
        output: Its stdout.
    """

    seconds: float
    peak_mib: int
    child_mib: int
    output: str

    def record(self) -> dict[str, float | int]:
        """The numbers, ready for JSON."""
        return {
            "seconds": round(self.seconds, 3),
            "peak_mib": self.peak_mib,
            "child_mib": self.child_mib,
        }


def measure(module: str, arguments: list[str], work: Work) -> Measured:
    """Runs ``python -m module arguments``.

    Raises:
        RunError: If it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        report, printed, said = (Path(folder) / name for name in ("peak", "stdout", "stderr"))
        command = [sys.executable, "-m", f"{HERE}.watched", str(report), module, *arguments]
        with printed.open("w") as stdout, said.open("w") as stderr:
            start = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=work.variables(), stdout=stdout, stderr=stderr
            )
            watch = _Watch(process.pid)
            failed = process.wait()
            seconds = time.perf_counter() - start
            child = watch.stop()
        if failed:
            lines = said.read_text().strip().splitlines() or ["no message"]
            raise RunError(f"{module} ended with {failed}: {' / '.join(lines[-3:])}")
        return Measured(seconds, int(report.read_text()), child, printed.read_text())


class _Watch:
    """Looks at the descendants of a process until told to stop."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._largest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Returns the largest peak seen, in MiB."""
        self._ended.set()
        self._thread.join()
        return self._largest

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            for pid in _descendants(self._pid):
                try:
                    self._largest = max(self._largest, peak_mib(Path(f"/proc/{pid}/status")))
                except (OSError, ValueError):
                    continue  # It ended meanwhile.


def _descendants(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            mine = [int(one) for one in children.read_text().split()]
        except OSError:
            continue
        for child in mine:
            found += [child, *_descendants(child)]
    return found
