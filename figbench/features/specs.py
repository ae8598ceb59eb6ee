"""Properties of every built-in network, readable without importing torch.

Each entry names the class that runs the network. :mod:`figbench.features.catalog` imports that
class when the network is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from figbench.features.base import ExtractorInfo, FeatureExtractor, PairScorer, PairScorerInfo


@dataclass(frozen=True, slots=True)
class ExtractorEntry:
    """Properties and loader of an extractor.

    Attributes:
        info: Properties.
        load: ``load(device, precision) -> FeatureExtractor``, or ``"module:class"`` of it.
    """

    info: ExtractorInfo
    load: str | Callable[[str, str], FeatureExtractor]


@dataclass(frozen=True, slots=True)
class PairScorerEntry:
    """Properties and loader of a pair scorer; see :class:`ExtractorEntry`."""

    info: PairScorerInfo
    load: str | Callable[[str, str], PairScorer]


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
        rate_per_s=20.0,
    ),
    "figbench.features.networks.inception:InceptionV3",
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
        90.0,
    ),
    "figbench.features.networks.efficientnet_lite:EfficientNetLite0",
)
CRAFT = ExtractorEntry(
    ExtractorInfo(
        "craft",
        {"features": 1024},
        "craft",
        3,
        "uint8 RGB of any size from 16 px, ImageNet mean and deviation; fc7 averaged over space",
        1,
        OPENVINO,
        4.0,
    ),
    "figbench.features.networks.craft:CraftFeatures",
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
    "figbench.features.networks.transformers_vision:DinoV2",
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
    "figbench.features.networks.transformers_vision:Clip",
)
IMAGE_STATS = ExtractorEntry(
    ExtractorInfo(
        "image-stats",
        {"phash": 64, "ink": 1, "distinct": 1},
        None,
        1,
        "uint8 RGB; perceptual hash (DCT, 64 bits), share of pixels under 250, distinct values",
        16,
        rate_per_s=400.0,
        framework="numpy",
    ),
    "figbench.features.networks.image_stats:ImageStats",
)
OCR_SIM = PairScorerEntry(
    PairScorerInfo("ocr-sim", "craft", 4, 1, OPENVINO, 2.0),
    "figbench.features.networks.ocr_sim:OcrSim",
)
SSIM = PairScorerEntry(
    PairScorerInfo("ssim", None, 1, rate_per_s=60.0, framework="numpy"),
    "figbench.features.networks.ssim:Ssim",
)
LPIPS = PairScorerEntry(
    PairScorerInfo("lpips", "vgg16", 1, rate_per_s=2.0),
    "figbench.features.networks.lpips_scorer:Lpips",
)
