"""What runs on a worker of a cluster: bytes of figures in, rows out, nothing on a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from figbench._version import __version__
from figbench.errors import IntegrityError
from figbench.evaluation.execution import Execution
from figbench.evaluation.extract import Preparer, extract
from figbench.evaluation.plan import Task, task_weights
from figbench.evaluation.provenance import package_versions
from figbench.evaluation.runners import Runner, make_runner, require_cpu, resolve_device
from figbench.evaluation.sinks import Row
from figbench.evaluation.workload import Group, Job, workload_of
from figbench.features.exact import arithmetic
from figbench.ocr import engine_info
from figbench.ocr.base import OcrInfo
from figbench.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Part:
    """Some groups of a run with the bytes of their files by (side, path)."""

    groups: tuple[Group, ...]
    files: Mapping[tuple[str, str], bytes]


class Basket:
    """A sink that keeps the rows of one part."""

    def __init__(self) -> None:
        self.rows: list[tuple[Job, Row]] = []

    def add(self, job: Job, row: Row) -> None:
        """See :class:`figbench.evaluation.sinks.Sink`."""
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
        decoders: Decoding threads.
    """

    def __init__(
        self,
        protocol: Protocol,
        execution: Execution,
        reader: OcrInfo | None,
        device: str,
        decoders: int,
    ) -> None:
        self._protocol, self._execution = protocol, execution
        self._reader, self._decoders = reader, decoders
        self._device = resolve_device(device)
        require_cpu(execution.engine, self._device)
        self._runners: dict[Task, Runner] = {}
        self._basket = Basket()

    def introduce(self) -> tuple[str, dict[str, str]]:
        """Returns the device, and the versions that must be the driver's."""
        return self._device, versions()

    def compute(self, part: Part) -> list[tuple[Job, Row]]:
        """Returns the rows of a part."""
        self._basket.rows = []
        with arithmetic(self._execution.deterministic):
            extract(
                workload_of(part.groups),
                Preparer(lambda side, figure: part.files[side, figure.path], self._protocol),
                self._runner,
                sink=self._basket,
                workers=self._decoders,
                advance=lambda _task, _count: None,
            )
        return self._basket.rows

    def _runner(self, task: Task) -> Runner:
        if task not in self._runners:
            self._require_same_weights(task)
            self._runners[task] = make_runner(
                task, self._protocol, self._execution, self._device, self._basket
            )
        return self._runners[task]

    def _require_same_weights(self, task: Task) -> None:
        if task.kind == "ocr" and self._protocol.ocr:
            ocr = self._protocol.ocr
            same = engine_info(ocr.engine, ocr.settings) == self._reader
        else:
            same = task_weights(task.kind, task.network) == task.weights
        if not same:
            raise IntegrityError(
                f"{task.network}: a Ray worker has other weights than this machine.",
                remedy="Install the same weights on every node: figbench weights list",
            )


def versions() -> dict[str, str]:
    """Returns the versions of figbench and of every package that can change a number."""
    return {"figbench": __version__, **package_versions()}
