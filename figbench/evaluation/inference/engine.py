"""Runs the networks over what is missing: each image is read and decoded once."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from figbench.data.types import Figure
from figbench.evaluation.inference.parallelism import Parallelism
from figbench.evaluation.inference.prepared_sample import PreparedSample
from figbench.evaluation.inference.runners import Runner
from figbench.evaluation.inference.writers import Writer
from figbench.evaluation.planning.plan import LEGACY
from figbench.evaluation.planning.tasks import REFERENCE, Side, Task
from figbench.evaluation.planning.workload import Group, Job, Workload
from figbench.features.engines.sharing import sharing
from figbench.images.decode import DecodeError, decode
from figbench.images.preprocess import encode_legacy, preprocess
from figbench.images.types import RGBImage
from figbench.protocol import Protocol

Advance = Callable[[Task, int], None]
Read = Callable[[Side, Figure], bytes]
"""(side, figure) to the bytes of its file."""


_NO_IMAGE: RGBImage = np.empty((0, 0, 3), np.uint8)


class Preparer:
    """Bytes to preprocessed arrays.

    Pillow holds the interpreter while it decodes (about 2 ms per 512 px figure), which is small
    beside every network on a CPU.
    """

    def __init__(self, read: Read, protocol: Protocol) -> None:
        self._read = read
        self._protocol = protocol

    def prepare(self, group: Group, holds: Callable[[Job], bool]) -> list[PreparedSample]:
        """Returns a group's jobs with their arrays; an image used twice is decoded once.

        The jobs of one image stand together, the reference's first: what they share of it is then
        computed once.

        Args:
            group: The jobs.
            holds: Tells whether a job's runner can do without the reference of its pair, which is
                then read only if that is asked for after all.
        """
        decoded: dict[tuple[Side, str], RGBImage] = {}
        arrays: dict[tuple[Side, str, str], RGBImage] = {}

        def array(figure: Figure, side: Side, policy: str) -> RGBImage:
            name = (side, figure.sha256, policy)
            if name not in arrays:
                source = (side, figure.path)
                if source not in decoded:
                    decoded[source] = decode(self._read(side, figure)).image
                arrays[name] = self._shape(decoded[source], side, policy)
            return arrays[name]

        prepared = []
        for job in sorted(group.jobs, key=_by_image):
            policy = job.task.preprocess
            if job.task.reads_documents and job.figure is not None:
                prepared.append(PreparedSample(job, _NO_IMAGE, data=self._bytes(job)))
                continue
            partner = partial(array, job.partner, REFERENCE, policy) if job.partner else None
            if partner and not (job.figure and holds(job)):
                partner()
            if job.figure is not None:
                image = array(job.figure, job.side, policy)
            elif partner is not None:
                image = np.full_like(partner(), 255)
            else:
                continue
            prepared.append(PreparedSample(job, image, partner))
        return prepared

    def _bytes(self, job: Job) -> bytes:
        """Returns a document's bytes; none where it cannot be read, which is a stored failure."""
        if job.figure is None:
            return b""
        try:
            return self._read(job.side, job.figure)
        except DecodeError:
            return b""

    def _shape(self, image: RGBImage, side: Side, policy: str) -> RGBImage:
        shaped = preprocess(image, policy, self._protocol.resample)
        return encode_legacy(shaped, side) if self._protocol.pixel_encoding == LEGACY else shaped


def _by_image(job: Job) -> tuple[bool, str]:
    return job.side != REFERENCE, job.figure.path if job.figure else ""


