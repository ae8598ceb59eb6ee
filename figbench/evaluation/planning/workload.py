"""The missing records of a run, grouped so that every image is read once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from figbench.data.manifest import Manifest
from figbench.data.pairing import FigurePair
from figbench.data.types import Figure
from figbench.evaluation.planning.plan import Plan
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side, Task
from figbench.store import Namespace, Store, record_key

BLANK = "blank-page"
"""Replaces the digest of a figure that the model did not deliver."""


@dataclass(frozen=True, slots=True)
class Job:
    """One record to compute: a task on one image, or on one pair.

    Attributes:
        task: The task.
        key: Key of the record in the namespace of the task.
        side: Side of the (first) image; decides the legacy pixel encoding.
        figure: The image; None is the blank page (pairs only).
        partner: The reference of a pair; None for single images.
    """

    task: Task
    key: bytes
    side: Side
    figure: Figure | None
    partner: Figure | None = None


@dataclass(slots=True)
class Group:
    """Jobs that share images: one reference with the generated figures of its prompt.

    Attributes:
        ordinal: Position among all groups of the run, complete ones included.
        jobs: Missing records.
    """

    ordinal: int
    jobs: list[Job] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Workload:
    """The missing records of a run.

    Attributes:
        groups: Missing records by group.
        pending: Number of missing records by task.
        cached: Number of records that the store has, by task.
    """

    groups: tuple[Group, ...]
    pending: dict[Task, int]
    cached: dict[Task, int]


def workload_of(groups: Sequence[Group]) -> Workload:
    """Returns a workload of groups alone."""
    pending = Counter(job.task for group in groups for job in group.jobs)
    return Workload(tuple(groups), dict(pending), {})


class Namespaces:
    """The namespaces of a plan in one store, each opened once."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store, self._plan = store, plan
        self._open: dict[tuple[Task, Side], Namespace] = {}
        self._by_id: dict[str, Namespace] = {}

    def of(self, task: Task, side: Side) -> Namespace:
        """Returns the namespace of a task on one side; both sides share it where they agree."""
        if (task, side) not in self._open:
            namespace = self._store.namespace(self._plan.identity(task, side))
            self._open[task, side] = self._by_id.setdefault(namespace.id, namespace)
        return self._open[task, side]

    def refresh(self) -> None:
        """Reads the records that other processes have written."""
        for namespace in self._by_id.values():
            namespace.refresh()


def image_key(figure: Figure) -> bytes:
    """Returns the store key of the record of one image."""
    return record_key(figure.sha256)


def pair_key(generated: Figure | None, reference: Figure) -> bytes:
    """Returns the store key of the record of a pair; ``None`` is the blank page."""
    return record_key(generated.sha256 if generated else BLANK, reference.sha256)


def build_workload(
    plan: Plan,
    namespaces: Namespaces,
    pairs: Sequence[FigurePair],
    generated: Sequence[Figure],
    reference: Manifest,
    sides: Sides | None = None,
) -> Workload:
    """Returns the missing records of a run.

    Args:
        plan: The plan.
        namespaces: Open namespaces.
        pairs: Expected (reference, generated) pairs; generated None where missing.
        generated: Every generated figure that is scored (paired or not).
        reference: The reference set.
        sides: Documents of the figures, for tasks that read them; None where there are none.
    """
    groups: OrderedDict[str, Group] = OrderedDict()
    ordinals: dict[str, int] = {}
    pending: dict[Task, int] = dict.fromkeys(plan.tasks, 0)
    cached: dict[Task, int] = dict.fromkeys(plan.tasks, 0)
    seen: dict[str, set[bytes]] = {}

    def offer(
        task: Task, side: Side, key: bytes, figure: Figure | None, partner: Figure | None
    ) -> None:
        namespace = namespaces.of(task, side)
        offered = seen.setdefault(namespace.id, set())
        if key in offered:
            return
        offered.add(key)
        anchor = partner or figure
        name = anchor.figure_id if anchor else ""
        ordinal = ordinals.setdefault(name, len(ordinals))
        if key in namespace:
            cached[task] += 1
            return
        pending[task] += 1
        group = groups.setdefault(name, Group(ordinal))
        group.jobs.append(Job(task, key, side, figure, partner))

    for task in plan.tasks:
        if task.scores_pairs:
            for pair in pairs:
                offer(
                    task,
                    GENERATED,
                    pair_key(pair.generated, pair.reference),
                    pair.generated,
                    pair.reference,
                )
            continue
        for side, figures in ((GENERATED, generated), (REFERENCE, reference.figures)):
            if side not in task.sides:
                continue
            for figure in figures:
                file = sides.document(side, figure) if sides and task.reads_documents else figure
                offer(task, side, image_key(file), file, None)
        if task.reads_documents and sides:
            for figure in sides.read_twice:
                offer(task, REFERENCE, image_key(figure), figure, None)
    return Workload(tuple(groups.values()), pending, cached)
