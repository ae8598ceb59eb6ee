"""One runner per task: a loaded network, a batch in, rows into the store."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from figbench.errors import UserError
from figbench.evaluation.inference.parallelism import Parallelism
from figbench.evaluation.inference.prepared_sample import PreparedSample
from figbench.evaluation.inference.writers import Writer
from figbench.evaluation.planning.execution import Execution
from figbench.evaluation.planning.tasks import FeatureTask, GraphTask, OcrTask, PairTask, Task
from figbench.evaluation.planning.workload import Job, image_key
from figbench.features import load_extractor, load_pair_scorer
from figbench.features.base import EmbeddingScorer, FeatureExtractor, PairScorer
from figbench.features.engines.sharing import shared
from figbench.images.types import RGBImage
from figbench.ocr import load_engine
from figbench.ocr.base import OcrEngine
from figbench.protocol import Protocol as ScoringProtocol
from figbench.store import BlobCache, encode_lines

MAX_PAYLOADS = 10_000
"""Figures whose texts a run holds for figures of equal pixels: a few kB each."""


class Runner(Protocol):
    """Runs one network on batches of one shape; several threads may call it at a time."""

    batch_size: int

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """Computes a batch; returns the number of rows."""
        ...

    def holds(self, job: Job) -> bool:
        """Tells whether the reference of the job's pair need not be read."""
        ...


class _NeedsImages:
    def holds(self, job: Job) -> bool:
        """See :class:`Runner`."""
        return False


class FeatureRunner(_NeedsImages):
    """Feature extractor to store records."""

    def __init__(self, extractor: FeatureExtractor, writer: Writer) -> None:
        self._extractor = extractor
        self.batch_size = extractor.info.batch_size
        self._writer = writer

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """See :class:`Runner`."""
        outputs = self._extractor.extract([item.image for item in batch])
        for i, item in enumerate(batch):
            record = {name: array[i] for name, array in outputs.items()}
            _require_finite(record, item)
            self._writer.add(item.job, record)
        return len(batch)


class PairRunner(_NeedsImages):
    """Pair scorer to store records."""

    def __init__(self, scorer: PairScorer, writer: Writer) -> None:
        self._scorer = scorer
        self.batch_size = scorer.info.batch_size
        self._writer = writer

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """See :class:`Runner`."""
        pairs = [(item.image, item.partner()) for item in batch if item.partner]
        scores = self._scorer.score([first for first, _ in pairs], [second for _, second in pairs])
        for item, score in zip(batch, scores, strict=True):
            _add_score(self._writer, item, float(score))
        return len(batch)


class EmbeddedPairRunner:
    """A pair scorer that embeds each image by itself; embedded references are cached on disk."""

    batch_size = 1

    def __init__(self, scorer: EmbeddingScorer, writer: Writer, cache: BlobCache) -> None:
        self._scorer, self._writer, self._cache = scorer, writer, cache

    def holds(self, job: Job) -> bool:
        """See :class:`Runner`."""
        return job.partner is not None and image_key(job.partner) in self._cache

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """See :class:`Runner`."""
        for item in batch:
            reference = shared(partial(self._reference, item), self, item.job.partner)
            score = self._scorer.distance(self._scorer.embed(item.image), reference)
            _add_score(self._writer, item, score)
        return len(batch)

    def _reference(self, item: PreparedSample) -> Any:
        if item.job.partner is None or item.partner is None:
            raise ValueError("a pair without a reference")
        key = image_key(item.job.partner)
        payload = self._cache.get(key)
        if payload is not None:
            return self._scorer.from_bytes(payload)
        embedding = self._scorer.embed(item.partner())
        self._cache.put(key, self._scorer.to_bytes(embedding))
        return embedding


class OcrRunner(_NeedsImages):
    """OCR engine to store records."""

    batch_size = 1

    def __init__(self, engine: OcrEngine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._payloads: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """See :class:`Runner`."""
        for item in batch:
            self._writer.add(item.job, self._payload(item.image))
        return len(batch)

    def _payload(self, image: RGBImage) -> bytes:
        """Returns the encoded lines; images of equal pixels in different files are read once."""
        digest = pixel_digest(image)
        with self._lock:
            payload = self._payloads.get(digest)
        if payload is None:
            payload = encode_lines(self._engine.read(image))
            with self._lock:
                self._payloads[digest] = payload
                if len(self._payloads) > MAX_PAYLOADS:
                    self._payloads.popitem(last=False)
        return payload


def pixel_digest(image: RGBImage) -> bytes:
    """Returns a digest of an image's size and pixels, 20 bytes."""
    digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=20)
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


