"""Rank and number of the processes of a run that torchrun or srun started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from figbench.errors import UserError


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` processes that write to one store.

    Attributes:
        rank: 0 to count - 1; rank 0 scores and writes.
        count: Number of processes.
        local_rank: Rank among the processes of this machine: index of the CUDA device.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0


WHOLE = Shard()


def shard_from_environment(environment: Mapping[str, str] = os.environ) -> Shard:
    """Returns the shard that torchrun or ``srun`` gave this process; otherwise the whole run.

    A batch script of Slurm has the variables of its job without being one of its tasks: only a step
    started by ``srun`` (``SLURM_STEP_ID``) counts.

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
        values = ", ".join(f"{name}={environment.get(name)!r}" for name in names)
        raise UserError(
            f"The environment names no process of a group: {values}.",
            remedy="Start with torchrun or srun, or unset these variables.",
        )
    return Shard(rank, count_, local)
