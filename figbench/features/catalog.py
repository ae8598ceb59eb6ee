"""The facts of every built-in network, readable without importing torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from figbench.features.base import ExtractorInfo, FeatureExtractor, PairScorer, PairScorerInfo
from figbench.registry import Registry

_Network = TypeVar("_Network")


@dataclass(frozen=True, slots=True)
class ExtractorEntry:
    """An extractor's facts and its loader: ``load(device, precision) -> FeatureExtractor``."""

    info: ExtractorInfo
    load: Callable[[str, str], FeatureExtractor]


@dataclass(frozen=True, slots=True)
class PairScorerEntry:
    """A pair scorer's facts and its loader: ``load(device, precision) -> PairScorer``."""

    info: PairScorerInfo
    load: Callable[[str, str], PairScorer]


def _inception(device: str, precision: str) -> FeatureExtractor:
    from figbench.features.inception import InceptionV3

    return InceptionV3(device, precision)


def _efficientnet(device: str, precision: str) -> FeatureExtractor:
    from figbench.features.efficientnet_lite import EfficientNetLite0

    return EfficientNetLite0(device, precision)


def _craft(device: str, precision: str) -> FeatureExtractor:
    from figbench.features.craft import CraftFeatures

    return CraftFeatures(device, precision)


def _dinov2(device: str, precision: str) -> FeatureExtractor:
    from figbench.features.transformers_vision import DinoV2

    return DinoV2(device, precision)


def _clip(device: str, precision: str) -> FeatureExtractor:
    from figbench.features.transformers_vision import Clip

    return Clip(device, precision)


def _image_stats(_device: str, _precision: str) -> FeatureExtractor:
    from figbench.features.image_stats import ImageStats

    return ImageStats()


def _ocr_sim(device: str, precision: str) -> PairScorer:
    from figbench.features.ocr_sim import OcrSim

    return OcrSim(device, precision)


def _ssim(_device: str, _precision: str) -> PairScorer:
    from figbench.features.ssim import Ssim

    return Ssim()


def _lpips(device: str, precision: str) -> PairScorer:
    from figbench.features.lpips_scorer import Lpips

    return Lpips(device, precision)


OPENVINO = ("openvino",)
INCEPTION = ExtractorEntry(
    ExtractorInfo(
        "inception-v3",
        {"features": 2048, "logits": 1008},
        "inception-v3",
        1,
        "uint8 RGB of any size; TF1-compatible bilinear resize to 299 x 299, (x - 128) / 128; "
        "logits without bias, as torch-fidelity's 'logits_unbiased'",
        engines=OPENVINO,
    ),
    _inception,
)
EFFICIENTNET = ExtractorEntry(
    ExtractorInfo(
        "efficientnet-lite0",
        {"features": 1280, "logits": 1000},
        "efficientnet-lite0",
        1,
        "uint8 RGB of any size; Pillow bicubic (antialiased) to 224 x 224, (x - 127) / 128",
        4,
        OPENVINO,
    ),
    _efficientnet,
)
CRAFT = ExtractorEntry(
    ExtractorInfo(
        "craft",
        {"features": 1024},
        "craft",
        1,
        "uint8 RGB of any size from 16 px, ImageNet mean and deviation; fc7 averaged over space",
        1,
        OPENVINO,
    ),
    _craft,
)
DINOV2 = ExtractorEntry(
    ExtractorInfo(
        "dinov2-vit-b-14",
        {"features": 768},
        "dinov2-vit-b-14",
        1,
        "uint8 RGB of any size; TF1-compatible bilinear resize to 224 x 224 as torch-fidelity, "
        "ImageNet mean and deviation; class token after the last norm",
    ),
    _dinov2,
)
CLIP = ExtractorEntry(
    ExtractorInfo(
        "clip-vit-b-32",
        {"features": 512},
        "clip-vit-b-32",
        1,
        "uint8 RGB of any size; TF1-compatible bilinear resize to 224 x 224 as torch-fidelity, "
        "CLIP mean and deviation; image embedding before normalisation",
    ),
    _clip,
)
IMAGE_STATS = ExtractorEntry(
    ExtractorInfo(
        "image-stats",
        {"phash": 64, "ink": 1, "distinct": 1},
        None,
        1,
        "uint8 RGB; perceptual hash (DCT, 64 bits), share of pixels under 250, distinct values",
        16,
    ),
    _image_stats,
)
OCR_SIM = PairScorerEntry(PairScorerInfo("ocr-sim", "craft", 2, 1, OPENVINO), _ocr_sim)
SSIM = PairScorerEntry(PairScorerInfo("ssim", None, 1), _ssim)
LPIPS = PairScorerEntry(PairScorerInfo("lpips", "vgg16", 1), _lpips)

_HERE = "figbench.features.catalog"
extractors: Registry[ExtractorEntry] = Registry(
    "feature extractor",
    "figbench.extractors",
    {
        "inception-v3": f"{_HERE}:INCEPTION",
        "efficientnet-lite0": f"{_HERE}:EFFICIENTNET",
        "craft": f"{_HERE}:CRAFT",
        "dinov2-vit-b-14": f"{_HERE}:DINOV2",
        "clip-vit-b-32": f"{_HERE}:CLIP",
        "image-stats": f"{_HERE}:IMAGE_STATS",
    },
)
pair_scorers: Registry[PairScorerEntry] = Registry(
    "pair scorer",
    "figbench.pair_scorers",
    {
        "ocr-sim": f"{_HERE}:OCR_SIM",
        "ssim": f"{_HERE}:SSIM",
        "lpips": f"{_HERE}:LPIPS",
    },
)


def extractor_info(name: str) -> ExtractorInfo:
    """Returns an extractor's facts without loading its network."""
    return extractors.get(name).info


def pair_scorer_info(name: str) -> PairScorerInfo:
    """Returns a pair scorer's facts without loading its network."""
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
        engine: ``torch``, or ``openvino`` where the extractor's facts name it; else PyTorch.
        streams: Threads that will call it at a time, for engines that divide the cores themselves.

    Raises:
        UserError: If the name is unknown, or the engine is not installed.
        WeightsUnavailableError: If the weights are missing and cannot be fetched.
        IntegrityError: If the weights are not what the pin says.
    """
    entry = extractors.get(name)
    network = entry.load(device, precision)
    return _with_engine(network, entry.info.engines, precision, engine, streams)


def load_pair_scorer(
    name: str,
    device: str = "cpu",
    precision: str = "float32",
    engine: str = "torch",
    streams: int = 1,
) -> PairScorer:
    """Loads a pair scorer; arguments and errors as :func:`load_extractor`."""
    entry = pair_scorers.get(name)
    network = entry.load(device, precision)
    return _with_engine(network, entry.info.engines, precision, engine, streams)


def _with_engine(
    network: _Network, engines: tuple[str, ...], precision: str, engine: str, streams: int
) -> _Network:
    if engine in engines:
        from figbench.features.openvino_engine import compiled

        changed: Any = network
        changed.trunk = compiled(changed.trunk, precision, streams)
    return network
