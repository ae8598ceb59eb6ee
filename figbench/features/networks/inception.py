"""InceptionV3 as torch-fidelity's, faster: the network behind ``fid``, ``kid`` and ``isc``.

Weights: the 2015-12-05 TensorFlow graph, converted by torch-fidelity. Its TF1-compatible bilinear
resize is part of the metric's definition and is reproduced exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d, FeatureExtractorInceptionV3

from figbench.features.base import FloatArray
from figbench.features.engines.exact import exact_float32
from figbench.features.engines.torch_tools import freeze, load_state_dict, stack, to_numpy
from figbench.features.specs import INCEPTION
from figbench.features.weights import require_weights
from figbench.images.types import RGBImage

SIDE = 299
_BACKBONE = (
    "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 MaxPool_1 Conv2d_3b_1x1 Conv2d_4a_3x3 MaxPool_2 "
    "Mixed_5b Mixed_5c Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e Mixed_7a Mixed_7b "
    "Mixed_7c AvgPool"
).split()


class _FusedConv(nn.Module):
    """Convolution with its BatchNorm folded in, then ReLU: what ``BasicConv2d`` computes."""

    def __init__(self, block: BasicConv2d) -> None:
        super().__init__()
        self.conv = torch.nn.utils.fuse_conv_bn_eval(block.conv, block.bn)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu_(self.conv(x))


class InceptionV3:
    """Pooled features (2048-d) and logits without bias (1008), as torch-fidelity's."""

    info = INCEPTION.info

    def __init__(self, device: str, precision: str) -> None:
        network = _empty_network()
        network.load_state_dict(load_state_dict(require_weights("inception-v3", metric="fid")))
        _fuse(network.eval())
        backbone = nn.Sequential(*(getattr(network, name) for name in _BACKBONE))
        self.backbone = freeze(backbone, device, precision)
        self._weight = network.fc.weight.detach().to(device)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def extract(self, images: Sequence[RGBImage]) -> dict[str, FloatArray]:
        """See :class:`figbench.features.base.FeatureExtractor`."""
        batch = tensorflow1_batch(images, SIDE, self._device)
        batch = ((batch - 128) / 128).to(self._dtype, memory_format=torch.channels_last)
        features = self.backbone(batch).flatten(1).float()
        return {"features": to_numpy(features), "logits": to_numpy(features @ self._weight.T)}


def _empty_network() -> FeatureExtractorInceptionV3:
    """torch-fidelity's network without its download: the constructor needs a file to load."""
    import io

    class Shell(FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, state: dict[str, torch.Tensor], *_: object) -> None:
            if state:
                nn.Module.load_state_dict(self, state)

    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    return Shell("figbench", ["2048"], feature_extractor_weights_path=empty)


def _fuse(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, BasicConv2d):
            setattr(module, name, _FusedConv(child))
        else:
            _fuse(child)


def resize_like_tensorflow1(image: RGBImage, side: int) -> npt.NDArray[np.float32]:
    """Returns an image by TF1's ``resize_bilinear``, shape (side, side, 3), 0..255.

    Corner-aligned sampling without antialiasing: source = target x (in / out), the neighbours
    clamped at the border. Interpolates columns first, as torch-fidelity does, so that the result
    is the same to the last bit.
    """
    height, width = image.shape[:2]
    left, right, across = _grid(width, side)
    top, bottom, down = _grid(height, side)
    pixels = image.astype(np.float32)
    interpolated = _between(pixels, left, right, across[None, :, None], axis=1)
    return _between(interpolated, top, bottom, down[:, None, None], axis=0)


def _between(
    values: npt.NDArray[np.float32],
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    share: npt.NDArray[np.float32],
    axis: int,
) -> npt.NDArray[np.float32]:
    first, step = values.take(low, axis), values.take(high, axis)
    step -= first
    step *= share
    step += first
    return step


def tensorflow1_batch(images: Sequence[RGBImage], side: int, device: str) -> torch.Tensor:
    """Returns images as (n, 3, side, side) float32 in 0..255 on a device, resized as TF1.

    Args:
        images: RGB, uint8, (h, w, 3); of one size for a GPU.
        side: Pixels.
        device: A torch device.

    A GPU resizes what it was sent, images of one size at a time; its operations are those of
    :func:`resize_like_tensorflow1`, one by one, so that the result is the same.
    """
    if device == "cpu":
        resized = np.stack([resize_like_tensorflow1(image, side) for image in images])
        return torch.from_numpy(resized).permute(0, 3, 1, 2)
    return resize_on_device(stack(images, device), side)


def resize_on_device(batch: torch.Tensor, side: int) -> torch.Tensor:
    """Returns a batch (n, 3, h, w) as :func:`resize_like_tensorflow1` resizes each image."""
    for axis in (3, 2):
        low, high, share = (torch.from_numpy(values) for values in _grid(batch.shape[axis], side))
        shape = [1, 1, 1, 1]
        shape[axis] = side
        first = batch.index_select(axis, low.to(batch.device)).float()
        step = batch.index_select(axis, high.to(batch.device)).float().sub_(first)
        batch = step.mul_(share.to(batch.device).view(shape)).add_(first)
    return batch


@lru_cache(maxsize=64)
def _grid(
    size: int, side: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    source = np.arange(side, dtype=np.float32) * np.float32(size / side)
    low = source.astype(np.int64)
    return low, np.minimum(low + 1, size - 1), source - low.astype(np.float32)
