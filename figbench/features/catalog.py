"""Networks by name: extractors and pair scorers, built in or from entry points."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar

from figbench.features.base import ExtractorInfo, FeatureExtractor, PairScorer, PairScorerInfo
from figbench.features.reuse import loaded
from figbench.features.specs import ExtractorEntry, PairScorerEntry
from figbench.registry import Registry

_Network = TypeVar("_Network")

_SPECS = "figbench.features.specs"
extractors: Registry[ExtractorEntry] = Registry(
    "feature extractor",
    "figbench.extractors",
    {
        "inception-v3": f"{_SPECS}:INCEPTION",
        "efficientnet-lite0": f"{_SPECS}:EFFICIENTNET",
        "craft": f"{_SPECS}:CRAFT",
        "dinov2-vit-b-14": f"{_SPECS}:DINOV2",
        "clip-vit-b-32": f"{_SPECS}:CLIP",
        "image-stats": f"{_SPECS}:IMAGE_STATS",
    },
)
pair_scorers: Registry[PairScorerEntry] = Registry(
    "pair scorer",
    "figbench.pair_scorers",
    {
        "ocr-sim": f"{_SPECS}:OCR_SIM",
        "ssim": f"{_SPECS}:SSIM",
        "lpips": f"{_SPECS}:LPIPS",
    },
)


def extractor_info(name: str) -> ExtractorInfo:
    """Returns the properties of an extractor without loading its network."""
    return extractors.get(name).info


def pair_scorer_info(name: str) -> PairScorerInfo:
    """Returns the properties of a pair scorer without loading its network."""
    return pair_scorers.get(name).info


def load_extractor(
    name: str,
    device: str = "cpu",
    precision: str = "float32",
    engine: str = "torch",
    streams: int = 1,
) -> FeatureExtractor:
    """Loads an extractor: frozen, in eval mode, weights verified.

    Args:
        name: Registry name.
        device: A torch device.
        precision: ``float32`` or ``bfloat16``.
        engine: ``torch``, or ``openvino`` where the extractor's properties name it; else PyTorch.
        streams: Threads that will call it at a time, for engines that divide the cores themselves.

    Raises:
        UserError: If the name is unknown, or the engine is not installed.
        WeightsUnavailableError: If the weights are missing and cannot be fetched.
        IntegrityError: If the weights are not what the pin says.
    """
    entry = extractors.get(name)

    def load() -> FeatureExtractor:
        network = _loader(entry.load)(device, precision)
        return _with_engine(network, entry.info.engines, precision, engine, streams)

    return loaded((extractors.kind, name, device, precision, engine, streams), load)


def load_pair_scorer(
    name: str,
    device: str = "cpu",
    precision: str = "float32",
    engine: str = "torch",
    streams: int = 1,
) -> PairScorer:
    """Loads a pair scorer; arguments and errors as :func:`load_extractor`."""
    entry = pair_scorers.get(name)

    def load() -> PairScorer:
        network = _loader(entry.load)(device, precision)
        return _with_engine(network, entry.info.engines, precision, engine, streams)

    return loaded((pair_scorers.kind, name, device, precision, engine, streams), load)


def _loader(load: str | Callable[[str, str], _Network]) -> Callable[[str, str], _Network]:
    if not isinstance(load, str):
        return load
    module, _, attribute = load.partition(":")
    loaded: Callable[[str, str], _Network] = getattr(importlib.import_module(module), attribute)
    return loaded


def _with_engine(
    network: _Network, engines: tuple[str, ...], precision: str, engine: str, streams: int
) -> _Network:
    if engine in engines:
        from figbench.features.engines.openvino_engine import compiled

        changed: Any = network
        changed.backbone = compiled(changed.backbone, precision, streams)
    return network
