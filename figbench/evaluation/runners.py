"""One runner per task: a loaded network, a batch in, rows into the store."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.evaluation.plan import Plan, Task
from figbench.features import load_extractor, load_pair_scorer
from figbench.ocr import load_engine
from figbench.store import Space, encode_lines

if TYPE_CHECKING:
    from figbench.evaluation.extract import Ready

FLUSH_ROWS = 128
FLUSH_AFTER_S = 5.0
"""Rows and seconds before a segment is written: what a kill can cost."""


class Runner(Protocol):
    """Runs one network on batches of one shape."""

    batch_size: int

    def run(self, batch: Sequence[Ready]) -> int:
        """Computes a batch; returns the number of rows."""
        ...

    def flush(self) -> None:
        """Writes what is still in memory."""
        ...


class _Buffer:
    """Finished rows per space, written as segments."""

    def __init__(self) -> None:
        self._keys: dict[str, list[bytes]] = {}
        self._rows: dict[str, list[Any]] = {}
        self._spaces: dict[str, Space] = {}
        self._written_s = time.monotonic()

    def add(self, space: Space, key: bytes, row: Any, limit: int) -> None:
        self._spaces[space.id] = space
        self._keys.setdefault(space.id, []).append(key)
        self._rows.setdefault(space.id, []).append(row)
        if len(self._keys[space.id]) >= limit:
            self._write(space.id)
        elif time.monotonic() - self._written_s > FLUSH_AFTER_S:
            self.flush()

    def flush(self) -> None:
        for name in list(self._keys):
            self._write(name)
        self._written_s = time.monotonic()

    def _write(self, name: str) -> None:
        keys, rows = self._keys.pop(name), self._rows.pop(name)
        if isinstance(rows[0], bytes):
            self._spaces[name].put_bytes(keys, rows)
        else:
            arrays = {part: np.stack([row[part] for row in rows]) for part in rows[0]}
            self._spaces[name].put(keys, arrays)


class FeatureRunner:
    """Feature extractor to store rows."""

    def __init__(self, network: str, device: str, precision: str) -> None:
        self._extractor = load_extractor(network, device=device, precision=precision)
        self.batch_size = self._extractor.info.batch_size
        self._buffer = _Buffer()

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        outputs = self._extractor.extract([item.image for item in batch])
        for i, item in enumerate(batch):
            row = {name: array[i] for name, array in outputs.items()}
            _require_finite(row, item)
            self._buffer.add(item.job.space, item.job.key, row, FLUSH_ROWS)
        return len(batch)

    def flush(self) -> None:
        """See :class:`Runner`."""
        self._buffer.flush()


class PairRunner:
    """Pair scorer to store rows."""

    def __init__(self, network: str, device: str, precision: str) -> None:
        self._scorer = load_pair_scorer(network, device=device, precision=precision)
        self.batch_size = self._scorer.info.batch_size
        self._buffer = _Buffer()

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        pairs = [(item.image, item.partner) for item in batch]
        references = [reference for _, reference in pairs if reference is not None]
        scores = self._scorer.score([image for image, _ in pairs], references)
        for item, score in zip(batch, scores, strict=True):
            row = {"score": np.asarray(score, dtype=np.float64)}
            _require_finite(row, item)
            self._buffer.add(item.job.space, item.job.key, row, FLUSH_ROWS)
        return len(batch)

    def flush(self) -> None:
        """See :class:`Runner`."""
        self._buffer.flush()


class OcrRunner:
    """Text reader to store rows; smaller segments, because a reading is dear."""

    batch_size = 1

    def __init__(self, plan: Plan, device: str) -> None:
        if plan.protocol.ocr is None:
            raise ValueError("the plan has an OCR task and the protocol names no reader")
        spec = plan.protocol.ocr
        self._engine = load_engine(spec.engine, settings=spec.settings, device=device)
        self._buffer = _Buffer()

    def run(self, batch: Sequence[Ready]) -> int:
        """See :class:`Runner`."""
        for item in batch:
            payload = encode_lines(self._engine.read(item.image))
            self._buffer.add(item.job.space, item.job.key, payload, FLUSH_ROWS // 4)
        return len(batch)

    def flush(self) -> None:
        """See :class:`Runner`."""
        self._buffer.flush()


def make_runner(task: Task, plan: Plan, device: str) -> Runner:
    """Loads the network of a task."""
    if task.kind == "ocr":
        return OcrRunner(plan, device)
    if task.kind == "pair":
        return PairRunner(task.network, device, plan.protocol.precision)
    return FeatureRunner(task.network, device, plan.protocol.precision)


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


def _require_finite(row: dict[str, npt.NDArray[Any]], item: Ready) -> None:
    for name, values in row.items():
        if not np.isfinite(values).all():
            figure = item.job.figure or item.job.partner
            raise FloatingPointError(
                f"{item.job.task.network}: '{name}' of figure "
                f"'{figure.figure_id if figure else '?'}' is not finite"
            )
