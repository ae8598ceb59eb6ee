"""Selecting the jobs of one process, and the jobs that are still missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from figbench.evaluation.planning.shard import Shard
from figbench.evaluation.planning.workload import Group, Job, Spaces, Workload


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
