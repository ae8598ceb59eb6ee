"""One runner per task: a loaded network, a batch in, rows into the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.evaluation.execution import Execution
from figbench.evaluation.plan import Task
from figbench.evaluation.sinks import Sink
from figbench.features import load_extractor, load_pair_scorer
from figbench.ocr import load_engine
from figbench.protocol import OcrSpec
from figbench.protocol import Protocol as ScoringProtocol
from figbench.store import encode_lines

if TYPE_CHECKING:
    from figbench.evaluation.extract import Ready


class Runner(Protocol):
    """Runs one network on batches of one shape."""

    batch_size: int

    def run(self, batch: Sequence[Ready]) -> int:
        """Computes a batch; returns the number of rows."""
        ...


class FeatureRunner:
    """Feature extractor to store rows."""

    def __init__(self, network: str, device: str, precision: str, engine: str, sink: Sink) -> None:
        self._extractor = load_extractor(network, device=device, precision=precision, engine=engine)
        self.batch_size = self._extractor.info.batch_size
        self._sink = sink

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        outputs = self._extractor.extract([item.image for item in batch])
        for i, item in enumerate(batch):
            row = {name: array[i] for name, array in outputs.items()}
            _require_finite(row, item)
            self._sink.add(item.job, row)
        return len(batch)


class PairRunner:
    """Pair scorer to store rows."""

    def __init__(self, network: str, device: str, precision: str, engine: str, sink: Sink) -> None:
        self._scorer = load_pair_scorer(network, device=device, precision=precision, engine=engine)
        self.batch_size = self._scorer.info.batch_size
        self._sink = sink

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        pairs = [(item.image, item.partner) for item in batch]
        references = [reference for _, reference in pairs if reference is not None]
        scores = self._scorer.score([image for image, _ in pairs], references)
        for item, score in zip(batch, scores, strict=True):
            row = {"score": np.asarray(score, dtype=np.float64)}
            _require_finite(row, item)
            self._sink.add(item.job, row)
        return len(batch)


class OcrRunner:
    """Text reader to store rows."""

    batch_size = 1

    def __init__(self, spec: OcrSpec | None, device: str, sink: Sink) -> None:
        if spec is None:
            raise ValueError("the plan has an OCR task and the protocol names no reader")
        self._engine = load_engine(spec.engine, settings=spec.settings, device=device)
        self._sink = sink

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        for item in batch:
            payload = encode_lines(self._engine.read(item.image))
            self._sink.add(item.job, payload)
        return len(batch)


def make_runner(
    task: Task, protocol: ScoringProtocol, execution: Execution, device: str, sink: Sink
) -> Runner:
    """Loads the network of a task."""
    runner: Runner
    if task.kind == "ocr":
        runner = OcrRunner(protocol.ocr, device, sink)
    elif task.kind == "pair":
        runner = PairRunner(task.network, device, protocol.precision, execution.engine, sink)
    else:
        runner = FeatureRunner(task.network, device, protocol.precision, execution.engine, sink)
    if execution.deterministic:
        runner.batch_size = 1
    return runner


def resolve_device(name: str, local_rank: int = 0) -> str:
    """Returns the torch device of ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Args:
        name: As asked for; ``auto`` and ``cuda`` leave the choice of the device open.
        local_rank: Spreads the processes of one machine over its CUDA devices.

    Raises:
        UserError: If the device is unknown or not on this machine.
    """
    import torch

    if name in ("auto", "cuda") and torch.cuda.is_available():
        return f"cuda:{local_rank % torch.cuda.device_count()}"
    if name == "auto":
        return "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(
            f"--device {name}: unknown.", remedy="Choose auto, cpu, cuda or cuda:N."
        ) from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices.",
            remedy="Use --device cpu, or install a CUDA build of torch.",
        )
    return name


def require_cpu(engine: str, device: str) -> None:
    """Refuses an engine that knows CPUs only on another device.

    Raises:
        UserError: If so.
    """
    if engine != "torch" and device != "cpu":
        raise UserError(
            f"--engine {engine} runs on the CPU, and the device is {device}.",
            remedy="Add --device cpu, or leave out --engine.",
        )


def _require_finite(row: dict[str, npt.NDArray[Any]], item: Ready) -> None:
    for name, values in row.items():
        if not np.isfinite(values).all():
            figure = item.job.figure or item.job.partner
            raise FloatingPointError(
                f"{item.job.task.network}: '{name}' of figure "
                f"'{figure.figure_id if figure else '?'}' is not finite"
            )
