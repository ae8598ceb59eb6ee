"""What this machine itself gives to a second single-threaded process.

``python -m tests.benchmarks.side_by_side.scaling KIND START SECONDS`` multiplies matrices or
convolves, one thread, from a moment (Unix time) on, and prints the rate.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from tests.benchmarks.side_by_side.processes import HERE
from tests.benchmarks.side_by_side.settings import ROOT, Work

KINDS = ("matrix products", "convolutions")
SECONDS = 4.0
LOADING_S = 8.0
"""Until when both processes have surely imported torch."""


def machine_scaling(work: Work, kind: str) -> dict[str, float]:
    """Returns the rate of one process, of two together, and their ratio."""
    [one], two = _rates(work, kind, 1), _rates(work, kind, 2)
    return {"one": one, "two": sum(two), "times": sum(two) / one}


def _rates(work: Work, kind: str, count: int) -> list[float]:
    start = str(time.time() + LOADING_S)
    command = [sys.executable, "-m", f"{HERE}.scaling", kind, start, str(SECONDS)]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=work.variables(), stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    return [float(one.communicate()[0]) for one in running]


def _work(kind: str) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    if kind == KINDS[0]:
        left, right = torch.rand(768, 768), torch.rand(768, 768)
        return lambda: left @ right
    layer = torch.nn.Conv2d(128, 128, 3, padding=1, bias=False).eval().requires_grad_(False)
    picture = torch.rand(1, 128, 64, 64).to(memory_format=torch.channels_last)
    return lambda: layer.to(memory_format=torch.channels_last)(picture)


if __name__ == "__main__":
    call = _work(sys.argv[1])
    call()
    start, seconds = float(sys.argv[2]), float(sys.argv[3])
    time.sleep(max(0.0, start - time.time()))
    begun, calls = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        call()
        calls += 1
    print(calls / (time.perf_counter() - begun))