class GraphRunner(_NeedsImages):
    """Readers of graphs to store rows; a file that cannot be read is a stored failure."""

    batch_size = 1

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def run(self, batch: Sequence[PreparedSample]) -> int:
        """See :class:`Runner`."""
        from figbench.graphs.stored import encode_result, graph_result_of

        for item in batch:
            path = item.job.figure.path if item.job.figure else ""
            self._writer.add(item.job, encode_result(graph_result_of(item.data, path)))
        return len(batch)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the runners of one run have in common.

    Attributes:
        protocol: Names precision and reader.
        execution: How networks run.
        device: A torch device.
        parallelism: What runs side by side.
        blob_cache: Returns the cache of embedded references of a task; None for no cache.
    """

    protocol: ScoringProtocol
    execution: Execution
    device: str
    parallelism: Parallelism
    blob_cache: Callable[[Task], BlobCache] | None = None


def make_runner(task: Task, setting: Setting, writer: Writer) -> Runner:
    """Loads the network of a task.

    Args:
        task: Decides the class of the runner.
        setting: Protocol, device and parallelism.
        writer: Receives the records.
    """
    runner = RUNNERS[type(task)](task, setting, writer)
    if isinstance(runner, EmbeddedPairRunner):
        return runner
    # PyTorch may round an image's features differently in batches of different sizes. On a CPU
    # batches save no time, so that features never depend on what shares a batch.
    alone = setting.execution.deterministic or setting.device == "cpu"
    runner.batch_size = 1 if alone else runner.batch_size * setting.parallelism.batch_factor
    return runner


def _how(setting: Setting) -> tuple[str, str, str, int]:
    """Returns device, precision, engine and streams, as the loaders take them."""
    execution = setting.execution
    return setting.device, setting.protocol.precision, execution.engine, setting.parallelism.workers


def _feature_runner(task: Task, setting: Setting, writer: Writer) -> Runner:
    return FeatureRunner(load_extractor(task.network, *_how(setting)), writer)


def _pair_runner(task: Task, setting: Setting, writer: Writer) -> Runner:
    scorer = load_pair_scorer(task.network, *_how(setting))
    if setting.blob_cache and isinstance(scorer, EmbeddingScorer):
        return EmbeddedPairRunner(scorer, writer, setting.blob_cache(task))
    return PairRunner(scorer, writer)


def _ocr_runner(_task: Task, setting: Setting, writer: Writer) -> Runner:
    return OcrRunner(_ocr_engine(setting), writer)


def _graph_runner(_task: Task, _setting: Setting, writer: Writer) -> Runner:
    return GraphRunner(writer)


RUNNERS: dict[type[Task], Callable[[Task, Setting, Writer], Runner]] = {
    FeatureTask: _feature_runner,
    PairTask: _pair_runner,
    OcrTask: _ocr_runner,
    GraphTask: _graph_runner,
}
"""How each class of task is run."""


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


def _ocr_engine(setting: Setting) -> OcrEngine:
    spec = setting.protocol.ocr
    if spec is None:
        raise ValueError("the plan has an OCR task and the protocol names no OCR engine")
    return load_engine(
        spec.engine,
        spec.settings,
        setting.device,
        setting.execution.engine,
        setting.parallelism.workers,
    )


def _add_score(writer: Writer, item: PreparedSample, score: float) -> None:
    record = {"score": np.asarray(score, dtype=np.float64)}
    _require_finite(record, item)
    writer.add(item.job, record)


def _require_finite(record: dict[str, npt.NDArray[Any]], item: PreparedSample) -> None:
    for name, values in record.items():
        if not np.isfinite(values).all():
            figure = item.job.figure or item.job.partner
            raise FloatingPointError(
                f"{item.job.task.network}: '{name}' of figure "
                f"'{figure.figure_id if figure else '?'}' is not finite"
            )