def extract(
    workload: Workload,
    preparer: Preparer,
    make_runner: Callable[[Task], Runner],
    *,
    writer: Writer,
    parallelism: Parallelism,
    advance: Advance,
) -> None:
    """Computes every pending row into the writer.

    The groups are cut into chunks of a fixed size, and no batch spans two chunks: a row is computed
    with the same neighbours whichever worker takes its chunk, so that runs are repeatable. Finished
    rows are written as they come and when the run is interrupted, so a rerun starts where this one
    stopped.

    Args:
        workload: What is missing.
        preparer: Decoding and preprocessing.
        make_runner: Loads the network of a task; called once per task with pending rows.
        writer: Where the runners put their rows; flushed when all is done or interrupted.
        parallelism: What runs side by side.
        advance: Called with (task, number of finished rows), by one thread at a time.
    """
    runners = {task: make_runner(task) for task, count in workload.pending.items() if count}
    work = _Run(preparer, runners, parallelism, advance)
    groups = workload.groups
    chunks = [
        groups[start : start + parallelism.chunk]
        for start in range(0, len(groups), parallelism.chunk)
    ]
    try:
        if parallelism.workers == 1:
            _single_worker(chunks, work)
        else:
            _many_workers(chunks, work)
    finally:
        writer.flush()


@dataclass(slots=True)
class _Run:
    """State that the workers of one run share."""

    preparer: Preparer
    runners: dict[Task, Runner]
    parallelism: Parallelism
    advance: Advance
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, task: Task, batch: list[PreparedSample]) -> None:
        if batch and not self.stopped.is_set():
            count = self.runners[task].run(batch)
            with self._lock:
                self.advance(task, count)
        batch.clear()

    def prepare(self, group: Group) -> list[PreparedSample]:
        return self.preparer.prepare(group, lambda job: self.runners[job.task].holds(job))

    def compute(self, chunk: Iterator[list[PreparedSample]]) -> None:
        """Computes one chunk: full batches as they come together, the rest at its end."""
        with sharing():
            self._compute(chunk)

    def _compute(self, chunk: Iterator[list[PreparedSample]]) -> None:
        waiting: dict[tuple[Task, str, tuple[int, ...]], list[PreparedSample]] = defaultdict(list)
        waiting_count = 0
        for prepared in chunk:
            for item in prepared:
                task = item.job.task
                batch = waiting[task, item.job.side, item.image.shape]
                batch.append(item)
                waiting_count += 1
                if (
                    len(batch) >= self.runners[task].batch_size
                    or waiting_count > self.parallelism.max_prepared
                ):
                    waiting_count -= len(batch)
                    self.run(task, batch)
        for (task, _side, _shape), batch in waiting.items():
            self.run(task, batch)


def _single_worker(chunks: Sequence[Sequence[Group]], work: _Run) -> None:
    """One chunk after the other, images prepared ahead of the networks in threads."""
    prepared = _prepared([group for chunk in chunks for group in chunk], work)
    for chunk in chunks:
        work.compute(next(prepared) for _ in chunk)


def _prepared(groups: Sequence[Group], work: _Run) -> Iterator[list[PreparedSample]]:
    """Yields prepared groups in order, at most ``2 * decoders`` ahead of the networks."""
    decoders = work.parallelism.decoders
    if decoders <= 0:
        for group in groups:
            yield work.prepare(group)
        return
    ahead: deque[Future[list[PreparedSample]]] = deque()
    with ThreadPoolExecutor(decoders, thread_name_prefix="figbench-decode") as pool:
        try:
            for group in groups:
                ahead.append(pool.submit(work.prepare, group))
                if len(ahead) > 2 * decoders:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _many_workers(chunks: Sequence[Sequence[Group]], work: _Run) -> None:
    """Every worker takes the next chunk and does all of it, from bytes to rows, in its thread."""

    def compute(chunk: Sequence[Group]) -> None:
        if work.stopped.is_set():
            return
        try:
            work.compute(work.prepare(group) for group in chunk)
        except BaseException:
            work.stopped.set()
            raise

    with work.parallelism.worker_threads() as initializer:
        pool = ThreadPoolExecutor(
            work.parallelism.workers, thread_name_prefix="figbench-worker", initializer=initializer
        )
        try:
            for future in [pool.submit(compute, chunk) for chunk in chunks]:
                future.result()
        finally:
            # Reached early when interrupted, or when a worker failed: the others end their batch.
            work.stopped.set()
            pool.shutdown(cancel_futures=True)
