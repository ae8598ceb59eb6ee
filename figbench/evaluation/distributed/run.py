"""Brings what is missing into the store, alone or together with other processes."""

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
from figbench.store import KeptRows

POLL_S = 0.5
EXECUTORS = ("local", "ray")

Advance = Callable[[Task, int], None]


def run_networks(prepared: Prepared, options: Options, progress: Progress) -> str:
    """Computes what is missing in the store; returns the device that was used.

    One of several processes computes its share; rank 0 then waits for the others' rows, and
    computes those of a process that died, so that it returns with every row in the store.
    """
    shard = options.shard
    _check_executor(options)
    together = shard.count > 1
    if together and shard.rank:
        with beating(_signs(prepared, options), shard.rank):
            return _compute(share(prepared.workload, shard), prepared, options, lambda *_: None)
    pending = {task: count for task, count in prepared.workload.pending.items() if count}
    if not pending:
        return "none (every row was in the store)"
    with progress.tasks({_label(task): count for task, count in pending.items()}) as by_label:

        def advance(task: Task, count: int) -> None:
            by_label(_label(task), count)

        if options.executor == "ray":
            from figbench.evaluation.distributed.ray_executor import compute_on_ray

            return compute_on_ray(prepared, options, advance)
        device = _compute(share(prepared.workload, shard), prepared, options, advance)
        if together:
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
    writer = StoreWriter(prepared.spaces)
    parallelism = parallelism_of(device, options.workers)

    def kept(task: Task) -> KeptRows:
        space = prepared.spaces.of(task, GENERATED)
        limit_bytes = int(options.maps_gib * 2**30)
        return KeptRows(prepared.store.root / "maps", space.id, limit_bytes)

    # A GPU computes maps faster than a disk reads them; a store in memory has no place for them.
    on_disk = prepared.store.location is not None
    keeps = kept if device == "cpu" and options.maps_gib and on_disk else None
    setting = Setting(protocol, execution, device, parallelism, keeps)
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
    from figbench.features.exact import arithmetic

    return arithmetic(deterministic)


def _gather(prepared: Prepared, options: Options, advance: Advance) -> None:
    watch = Watch(_signs(prepared, options), options.shard.count)
    left = remaining(prepared.workload, prepared.spaces)
    mine = share(prepared.workload, options.shard)
    for task, count in prepared.workload.pending.items():
        advance(task, count - mine.pending[task] - left.pending[task])
    while any(left.pending.values()):
        others = watch.anyone_at_work()
        before, left = left, remaining(left, prepared.spaces)
        for task, count in left.pending.items():
            advance(task, before.pending[task] - count)
        if not others:
            _compute(left, prepared, options, advance)
            return
        time.sleep(POLL_S)


def _signs(prepared: Prepared, options: Options) -> Path:
    """The folder in the store where the processes of this very run leave signs of life."""
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
