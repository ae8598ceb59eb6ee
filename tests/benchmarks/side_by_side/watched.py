"""Runs a module as ``python -m`` would, and leaves the process's peak memory in a file.

``python -m tests.benchmarks.side_by_side.watched FILE MODULE [ARGUMENT ...]``
"""

from __future__ import annotations

import atexit
import resource
import runpy
import sys
from pathlib import Path


def peak_mib(status: Path = Path("/proc/self/status")) -> int:
    """Peak resident memory of a process; ``ru_maxrss`` would count the parent's before exec."""
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    [line] = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    report, module, *rest = sys.argv[1:]
    atexit.register(lambda: Path(report).write_text(str(peak_mib())))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
