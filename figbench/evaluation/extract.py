"""Runs the networks over what is missing: each image is read and decoded once."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from figbench.data.decode import decode
from figbench.data.preprocess import encode_legacy, preprocess
from figbench.data.types import Figure, RGBImage
from figbench.evaluation.plan import LEGACY, Task
from figbench.evaluation.runners import Runner
from figbench.evaluation.sinks import Sink
from figbench.evaluation.workload import REFERENCE, Group, Job, Workload
from figbench.protocol import Protocol

MAX_HELD = 64
"""Prepared images that wait for a full batch of their shape (``none`` keeps every shape apart)."""

Advance = Callable[[Task, int], None]
Read = Callable[[str, Figure], bytes]
"""(side, figure) to the bytes of its file."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A job with its preprocessed image or pair."""

    job: Job
    image: RGBImage
    partner: RGBImage | None = None


class Preparer:
    """Bytes to preprocessed arrays, in threads: reading overlaps the networks' native code.

    Pillow holds the interpreter while it decodes (about 2 ms per 512 px figure), which is small
    beside every network on a CPU.
    """

    def __init__(self, read: Read, protocol: Protocol) -> None:
        self._read = read
        self._protocol = protocol

    def prepare(self, group: Group) -> list[Ready]:
        """Returns a group's jobs with their arrays; an image used twice is decoded once."""
        decoded: dict[tuple[str, str], RGBImage] = {}
        arrays: dict[tuple[str, str, str], RGBImage] = {}

        def array(figure: Figure, side: str, policy: str) -> RGBImage:
            name = (side, figure.sha256, policy)
            if name not in arrays:
                source = (side, figure.path)
                if source not in decoded:
                    decoded[source] = decode(self._read(side, figure)).image
                arrays[name] = self._shape(decoded[source], side, policy)
            return arrays[name]

        ready = []
        for job in group.jobs:
            policy = job.task.preprocess
            partner = array(job.partner, REFERENCE, policy) if job.partner else None
            if job.figure is not None:
                image = array(job.figure, job.side, policy)
            elif partner is not None:
                image = np.full_like(partner, 255)
            else:
                continue
            ready.append(Ready(job, image, partner))
        return ready

    def _shape(self, image: RGBImage, side: str, policy: str) -> RGBImage:
        shaped = preprocess(image, policy, self._protocol.resample)
        return encode_legacy(shaped, side) if self._protocol.pixel_encoding == LEGACY else shaped


def extract(
    workload: Workload,
    preparer: Preparer,
    make_runner: Callable[[Task], Runner],
    *,
    sink: Sink,
    workers: int,
    advance: Advance,
) -> None:
    """Computes every pending row into the store.

    Finished rows are written as they come (see ``runners``) and when the run is interrupted, so a
    rerun starts where this one stopped.

    Args:
        workload: What is missing.
        preparer: Decoding and preprocessing.
        make_runner: Loads the network of a task; called once per task with pending rows.
        sink: Where the runners put their rows; flushed when all is done or interrupted.
        workers: Decoding threads.
        advance: Called with (task, number of finished rows).
    """
    runners = {task: make_runner(task) for task, count in workload.pending.items() if count}
    waiting: dict[tuple[Task, str, tuple[int, ...]], list[Ready]] = defaultdict(list)
    held = 0
    try:
        for ready in _prepared(workload.groups, preparer, workers):
            for item in ready:
                runner = runners[item.job.task]
                batch = waiting[item.job.task, item.job.side, item.image.shape]
                batch.append(item)
                held += 1
                if len(batch) >= runner.batch_size or held > MAX_HELD:
                    held -= len(batch)
                    advance(item.job.task, runner.run(batch))
                    batch.clear()
        for (task, _side, _shape), batch in waiting.items():
            if batch:
                advance(task, runners[task].run(batch))
    finally:
        sink.flush()


def _prepared(groups: Sequence[Group], preparer: Preparer, workers: int) -> Iterator[list[Ready]]:
    """Yields prepared groups in order, at most ``2 * workers`` ahead of the networks."""
    if workers <= 0:
        for group in groups:
            yield preparer.prepare(group)
        return
    ahead: deque[Future[list[Ready]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="figbench-decode") as pool:
        try:
            for group in groups:
                ahead.append(pool.submit(preparer.prepare, group))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def default_workers() -> int:
    """Returns the number of decoding threads: one per two cores, at least one."""
    return max(1, len(os.sched_getaffinity(0)) // 2 if hasattr(os, "sched_getaffinity") else 1)
