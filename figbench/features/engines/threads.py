"""The number of cores that this process may use, with and without PyTorch."""

from __future__ import annotations

import os
import sys


def thread_budget() -> int:
    """Returns the threads that a network may use: PyTorch's setting where PyTorch is loaded.

    Without PyTorch it is ``OMP_NUM_THREADS``, else the cores that the process may run on, which
    is what PyTorch would take.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        threads: int = torch.get_num_threads()
        return threads
    stated = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
