"""What runs on a worker of a cluster: bytes of figures in, rows out, nothing on a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from figbench._version import __version__
from figbench.errors import IntegrityError
from figbench.evaluation.artifacts.provenance import package_versions
from figbench.evaluation.inference.engine import Preparer, extract
from figbench.evaluation.inference.parallelism import parallelism_of
from figbench.evaluation.inference.runners import (
    Runner,
    Setting,
    make_runner,
    require_cpu,
    resolve_device,
)
from figbench.evaluation.inference.writers import Row
from figbench.evaluation.planning.execution import Execution
from figbench.evaluation.planning.tasks import OcrTask, Side, Task
from figbench.evaluation.planning.workload import Group, Job, workload_of
from figbench.features.exact import arithmetic
from figbench.ocr import engine_info
from figbench.ocr.base import OcrInfo
from figbench.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Part:
    """Some groups of a run with the bytes of their files by (side, path)."""

    groups: tuple[Group, ...]
    files: Mapping[tuple[Side, str], bytes]


class Basket:
    """A writer that keeps the rows of one part."""

    def __init__(self) -> None:
        self.rows: list[tuple[Job, Row]] = []

    def add(self, job: Job, row: Row) -> None:
        """See :class:`figbench.evaluation.inference.writers.Writer`."""
        self.rows.append((job, row))

    def flush(self) -> None:
        """Does nothing: the rows leave with the part's answer."""


class Worker:
    """Holds the networks of a run from part to part.

    Args:
        protocol: The resolved protocol.
        execution: How networks run.
        reader: The driver's OCR engine, which this machine's must equal.
        device: As ``--device``; Ray shows a worker its own CUDA device only.
        workers: As ``--workers``.
    """

    def __init__(
        self,
        protocol: Protocol,
        execution: Execution,
        reader: OcrInfo | None,
        device: str,
        workers: int | None,
    ) -> None:
        self._reader = reader
        found = resolve_device(device)
        require_cpu(execution.engine, found)
        self._setting = Setting(protocol, execution, found, parallelism_of(found, workers))
        self._runners: dict[Task, Runner] = {}
        self._basket = Basket()

    def introduce(self) -> tuple[str, dict[str, str]]:
        """Returns the device, and the versions that must be the driver's."""
        return self._setting.device, versions()

    def compute(self, part: Part) -> list[tuple[Job, Row]]:
        """Returns the rows of a part."""
        self._basket.rows = []
        protocol = self._setting.protocol
        with arithmetic(self._setting.execution.deterministic):
            extract(
                workload_of(part.groups),
                Preparer(lambda side, figure: part.files[side, figure.path], protocol),
                self._runner,
                writer=self._basket,
                parallelism=self._setting.parallelism,
                advance=lambda _task, _count: None,
            )
        return self._basket.rows

    def _runner(self, task: Task) -> Runner:
        if task not in self._runners:
            self._require_same_weights(task)
            self._runners[task] = make_runner(task, self._setting, self._basket)
        return self._runners[task]

    def _require_same_weights(self, task: Task) -> None:
        ocr = self._setting.protocol.ocr
        if isinstance(task, OcrTask) and ocr:
            same = engine_info(ocr.engine, ocr.settings) == self._reader
        else:
            same = task.weights_of(task.network) == task.weights
        if not same:
            raise IntegrityError(
                f"{task.network}: a Ray worker has other weights than this machine.",
                remedy="Install the same weights on every node: figbench weights list",
            )


def versions() -> dict[str, str]:
    """Returns the versions of figbench and of every package that can change a number."""
    return {"figbench": __version__, **package_versions()}
