"""Tasks: one network on one preprocessing policy, the unit that is stored and scheduled.

Each class states the identity of its stored results, its weights, its rate, and how its results are
copied from store to store. ``inference.runners`` has one
runner for each class.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from figbench.features import extractor_info, pair_scorer_info, weights_digest
from figbench.features.base import ExtractorInfo, PairScorerInfo
from figbench.graphs.read import READERS_VERSION, readers_digest
from figbench.ocr.base import OcrInfo
from figbench.protocol import Protocol
from figbench.store import Namespace


class Side(StrEnum):
    """The two sets of an evaluation."""

    GENERATED = "generated"
    REFERENCE = "reference"


GENERATED, REFERENCE = Side.GENERATED, Side.REFERENCE


@dataclass(frozen=True, slots=True)
class Task(ABC):
    """One network on one preprocessing policy: the identity of a namespace in the store.

    Attributes:
        network: Registry name.
        preprocess: Policy.
        sides: Sides that need it.
        metrics: Metric requests that need it.
        weights: SHA-256 of the weights, or None for a network without any.
    """

    kind: ClassVar[str]
    """Name of the class in the store's identities."""
    scores_pairs: ClassVar[bool] = False
    """Whether a job is a (generated, reference) pair and not one image."""

    reads_documents: ClassVar[bool] = False
    """Whether a job gets the bytes of a file and not a preprocessed image."""

    network: str
    preprocess: str
    sides: frozenset[Side]
    metrics: tuple[str, ...]
    weights: str | None = None

    @abstractmethod
    def identity(self, protocol: Protocol, ocr: OcrInfo | None) -> dict[str, Any]:
        """Returns the part of the store identity that is particular to this class."""

    @abstractmethod
    def engines(self, ocr: OcrInfo | None) -> tuple[str, ...]:
        """Returns the engines besides PyTorch that can run the network."""

    @property
    @abstractmethod
    def rate_per_s(self) -> float:
        """Images or pairs per second at 512 px on two CPU cores, for estimates only."""

    @property
    @abstractmethod
    def framework(self) -> str:
        """Returns ``torch``, or ``numpy`` for a network that runs without PyTorch."""

    @classmethod
    @abstractmethod
    def weights_of(cls, network: str) -> str | None:
        """Returns the SHA-256 of the weights that this machine would load; None without any."""

    @abstractmethod
    def copy(self, source: Namespace, target: Namespace, keys: Sequence[bytes]) -> None:
        """Copies stored results between namespaces.

        Args:
            source: Namespace that holds every key.
            target: Namespace to write.
            keys: Keys of the results.
        """


@dataclass(frozen=True, slots=True)
class FeatureTask(Task):
    """A feature extractor on single images."""

    kind: ClassVar[str] = "features"

    def _info(self) -> ExtractorInfo:
        return extractor_info(self.network)

    def identity(self, protocol: Protocol, ocr: OcrInfo | None) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"version": self._info().version, "precision": protocol.precision}

    def engines(self, ocr: OcrInfo | None) -> tuple[str, ...]:
        """See :class:`Task`."""
        return self._info().engines

    @property
    def rate_per_s(self) -> float:
        """See :class:`Task`."""
        return self._info().rate_per_s

    @property
    def framework(self) -> str:
        """See :class:`Task`."""
        return self._info().framework

    @classmethod
    def weights_of(cls, network: str) -> str | None:
        """See :class:`Task`."""
        weights = extractor_info(network).weights
        return weights_digest(weights) if weights else None

    def copy(self, source: Namespace, target: Namespace, keys: Sequence[bytes]) -> None:
        """See :class:`Task`."""
        target.put(keys, {name: source.get(keys, name) for name in self._info().outputs})


