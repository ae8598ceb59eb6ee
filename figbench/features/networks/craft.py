"""CRAFT's VGG16-BN backbone from EasyOCR's own weights: five maps, and pooled features.

CRAFT: Baek et al., "Character Region Awareness for Text Detection" (CVPR 2019).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence

import torch
from torch import nn

from figbench.features.base import FloatArray
from figbench.features.engines.exact import exact_float32
from figbench.features.engines.sharing import shared
from figbench.features.engines.torch_tools import (
    fold_batch_norm,
    freeze,
    load_state_dict,
    stack,
    to_numpy,
)
from figbench.features.networks.craft_tiles import tiled
from figbench.features.specs import CRAFT
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

POOL = 0
VGG_CHANNELS = (
    64,
    64,
    POOL,
    128,
    128,
    POOL,
    256,
    256,
    256,
    POOL,
    512,
    512,
    512,
    POOL,
    512,
    512,
    512,
)
SLICE_STARTS, SLICE_END = (0, 12, 19, 29), 39
"""Layers of VGG16-BN at which CRAFT's first four slices start, and the end of the fourth."""


class CraftBackbone(nn.Module):
    """The maps fc7, relu5_3, relu4_3, relu3_2 and relu2_2, as the published OCR-SIM takes them.

    In EasyOCR's class the next slice starts with an in-place ReLU, which rewrites the tensor that
    was stored as a map; the maps relu4_3, relu3_2 and relu2_2 are therefore *after* ReLU, while
    relu5_3 and fc7 (followed by pooling and by nothing) keep their sign. The forward pass here is
    written so that this holds by construction, whatever fuses or compiles it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.slices = vgg_slices()
        state = load_state_dict(require_weights("craft", metric="ocr_sim"))
        for number, vgg_slice in enumerate(self.slices, 1):
            prefix = f"basenet.slice{number}."
            own = {name: state[prefix + name] for name in vgg_slice.state_dict()}
            vgg_slice.load_state_dict(own)

    def forward(self, normalised: torch.Tensor) -> list[torch.Tensor]:
        """Returns the five maps, deepest first.

        Args:
            normalised: (n, 3, h, w), ImageNet mean and deviation applied.
        """
        relu2_2 = torch.relu(self.slices[0](normalised))
        relu3_2 = torch.relu(self.slices[1](relu2_2))
        relu4_3 = torch.relu(self.slices[2](relu3_2))
        relu5_3 = self.slices[3](relu4_3)
        fc7 = self.slices[4](relu5_3)
        return [fc7, relu5_3, relu4_3, relu3_2, relu2_2]


def vgg_slices() -> nn.ModuleList:
    """Returns VGG16-BN in CRAFT's five slices, with undefined weights and EasyOCR's layer names.

    The ReLU at the start of slices 2 to 4 is missing: the forward pass applies it.
    """
    layers: list[nn.Module] = []
    width = 3
    for channels in VGG_CHANNELS:
        if channels == POOL:
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers += [
            nn.Conv2d(width, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
        width = channels
    slices = [nn.Sequential() for _ in SLICE_STARTS]
    for vgg_slice, start, end in zip(
        slices, SLICE_STARTS, (*SLICE_STARTS[1:], SLICE_END), strict=True
    ):
        for number in range(start, end):
            is_first_relu = number == start and isinstance(layers[number], nn.ReLU)
            vgg_slice.add_module(str(number), nn.Identity() if is_first_relu else layers[number])
    last = nn.Sequential(
        nn.MaxPool2d(3, 1, 1),
        nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
        nn.Conv2d(1024, 1024, 1),
    )
    return nn.ModuleList([*slices, last])


_loaded: weakref.WeakValueDictionary[tuple[str, ...], nn.Module] = weakref.WeakValueDictionary()
_loading = threading.Lock()


def load_backbone(device: str, precision: str) -> nn.Module:
    """Returns the backbone for inference: BatchNorm folded, channels last, frozen.

    OCR-SIM, the extractor and the text detector get one and the same while any of them lives.
    """
    key = (str(require_weights("craft", metric="ocr_sim")), device, precision)
    with _loading:
        backbone = _loaded.get(key)
        if backbone is None:
            backbone = CraftBackbone().eval()
            fold_batch_norm(backbone)
            backbone = _loaded[key] = freeze(backbone, device, precision)
    return backbone


def normalise(images: Sequence[RGBImage], device: str, dtype: torch.dtype) -> torch.Tensor:
    """Returns a batch with ImageNet mean and deviation applied, channels last.

    Args:
        images: (h, w, 3) RGB, uint8, of one size.
        device: A torch device.
        dtype: Of the result.

    Returns:
        (n, 3, h, w).
    """
    mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1)
    batch = (stack(images, device).to(torch.float32) / 255 - mean) / std
    return batch.to(dtype=dtype, memory_format=torch.channels_last)


def image_maps(
    backbone: nn.Module, image: RGBImage, device: str, dtype: torch.dtype
) -> list[torch.Tensor]:
    """Returns the five maps of one image, computed once for OCR-SIM, the extractor and EasyOCR.

    One image at a time: at 512 px it fills a CPU's caches many times over.

    Args:
        backbone: :class:`CraftBackbone`, or its compiled form.
        image: (h, w, 3) RGB, uint8.
        device: A torch device.
        dtype: Of the arithmetic.

    Returns:
        Maps (1, c, h / s, w / s), deepest first; s is 16, 16, 8, 4 and 2.
    """

    def compute() -> list[torch.Tensor]:
        if isinstance(backbone, CraftBackbone) and device == "cpu" and dtype == torch.float32:
            tiles = tiled(backbone, IMAGENET_MEAN, IMAGENET_STD)
            if tiles.takes(image):
                return tiles(image)
        maps: list[torch.Tensor] = backbone(normalise([image], device, dtype))
        return maps

    return shared(compute, backbone, image)


class CraftFeatures:
    """fc7 averaged over space: what a text detector sees of a figure (1024-d)."""

    info = CRAFT.info

    def __init__(self, device: str, precision: str) -> None:
        self.backbone = load_backbone(device, precision)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        maps = (image_maps(self.backbone, image, self._device, self._dtype) for image in images)
        pooled = [fc7.float().mean(dim=(2, 3)) for fc7, *_ in maps]
        return {"features": to_numpy(torch.cat(pooled))}
