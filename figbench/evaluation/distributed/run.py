"""Computes the missing records of a run, in one or several processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from figbench.errors import UserError
from figbench.evaluation.distributed.heartbeat import Watch, beating
from figbench.evaluation.distributed.shard import remaining, run_id, share
from figbench.evaluation.inference.engine import Preparer, extract
from figbench.evaluation.inference.parallelism import parallelism_of
from figbench.evaluation.inference.writers import StoreWriter
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared
from figbench.evaluation.planning.tasks import GENERATED, Task
from figbench.evaluation.planning.workload import Workload
from figbench.evaluation.progress import Progress
from figbench.store import BlobCache

POLL_S = 0.5
EXECUTORS = ("local", "ray")

Advance = Callable[[Task, int], None]


def run_networks(prepared: Prepared, options: Options, progress: Progress) -> str:
    """Computes the records that the store lacks.

    With several processes each computes its share. Rank 0 then waits for the records of the others
    and computes those of a process that died: it returns with every record in the store.

    Args:
        prepared: The planned run.
        options: How the run behaves.
        progress: Receives rates and counts.

    Returns:
        The device that was used, for the provenance.

    Raises:
        UserError: If the executor is unknown or cannot be used here.
    """
    shard = options.shard
    _check_executor(options)
    several = shard.count > 1
    if several and shard.rank:
        with beating(_heartbeats(prepared, options), shard.rank):
            return _compute(share(prepared.workload, shard), prepared, options, lambda *_: None)
    pending = {task: count for task, count in prepared.workload.pending.items() if count}
    if not pending:
        return "none (every record was in the store)"
    with progress.tasks({_label(task): count for task, count in pending.items()}) as by_label:

        def advance(task: Task, count: int) -> None:
            by_label(_label(task), count)

        if options.executor == "ray":
            from figbench.evaluation.distributed.ray_executor import compute_on_ray

            return compute_on_ray(prepared, options, advance)
        device = _compute(share(prepared.workload, shard), prepared, options, advance)
        if several:
            _gather(prepared, options, advance)
    return device


def _check_executor(options: Options) -> None:
    if options.executor not in EXECUTORS:
        raise UserError(
            f"--executor {options.executor}: unknown.", remedy=f"Choose {' or '.join(EXECUTORS)}."
        )
    if options.executor == "ray" and options.shard.count > 1:
        raise UserError(
            "--executor ray inside a torchrun or srun job: each would divide the work.",
            remedy="Start figbench once, or leave out --executor ray.",
        )


def _compute(workload: Workload, prepared: Prepared, options: Options, advance: Advance) -> str:
    from figbench.evaluation.inference.runners import (
        Setting,
        make_runner,
        require_cpu,
        resolve_device,
    )

    # Importing PyTorch takes longer than scoring a few figures.
    pending = (task for task, count in workload.pending.items() if count)
    with_torch = any(task.framework == "torch" for task in pending)
    on_cpu = not with_torch and options.device in ("auto", "cpu")
    device = "cpu" if on_cpu else resolve_device(options.device, options.shard.local_rank)
    protocol = prepared.plan.protocol
    execution = prepared.plan.execution
    require_cpu(execution.engine, device)
    writer = StoreWriter(prepared.namespaces)
    parallelism = parallelism_of(device, options.workers)

    def map_cache(task: Task) -> BlobCache:
        namespace = prepared.namespaces.of(task, GENERATED)
        limit_bytes = int(options.maps_gib * 2**30)
        return BlobCache(prepared.store.root / "maps", namespace.id, limit_bytes)

    # A GPU computes maps faster than a disk reads them; a store in memory has no folder.
    on_disk = prepared.store.location is not None
    map_caches = map_cache if device == "cpu" and options.maps_gib and on_disk else None
    setting = Setting(protocol, execution, device, parallelism, map_caches)
    with _arithmetic(execution.deterministic) if with_torch else nullcontext():
        extract(
            workload,
            Preparer(prepared.inputs.read, protocol),
            lambda task: make_runner(task, setting, writer),
            writer=writer,
            parallelism=parallelism,
            advance=advance,
        )
    return device


def _arithmetic(deterministic: bool) -> AbstractContextManager[None]:
    from figbench.features.engines.exact import arithmetic

    return arithmetic(deterministic)


def _gather(prepared: Prepared, options: Options, advance: Advance) -> None:
    watch = Watch(_heartbeats(prepared, options), options.shard.count)
    left = remaining(prepared.workload, prepared.namespaces)
    own = share(prepared.workload, options.shard)
    for task, count in prepared.workload.pending.items():
        advance(task, count - own.pending[task] - left.pending[task])
    while any(left.pending.values()):
        running = watch.any_running()
        before, left = left, remaining(left, prepared.namespaces)
        for task, count in left.pending.items():
            advance(task, before.pending[task] - count)
        if not running:
            _compute(left, prepared, options, advance)
            return
        time.sleep(POLL_S)


def _heartbeats(prepared: Prepared, options: Options) -> Path:
    """Returns the folder of the heartbeats of this run."""
    name = run_id(
        prepared.plan.protocol.hash,
        prepared.inputs.generated.digest,
        prepared.inputs.reference.digest,
        *(task.network for task in prepared.plan.tasks),
        str(options.shard.count),
    )
    return prepared.store.root / "runs" / name


def _label(task: Task) -> str:
    return f"{task.network} at {task.preprocess}"
