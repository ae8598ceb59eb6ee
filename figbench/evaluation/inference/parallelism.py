"""What runs side by side on one device."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from figbench.features.threads import thread_budget

MAX_LANES = 8
CUDA_BATCH = 8
"""How many times a CPU's batch suits a GPU."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How an extraction is spread over threads.

    On a CPU several *lanes* each take images from bytes to rows with threads of their own. One
    network with all cores waits at every layer for its slowest thread, and all cores wait while one
    decodes; lanes do neither. A GPU has one lane, and threads that decode ahead of it.

    Attributes:
        lanes: Parts of the work computed at the same time.
        threads: PyTorch's threads in each lane.
        decoders: Threads that prepare images ahead of a lone lane; 0 for none.
        part: Groups that a lane takes at a time; batches do not span parts.
        max_held: Prepared images that wait for a full batch of their shape.
        batch_factor: Times the batch size that a network's facts give for a CPU.
    """

    lanes: int = 1
    threads: int = 1
    decoders: int = 0
    part: int = 4
    max_held: int = 64
    batch_factor: int = 1

    @contextmanager
    def side_by_side(self) -> Iterator[Callable[[], None]]:
        """Yields what each lane's thread calls first; afterwards new threads start as before."""
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


def pace_of(device: str, workers: int | None) -> Pace:
    """Returns the pace for a device.

    Args:
        device: A torch device.
        workers: Lanes on a CPU, decoding threads beside a GPU; None for what suits the device, 0
            for neither.
    """
    budget = thread_budget()
    if device != "cpu":
        decoders = min(8, budget) if workers is None else workers
        return Pace(
            threads=budget,
            decoders=decoders,
            part=64,
            max_held=64 * CUDA_BATCH,
            batch_factor=CUDA_BATCH,
        )
    lanes = min(budget, MAX_LANES) if workers is None else max(1, workers)
    if lanes == 1:
        return Pace(threads=budget, decoders=1 if workers is None else workers)
    return Pace(lanes, max(1, budget // lanes))
