"""Interfaces of feature extractors and pair scorers; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from figbench.images.types import RGBImage

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ExtractorInfo:
    """Properties of a network that a protocol and the store's key need.

    Attributes:
        name: Registry name, e.g. ``inception-v3``.
        outputs: Name of each output and its width, e.g. ``{"features": 2048, "logits": 1008}``.
        weights: Name of the weight file in ``figbench.features.weights``; None when the
            extractor has no weights (``image-stats``).
        version: Bumped whenever the numbers would change for the same weights.
        input_contract: One sentence: size, range, normalisation, resize.
        batch_size: How many images per call suit a CPU.
        engines: What can run it besides PyTorch; then its ``backbone`` is the module to compile.
        rate_per_s: Images per second at 512 px on two CPU cores, for estimates only.
        framework: ``torch``, or ``numpy`` for one that runs without PyTorch.
    """

    name: str
    outputs: Mapping[str, int]
    weights: str | None
    version: int
    input_contract: str
    batch_size: int = 8
    engines: tuple[str, ...] = ()
    rate_per_s: float = 5.0
    framework: str = "torch"


class FeatureExtractor(Protocol):
    """Images in, one row per image out. Frozen, in eval mode, never trained."""

    info: ExtractorInfo

    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """Returns one float32 array of shape (n, width) per output, rows in input order."""
        ...


@dataclass(frozen=True, slots=True)
class PairScorerInfo:
    """Properties of a pair scorer; fields as in :class:`ExtractorInfo`."""

    name: str
    weights: str | None
    version: int
    batch_size: int = 4
    engines: tuple[str, ...] = ()
    rate_per_s: float = 5.0
    framework: str = "torch"


class PairScorer(Protocol):
    """Scores aligned image pairs of one size: OCR-SIM, SSIM, LPIPS."""

    info: PairScorerInfo

    def score(
        self, generated: Sequence[RGBImage], reference: Sequence[RGBImage]
    ) -> npt.NDArray[np.float64]:
        """Returns one score per pair, shape (n,)."""
        ...


@runtime_checkable
class EmbeddingScorer(Protocol):
    """A pair scorer that looks at each image of a pair by itself.

    An embedded reference serves every figure that is compared with it; it can be kept on disk.
    """

    def embed(self, image: RGBImage) -> Any:
        """Returns what the score needs of one image."""
        ...

    def distance(self, first: Any, second: Any) -> float:
        """Returns the score of two embedded images: what ``score`` gives for the pair."""
        ...

    def to_bytes(self, embedding: Any) -> bytes:
        """Returns an embedding for the disk."""
        ...

    def from_bytes(self, payload: bytes) -> Any:
        """Returns the very embedding that :meth:`to_bytes` was given."""
        ...
