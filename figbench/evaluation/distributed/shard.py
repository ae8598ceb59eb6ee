"""Which part of a run is this process's: one of several started by torchrun or srun."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from figbench.errors import UserError
from figbench.evaluation.planning.workload import Group, Job, Spaces, Workload


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` processes that fill one store together.

    Attributes:
        rank: 0 to count - 1; rank 0 scores and writes.
        count: Number of processes.
        local_rank: Rank among the processes of this machine: which CUDA device to take.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0


WHOLE = Shard()


def shard_from_environment(environment: Mapping[str, str] = os.environ) -> Shard:
    """Returns the shard that torchrun or ``srun`` gave this process; else the whole.

    Slurm's batch script has its job's variables too, without being one of the job's tasks: only a
    step started by ``srun`` (``SLURM_STEP_ID``) counts.

    Raises:
        UserError: If the variables contradict each other.
    """
    if "RANK" in environment and "WORLD_SIZE" in environment:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    elif "SLURM_STEP_ID" in environment and "SLURM_PROCID" in environment:
        count = "SLURM_STEP_NUM_TASKS"
        names = (
            "SLURM_PROCID",
            count if count in environment else "SLURM_NTASKS",
            "SLURM_LOCALID",
        )
    else:
        return WHOLE
    try:
        rank, count_, local = (int(environment.get(name, "0")) for name in names)
    except ValueError:
        rank, count_, local = -1, 0, 0
    if not 0 <= rank < count_:
        found = ", ".join(f"{name}={environment.get(name)!r}" for name in names)
        raise UserError(
            f"The environment names no process of a group: {found}.",
            remedy="Start with torchrun or srun, or unset these variables.",
        )
    return Shard(rank, count_, local)


def run_id(*parts: str) -> str:
    """Returns a name that every process of one run derives alike."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def share(workload: Workload, shard: Shard) -> Workload:
    """Returns the part of the workload that belongs to one process.

    Groups go round by their place in the whole run, found rows included: what others have stored
    by the time a process looks does not move any group to another process.
    """
    return _select(
        workload, lambda group: group.ordinal % shard.count == shard.rank, lambda _job: True
    )


def remaining(workload: Workload, spaces: Spaces) -> Workload:
    """Returns the part of the workload that is still not in the store, as other writers left it."""
    spaces.refresh()
    return _select(
        workload, lambda _group: True, lambda job: job.key not in spaces.of(job.task, job.side)
    )


def _select(
    workload: Workload, keep: Callable[[Group], bool], wanted: Callable[[Job], bool]
) -> Workload:
    pending = dict.fromkeys(workload.pending, 0)
    groups = []
    for group in workload.groups:
        jobs = [job for job in group.jobs if wanted(job)] if keep(group) else []
        for job in jobs:
            pending[job.task] += 1
        if jobs:
            groups.append(Group(group.ordinal, jobs))
    return Workload(tuple(groups), pending, workload.found)
