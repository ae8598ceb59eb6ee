"""Selecting the jobs of one process, and the jobs that are still missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from figbench.evaluation.planning.shard import Shard
from figbench.evaluation.planning.workload import Group, Job, Namespaces, Workload


def run_id(*identifiers: str) -> str:
    """Returns a name that is equal on every process of one run."""
    return hashlib.sha256("\0".join(identifiers).encode()).hexdigest()[:32]


def share(workload: Workload, shard: Shard) -> Workload:
    """Returns the part of the workload that belongs to one process.

    Groups are dealt by their position in the whole run, cached records included. Records that other
    processes have stored meanwhile therefore move no group to another process.
    """
    return _select(
        workload, lambda group: group.ordinal % shard.count == shard.rank, lambda _job: True
    )


def remaining(workload: Workload, namespaces: Namespaces) -> Workload:
    """Returns the part of the workload whose records the store still lacks, after a refresh."""
    namespaces.refresh()
    return _select(
        workload, lambda _group: True, lambda job: job.key not in namespaces.of(job.task, job.side)
    )


def _select(
    workload: Workload, has_group: Callable[[Group], bool], has_job: Callable[[Job], bool]
) -> Workload:
    pending = dict.fromkeys(workload.pending, 0)
    groups = []
    for group in workload.groups:
        jobs = [job for job in group.jobs if has_job(job)] if has_group(group) else []
        for job in jobs:
            pending[job.task] += 1
        if jobs:
            groups.append(Group(group.ordinal, jobs))
    return Workload(tuple(groups), pending, workload.cached)
