"""The worker of a Ray cluster: computes records from the bytes of figures, without a disk."""

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
from figbench.evaluation.inference.writers import Record
from figbench.evaluation.planning.execution import Execution
from figbench.evaluation.planning.tasks import OcrTask, Side, Task
from figbench.evaluation.planning.workload import Group, Job, workload_of
from figbench.features.engines.exact import arithmetic
from figbench.ocr import engine_info
from figbench.ocr.base import OcrInfo
from figbench.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some groups of a run with the bytes of their files.

    Attributes:
        groups: The groups.
        files: Bytes by (side, path).
    """

    groups: tuple[Group, ...]
    files: Mapping[tuple[Side, str], bytes]


class BufferWriter:
    """A writer that holds the records of one chunk in memory."""

    def __init__(self) -> None:
        self.records: list[tuple[Job, Record]] = []

    def add(self, job: Job, record: Record) -> None:
        """Adds the record of a job."""
        self.records.append((job, record))

    def flush(self) -> None:
        """Does nothing: the records are returned with the chunk."""


class Worker:
    """Holds the networks of a run from chunk to chunk.

    Args:
        protocol: The resolved protocol.
        execution: How networks run.
        ocr: The OCR engine of the driver; this machine must have the same.
        device: As ``--device``; Ray shows a worker its own CUDA device only.
        workers: As ``--workers``.
    """

    def __init__(
        self,
        protocol: Protocol,
        execution: Execution,
        ocr: OcrInfo | None,
        device: str,
        workers: int | None,
    ) -> None:
        self._ocr = ocr
        resolved = resolve_device(device)
        require_cpu(execution.engine, resolved)
        self._setting = Setting(protocol, execution, resolved, parallelism_of(resolved, workers))
        self._runners: dict[Task, Runner] = {}
        self._writer = BufferWriter()

    def introduce(self) -> tuple[str, dict[str, str]]:
        """Returns the device, and the versions, which must equal those of the driver."""
        return self._setting.device, versions()

    def compute(self, chunk: Chunk) -> list[tuple[Job, Record]]:
        """Returns the records of a chunk."""
        self._writer.records = []
        protocol = self._setting.protocol
        with arithmetic(self._setting.execution.deterministic):
            extract(
                workload_of(chunk.groups),
                Preparer(lambda side, figure: chunk.files[side, figure.path], protocol),
                self._runner,
                writer=self._writer,
                parallelism=self._setting.parallelism,
                advance=lambda _task, _count: None,
            )
        return self._writer.records

    def _runner(self, task: Task) -> Runner:
        if task not in self._runners:
            self._require_same_weights(task)
            self._runners[task] = make_runner(task, self._setting, self._writer)
        return self._runners[task]

    def _require_same_weights(self, task: Task) -> None:
        ocr = self._setting.protocol.ocr
        if isinstance(task, OcrTask) and ocr:
            same = engine_info(ocr.engine, ocr.settings) == self._ocr
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
