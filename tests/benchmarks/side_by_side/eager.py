"""Each network the usual way: the peer's class, float32, nothing folded, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import timm
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from figbench.features.engines.torch_tools import load_state_dict, stack
from figbench.features.networks.ocr_sim import OcrPerceptual
from figbench.features.weights import require_weights

Array = npt.NDArray[Any]


def inception(weights: str, device: str) -> Callable[[Sequence[Array]], Array]:
    """torch-fidelity's extractor."""
    network = FeatureExtractorInceptionV3("peer", ["2048"], feature_extractor_weights_path=weights)
    network = network.to(device)
    return lambda images: network(stack(images, device))[0].cpu().numpy()


def efficientnet(_weights: str, device: str) -> Callable[[Sequence[Array]], Array]:
    """timm's network on Pillow's resize."""
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = load_state_dict(require_weights("efficientnet-lite0"))
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    network = network.to(device)

    def features(images: Sequence[Array]) -> Array:
        small = [np.asarray(Image.fromarray(one).resize((224, 224), 3)) for one in images]
        maps = network.forward_features((stack(small, device).float() - 127) / 128)
        return maps.mean(dim=(2, 3)).cpu().numpy()

    return features


def ocr_sim(_weights: str, device: str) -> Callable[[Sequence[Array]], Array]:
    """OCR-SIM as it was published: CRAFT without folding, one pair after another's half."""
    network = OcrPerceptual().to(device)

    def scores(images: Sequence[Array]) -> Array:
        half = len(images) // 2
        batch = stack(images, device).float() / 127.5 - 1
        return network(batch[:half], batch[half:]).cpu().numpy()

    return scores
