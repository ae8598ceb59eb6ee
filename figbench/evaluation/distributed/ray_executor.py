"""Runs the networks on a Ray cluster.

The driver reads the figures, sends them out in small chunks and writes the records that come back,
so neither the figures nor the store need a shared disk. A chunk has no side effect: Ray runs it
again when its worker is lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.evaluation.distributed.ray_worker import Chunk, Worker, versions
from figbench.evaluation.inference.parallelism import parallelism_of
from figbench.evaluation.inference.writers import StoreWriter
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared
from figbench.evaluation.planning.tasks import REFERENCE, Side, Task
from figbench.evaluation.planning.workload import Job
from figbench.images.limits import DecodeError
from figbench.io.optional import require

AHEAD = 2
"""Chunks that a worker holds at a time, so that it does not wait for the driver."""
RETRIES = 3
STARTS = 3
"""Attempts to start Ray on this machine: Ray gives up after 30 s where all processors are busy."""


def compute_on_ray(
    prepared: Prepared, options: Options, advance: Callable[[Task, int], None]
) -> str:
    """Computes the missing records on Ray actors and writes them to the store.

    Args:
        prepared: The planned run.
        options: How the run behaves.
        advance: Called with a task and a number of new records.

    Returns:
        The device and the number of workers, for the provenance.

    Raises:
        UserError: If Ray is not installed or not reached, or its workers die again and again.
        IntegrityError: If a worker has other weights.
    """
    ray: Any = require("ray", purpose="--executor ray")
    writer = StoreWriter(prepared.namespaces)
    with _connected(ray, options):
        kind = _kind(ray, options)
        actors = _actors(ray, prepared, options, kind)
        try:
            chunks = _chunks(prepared, parallelism_of(kind, options.workers).chunk)
            return _drive(ray, actors, chunks, writer, advance)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayActorError as error:
            raise UserError(
                f"Ray workers died {RETRIES + 1} times: {str(error).strip().splitlines()[0]}",
                remedy="Often the memory is full: try fewer --ray-workers. Finished records stay.",
            ) from None
        finally:
            writer.flush()
            for actor in actors:
                ray.kill(actor)


@contextmanager
def _connected(ray: Any, options: Options) -> Iterator[None]:
    """A connection to Ray for the block; a caller's own connection is used and left open."""
    if ray.is_initialized():
        yield
        return
    address = options.ray_address or os.environ.get("RAY_ADDRESS") or "local"
    local: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        local = {"num_cpus": options.ray_workers, "include_dashboard": False}
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    _start(ray, address, local)
    if main:
        # Ray replaces the handler of SIGTERM; an interrupted run would lose its exit code.
        signal.signal(signal.SIGTERM, handler)
    # Ray reports lost workers on stdout, some of them at the end; --json writes its document there.
    with redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            ray.shutdown()


def _start(ray: Any, address: str, local: dict[str, Any]) -> None:
    """Connects to a cluster, or starts one on this machine; a time-out means a new attempt."""
    for attempt in range(1, STARTS + 1):
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", **local)
            return
        except Exception as error:  # Ray raises a plain Exception where a node does not come up
            ray.shutdown()
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            if not local:
                raise UserError(
                    f"--ray-address {address}: no Ray cluster answers ({reason}).",
                    remedy="Give its address, or leave it out to start workers on this machine.",
                ) from None
            if attempt == STARTS:
                raise UserError(
                    f"Ray did not start on this machine in {STARTS} attempts: {reason}",
                    remedy="Use --executor local, or look into Ray's logs in /tmp/ray.",
                ) from None


def _kind(ray: Any, options: Options) -> str:
    """Returns the kind of device that workers use."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    return "cuda" if options.device != "cpu" and (gpus or options.device != "auto") else "cpu"


def _actors(ray: Any, prepared: Prepared, options: Options, kind: str) -> list[Any]:
    resources = ray.cluster_resources()
    cpus, gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
    capacity = gpus if kind == "cuda" else cpus
    if not capacity or not cpus:
        raise UserError(
            f"The Ray cluster has {cpus} CPUs and {gpus} GPUs: no room for a worker.",
            remedy="Use --device cpu, or another --ray-address.",
        )
    actor = ray.remote(Worker).options(
        num_cpus=1, num_gpus=int(kind == "cuda"), max_restarts=RETRIES, max_task_retries=RETRIES
    )
    arguments = (
        prepared.plan.protocol,
        prepared.plan.execution,
        prepared.plan.ocr,
        kind,
        options.workers,
    )
    # Actors beyond the capacity of the cluster would wait for ever.
    count = min(options.ray_workers or capacity, capacity, len(prepared.workload.groups))
    return [actor.remote(*arguments) for _ in range(count)]


def _chunks(prepared: Prepared, size: int) -> Iterator[Chunk]:
    """Yields the chunks of one process: records have the same bits on equal CPUs."""
    groups = prepared.workload.groups
    for start in range(0, len(groups), size):
        chunk = groups[start : start + size]
        files: dict[tuple[Side, str], bytes] = {}
        for job in (job for group in chunk for job in group.jobs):
            for side, figure in ((job.side, job.figure), (REFERENCE, job.partner)):
                if figure is not None and (side, figure.path) not in files:
                    files[side, figure.path] = _bytes(prepared, job, side, figure)
        yield Chunk(chunk, files)


def _bytes(prepared: Prepared, job: Job, side: Side, figure: Figure) -> bytes:
    """Returns the bytes of a file; an unreadable document is a stored failure of its task."""
    try:
        return prepared.inputs.read(side, figure)
    except DecodeError:
        if job.task.reads_documents:
            return b""
        raise


def _drive(
    ray: Any,
    actors: list[Any],
    chunks: Iterator[Chunk],
    writer: StoreWriter,
    advance: Callable[[Task, int], None],
) -> str:
    """Sends chunks to the workers that have started; a worker without resources gets none."""
    starting = {actor.introduce.remote(): actor for actor in actors}
    computing: dict[Any, Any] = {}
    device, present, left = "", 0, True
    while computing or (left and starting):
        [done], _ = ray.wait([*computing, *starting], num_returns=1)
        answer = ray.get(done)
        if done in starting:
            actor, count = starting.pop(done), AHEAD
            device, worker_versions = answer
            _require_same_versions(worker_versions)
            present += 1
        else:
            actor, count = computing.pop(done), 1
            for job, record in answer:
                writer.add(job, record)
                advance(job.task, 1)
        for chunk in (next(chunks, None) for _ in range(count)):
            if chunk is None:
                left = False
            else:
                computing[actor.compute.remote(chunk)] = actor
    return f"{device.split(':')[0]}, {present} Ray workers"


def _require_same_versions(worker: dict[str, str]) -> None:
    driver = versions()
    differing = sorted(name for name in driver | worker if driver.get(name) != worker.get(name))
    if differing:
        named = ", ".join(
            f"{name} {worker.get(name)} (here {driver.get(name)})" for name in differing
        )
        raise UserError(
            f"A Ray worker has other packages than this process: {named}.",
            remedy="Use one environment on every node: records of different versions may differ.",
        )
