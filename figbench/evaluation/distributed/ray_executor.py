"""The networks of one run on a Ray cluster.

The driver reads the figures, hands them out in small parts, and writes the rows that come back, so
that neither the figures nor the store need a shared disk. A part has no effect but its answer: Ray
runs it again when its worker is lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from figbench.errors import UserError
from figbench.evaluation.distributed.ray_worker import Part, Worker, versions
from figbench.evaluation.inference.parallelism import parallelism_of
from figbench.evaluation.inference.writers import StoreWriter
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared
from figbench.evaluation.planning.tasks import REFERENCE, Side, Task

AHEAD = 2
"""Parts that a worker has at a time, so that it never waits for the driver: what its loss costs."""
RETRIES = 3


def compute_on_ray(
    prepared: Prepared, options: Options, advance: Callable[[Task, int], None]
) -> str:
    """Computes every missing row on Ray actors into the store; returns what computed them.

    Raises:
        UserError: If Ray is not installed or not reached, or its workers die again and again.
        IntegrityError: If a worker has other weights.
    """
    ray = _require_ray()
    writer = StoreWriter(prepared.spaces)
    with _connected(ray, options):
        kind = _kind(ray, options)
        actors = _actors(ray, prepared, options, kind)
        try:
            parts = _parts(prepared, parallelism_of(kind, options.workers).chunk)
            return _drive(ray, actors, parts, writer, advance)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayActorError as error:
            raise UserError(
                f"Ray workers died {RETRIES + 1} times: {str(error).strip().splitlines()[0]}",
                remedy="Often it is memory: try fewer --ray-workers. Finished rows are kept.",
            ) from None
        finally:
            writer.flush()
            for actor in actors:
                ray.kill(actor)


def _require_ray() -> Any:
    try:
        import ray
    except ImportError:
        raise UserError(
            "--executor ray: Ray is not installed.", remedy='pip install "figbench[ray]"'
        ) from None
    return ray


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
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", **local)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(
            f"--ray-address {address}: no Ray cluster answers ({str(error).splitlines()[0]}).",
            remedy="Give its address, or leave it out to start workers on this machine.",
        ) from None
    if main:
        # Ray takes SIGTERM for itself, and an interrupted run would lose its exit code.
        signal.signal(signal.SIGTERM, handler)
    # Ray tells of lost workers on stdout, where --json has its document; some of it at the end.
    with redirect_stdout(sys.stderr):
        try:
            yield
        finally:
            ray.shutdown()


def _kind(ray: Any, options: Options) -> str:
    """Returns the kind of device that workers use."""
    gpus = int(ray.cluster_resources().get("GPU", 0))
    return "cuda" if options.device != "cpu" and (gpus or options.device != "auto") else "cpu"


def _actors(ray: Any, prepared: Prepared, options: Options, kind: str) -> list[Any]:
    resources = ray.cluster_resources()
    cpus, gpus = int(resources.get("CPU", 0)), int(resources.get("GPU", 0))
    offered = gpus if kind == "cuda" else cpus
    if not offered or not cpus:
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
    # More than the cluster could ever place would wait for ever.
    count = min(options.ray_workers or offered, offered, len(prepared.workload.groups))
    return [actor.remote(*arguments) for _ in range(count)]


def _parts(prepared: Prepared, size: int) -> Iterator[Part]:
    """Yields the parts that one process would compute: rows are the same bits on equal CPUs."""
    groups = prepared.workload.groups
    for start in range(0, len(groups), size):
        part = groups[start : start + size]
        files: dict[tuple[Side, str], bytes] = {}
        for job in (job for group in part for job in group.jobs):
            for side, figure in ((job.side, job.figure), (REFERENCE, job.partner)):
                if figure is not None and (side, figure.path) not in files:
                    files[side, figure.path] = prepared.inputs.read(side, figure)
        yield Part(part, files)


def _drive(
    ray: Any,
    actors: list[Any],
    parts: Iterator[Part],
    writer: StoreWriter,
    advance: Callable[[Task, int], None],
) -> str:
    """Gives parts to whichever worker is there: those that find no room on the cluster get none."""
    arriving = {actor.introduce.remote(): actor for actor in actors}
    computing: dict[Any, Any] = {}
    device, present, left = "", 0, True
    while computing or (left and arriving):
        [done], _ = ray.wait([*computing, *arriving], num_returns=1)
        answer = ray.get(done)
        if done in arriving:
            actor, wanted = arriving.pop(done), AHEAD
            device, found = answer
            _require_same_versions(found)
            present += 1
        else:
            actor, wanted = computing.pop(done), 1
            for job, row in answer:
                writer.add(job, row)
                advance(job.task, 1)
        for part in (next(parts, None) for _ in range(wanted)):
            if part is None:
                left = False
            else:
                computing[actor.compute.remote(part)] = actor
    return f"{device.split(':')[0]}, {present} Ray workers"


def _require_same_versions(found: dict[str, str]) -> None:
    here = versions()
    other = sorted(name for name in here | found if here.get(name) != found.get(name))
    if other:
        named = ", ".join(f"{name} {found.get(name)} (here {here.get(name)})" for name in other)
        raise UserError(
            f"A Ray worker has other packages than this process: {named}.",
            remedy="Use one environment on every node: rows of different versions may differ.",
        )
