"""Number of threads and size of chunks of an extraction, by device."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from figbench.features.engines.threads import thread_budget

MAX_WORKERS = 8
CUDA_BATCH = 8
"""How many times a CPU's batch suits a GPU."""


@dataclass(frozen=True, slots=True)
class Parallelism:
    """How an extraction is spread over threads.

    On a CPU several *workers* each take images from bytes to rows with threads of their own. One
    network with all cores waits at every layer for its slowest thread, and all cores wait while one
    decodes; workers do neither. A GPU has one worker, and threads that decode ahead of it.

    Attributes:
        workers: Parts of the work computed at the same time.
        threads: PyTorch's threads in each worker.
        decoders: Threads that prepare images ahead of a single worker; 0 for none.
        chunk: Groups that a worker takes at a time; batches do not span chunks.
        max_prepared: Prepared images that wait for a full batch of their shape.
        batch_factor: Times the batch size that a network's facts give for a CPU.
    """

    workers: int = 1
    threads: int = 1
    decoders: int = 0
    chunk: int = 4
    max_prepared: int = 64
    batch_factor: int = 1

    @contextmanager
    def worker_threads(self) -> Iterator[Callable[[], None]]:
        """Yields what each worker's thread calls first; afterwards new threads start as before."""
        torch = sys.modules.get("torch")
        if torch is None:
            yield lambda: None
            return
        before = torch.get_num_threads()
        try:
            yield lambda: torch.set_num_threads(self.threads)
        finally:
            # PyTorch takes the last number that any thread set for the threads to come.
            torch.set_num_threads(before)


def parallelism_of(device: str, workers: int | None) -> Parallelism:
    """Returns the parallelism for a device.

    Args:
        device: A torch device.
        workers: Workers on a CPU, decoding threads beside a GPU; None for what suits the device, 0
            for neither.
    """
    budget = thread_budget()
    if device != "cpu":
        decoders = min(8, budget) if workers is None else workers
        return Parallelism(
            threads=budget,
            decoders=decoders,
            chunk=64,
            max_prepared=64 * CUDA_BATCH,
            batch_factor=CUDA_BATCH,
        )
    count = min(budget, MAX_WORKERS) if workers is None else max(1, workers)
    if count == 1:
        return Parallelism(threads=budget, decoders=1 if workers is None else workers)
    return Parallelism(count, max(1, budget // count))
