"""Which rows are not in the store yet, grouped so that every image is read once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from figbench.data.manifest import Manifest
from figbench.data.pairing import Row
from figbench.data.types import Figure
from figbench.evaluation.planning.plan import Plan
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side, Task
from figbench.store import Space, Store, row_key

BLANK = "blank-page"
"""Stands for the digest of a figure that the model did not deliver."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row to compute: a task on one image, or on one pair.

    Attributes:
        task: What to run.
        key: Key of its row in the task's space.
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
        ordinal: Place among all groups of the run, whether or not anything of them is missing.
        jobs: What is missing.
    """

    ordinal: int
    jobs: list[Job] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything that must be computed, and how much was found."""

    groups: tuple[Group, ...]
    pending: dict[Task, int]
    found: dict[Task, int]


def workload_of(groups: Sequence[Group]) -> Workload:
    """Returns a workload of groups alone."""
    pending = Counter(job.task for group in groups for job in group.jobs)
    return Workload(tuple(groups), dict(pending), {})


class Spaces:
    """The plan's spaces in one store, opened once."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store, self._plan = store, plan
        self._open: dict[tuple[Task, Side], Space] = {}
        self._by_id: dict[str, Space] = {}

    def of(self, task: Task, side: Side) -> Space:
        """Returns the space of a task on one side; both sides share one where they agree."""
        if (task, side) not in self._open:
            space = self._store.space(self._plan.identity(task, side))
            self._open[task, side] = self._by_id.setdefault(space.id, space)
        return self._open[task, side]

    def refresh(self) -> None:
        """Sees the rows that other writers have brought."""
        for space in self._by_id.values():
            space.refresh()


def image_key(figure: Figure) -> bytes:
    """Returns the store key of one image's row."""
    return row_key(figure.sha256)


def pair_key(generated: Figure | None, reference: Figure) -> bytes:
    """Returns the store key of a pair's row; ``None`` is the blank page."""
    return row_key(generated.sha256 if generated else BLANK, reference.sha256)


def build_workload(
    plan: Plan,
    spaces: Spaces,
    rows: Sequence[Row],
    generated: Sequence[Figure],
    reference: Manifest,
    sides: Sides | None = None,
) -> Workload:
    """Returns the missing rows of a run.

    Args:
        plan: The plan.
        spaces: Open spaces.
        rows: Expected (reference, generated) rows; generated None where missing.
        generated: Every generated figure that is scored (paired or not).
        reference: The reference set.
        sides: Documents of the figures, for tasks that read them; None where there are none.
    """
    groups: OrderedDict[str, Group] = OrderedDict()
    ordinals: dict[str, int] = {}
    pending: dict[Task, int] = dict.fromkeys(plan.tasks, 0)
    found: dict[Task, int] = dict.fromkeys(plan.tasks, 0)
    seen: dict[str, set[bytes]] = {}

    def offer(
        task: Task, side: Side, key: bytes, figure: Figure | None, partner: Figure | None
    ) -> None:
        space = spaces.of(task, side)
        known = seen.setdefault(space.id, set())
        if key in known:
            return
        known.add(key)
        anchor = partner or figure
        name = anchor.figure_id if anchor else ""
        ordinal = ordinals.setdefault(name, len(ordinals))
        if key in space:
            found[task] += 1
            return
        pending[task] += 1
        group = groups.setdefault(name, Group(ordinal))
        group.jobs.append(Job(task, key, side, figure, partner))

    for task in plan.tasks:
        if task.scores_pairs:
            for row in rows:
                offer(
                    task,
                    GENERATED,
                    pair_key(row.generated, row.reference),
                    row.generated,
                    row.reference,
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
    return Workload(tuple(groups.values()), pending, found)