@dataclass(frozen=True, slots=True)
class PairTask(Task):
    """A pair scorer on a generated figure and its reference."""

    kind: ClassVar[str] = "pair"
    scores_pairs: ClassVar[bool] = True

    def _info(self) -> PairScorerInfo:
        return pair_scorer_info(self.network)

    def identity(self, protocol: Protocol, ocr: OcrInfo | None) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"version": self._info().version, "precision": protocol.precision}

    def engines(self, ocr: OcrInfo | None) -> tuple[str, ...]:
        """See :class:`Task`."""
        return self._info().engines

    @property
    def rate_per_s(self) -> float:
        """See :class:`Task`."""
        return self._info().rate_per_s

    @property
    def framework(self) -> str:
        """See :class:`Task`."""
        return self._info().framework

    @classmethod
    def weights_of(cls, network: str) -> str | None:
        """See :class:`Task`."""
        weights = pair_scorer_info(network).weights
        return weights_digest(weights) if weights else None

    def copy(self, source: Namespace, target: Namespace, keys: Sequence[bytes]) -> None:
        """See :class:`Task`."""
        target.put(keys, {"score": source.get(keys, "score")})


@dataclass(frozen=True, slots=True)
class OcrTask(Task):
    """An OCR engine on single images."""

    kind: ClassVar[str] = "ocr"

    def identity(self, protocol: Protocol, ocr: OcrInfo | None) -> dict[str, Any]:
        """See :class:`Task`."""
        if ocr is None:
            raise ValueError("an OCR task without an OCR engine")
        # "reader" is the name under which stores of version 0.1 hold these fields.
        engine: dict[str, Any] = {
            "version": ocr.version,
            "weights": dict(ocr.weights),
            "settings": dict(ocr.settings),
        }
        if ocr.runtime not in ("", "onnxruntime"):
            # Rounding differs; stores of earlier versions hold results of onnxruntime.
            engine["runtime"] = ocr.runtime
        return {"reader": engine}

    def engines(self, ocr: OcrInfo | None) -> tuple[str, ...]:
        """See :class:`Task`."""
        return ocr.engines if ocr else ()

    @property
    def rate_per_s(self) -> float:
        """See :class:`Task`."""
        from figbench.ocr import engines

        return engines.get(self.network).rate_per_s

    @property
    def framework(self) -> str:
        """See :class:`Task`."""
        from figbench.ocr import engines

        return engines.get(self.network).framework

    @classmethod
    def weights_of(cls, network: str) -> str | None:
        """Returns None: an engine's weights are part of its :class:`OcrInfo`."""
        return None

    def copy(self, source: Namespace, target: Namespace, keys: Sequence[bytes]) -> None:
        """See :class:`Task`."""
        target.put_bytes(keys, source.get_bytes(keys))


@dataclass(frozen=True, slots=True)
class GraphTask(Task):
    """The readers of graphs on single files: a document where there is one, else an image."""

    kind: ClassVar[str] = "graph"
    reads_documents: ClassVar[bool] = True

    def identity(self, protocol: Protocol, ocr: OcrInfo | None) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"version": READERS_VERSION}

    def engines(self, ocr: OcrInfo | None) -> tuple[str, ...]:
        """See :class:`Task`."""
        return ()

    @property
    def framework(self) -> str:
        """See :class:`Task`."""
        return "numpy"

    @property
    def rate_per_s(self) -> float:
        """See :class:`Task`."""
        return 0.5

    @classmethod
    def weights_of(cls, network: str) -> str | None:
        """Returns a digest of the readers' version and of the OCR engine that they use."""
        return readers_digest()

    def copy(self, source: Namespace, target: Namespace, keys: Sequence[bytes]) -> None:
        """See :class:`Task`."""
        target.put_bytes(keys, source.get_bytes(keys))


AREAS = {"pad256": 0.25, "pad384": 0.56, "crop384": 0.56}
"""Pixels of a policy, relative to those of 512 px."""


def estimate_s(missing: Mapping[Task, int]) -> float:
    """Returns a rough duration in seconds on two cores.

    Args:
        missing: Number of missing results by task.
    """
    return sum(
        count / task.rate_per_s * AREAS.get(task.preprocess, 1.0) for task, count in missing.items()
    )
