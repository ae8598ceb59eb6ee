"""DINOv2 and CLIP for those who have the weights; preprocessing as torch-fidelity's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import timm
import torch
from timm.models.vision_transformer import checkpoint_filter_fn
from torch_fidelity.feature_extractor_clip import FeatureExtractorCLIP

from figbench.features.base import FloatArray
from figbench.features.engines.exact import exact_float32
from figbench.features.engines.torch_tools import freeze, load_state_dict, to_numpy
from figbench.features.networks.craft import IMAGENET_MEAN, IMAGENET_STD
from figbench.features.networks.inception import resize_like_tensorflow1
from figbench.features.specs import CLIP, DINOV2
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage

SIDE = 224


class DinoV2:
    """DINOv2 ViT-B/14 class token (Oquab et al., TMLR 2024), through timm's network."""

    info = DINOV2.info

    def __init__(self, device: str, precision: str) -> None:
        network = timm.create_model(
            "vit_base_patch14_dinov2", pretrained=False, img_size=SIDE, num_classes=0
        )
        state = load_state_dict(require_weights("dinov2-vit-b-14", metric=self.info.name))
        network.load_state_dict(checkpoint_filter_fn(state, network))  # type: ignore[arg-type]
        self._network = freeze(network, device, precision)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        resized = np.stack([resize_like_tensorflow1(image, SIDE) for image in images])
        scaled = (resized / 255 - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
        batch = torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)
        features = self._network(batch.to(self._device, self._dtype))
        return {"features": to_numpy(features)}


class Clip:
    """CLIP ViT-B/32 image embedding (Radford et al., ICML 2021), torch-fidelity's class."""

    info = CLIP.info

    def __init__(self, device: str, precision: str) -> None:
        path = require_weights("clip-vit-b-32", metric=self.info.name)
        network = FeatureExtractorCLIP(
            "clip-vit-b-32", ["clip"], feature_extractor_weights_path=str(path)
        )
        self._network = freeze(network, device, "float32")
        self._device = device

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(self._device)
        return {"features": to_numpy(self._network(batch)[0])}
