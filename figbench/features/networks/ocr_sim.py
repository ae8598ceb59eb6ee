"""OCR-SIM: text-aware distance of aligned image pairs, and the same maths as a training loss.

Definition: Rodriguez et al., "OCR-VQGAN: Taming Text-within-Image Generation" (WACV 2023), and its
code. An LPIPS-shaped distance without learned weights over five CRAFT maps: each map is normalised
over channels to unit length, squared differences are summed over channels and averaged over space,
and the five are summed. Despite its name lower is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from figbench.errors import UserError
from figbench.features.engines.exact import exact_float32
from figbench.features.engines.sharing import shared, sharing
from figbench.features.networks.craft import CraftBackbone, image_maps, load_backbone
from figbench.features.networks.embeddings import Embedding, distance, embed, from_bytes, to_bytes
from figbench.features.specs import OCR_SIM
from figbench.images.types import RGBImage

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""The published scaling of [-1, 1] inputs; equals ImageNet mean and deviation on [0, 1]."""

EPS = 1e-10
MIN_SIDE = 16


def map_distance(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Returns the distance of two maps (n, c, h, w), shape (n,), in 0..4."""
    difference = _unit(first) - _unit(second)
    return difference.square().sum(dim=1).mean(dim=(1, 2))


def _unit(features: torch.Tensor) -> torch.Tensor:
    features = features if features.dtype == torch.float64 else features.float()
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + EPS)


class OcrSim:
    """OCR-SIM of aligned pairs of one size; 0 for identical images, about 6 against white."""

    info = OCR_SIM.info

    def __init__(self, device: str, precision: str) -> None:
        self.backbone = load_backbone(device, precision)
        self._device = device
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.inference_mode()
    @exact_float32()
    def score(
        self, generated: Sequence[RGBImage], reference: Sequence[RGBImage]
    ) -> npt.NDArray[np.float64]:
        """Returns one distance per pair, shape (n,).

        A reference that several pairs in turn share (as the same array) is embedded once.
        """
        with sharing():
            pairs = zip(generated, reference, strict=True)
            return np.array([self.distance(self.embed(a), self.embed(b)) for a, b in pairs])

    @torch.inference_mode()
    @exact_float32()
    def embed(self, image: RGBImage) -> Embedding:
        """Returns the image's unit maps, which :meth:`distance` compares."""
        return shared(lambda: embed(self._maps(image)), self, image)

    @torch.inference_mode()
    def distance(self, first: Embedding, second: Embedding) -> float:
        """Returns OCR-SIM of two images by their unit maps."""
        return distance(first, second)

    def to_bytes(self, embedding: Embedding) -> bytes:
        """Returns an embedding for the disk."""
        return to_bytes(embedding)

    def from_bytes(self, payload: bytes) -> Embedding:
        """Returns the embedding that :meth:`to_bytes` was given."""
        return from_bytes(payload)

    def _maps(self, image: RGBImage) -> list[torch.Tensor]:
        return image_maps(self.backbone, image, self._device, self._dtype)


class OcrPerceptual(nn.Module):
    """OCR-SIM as a differentiable loss for training.

    Its network is frozen and stays in eval mode whatever ``train()`` is called on: in train mode
    BatchNorm would change the distance and drift.
    """

    shift: torch.Tensor
    scale: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.backbone = CraftBackbone().eval().requires_grad_(False)
        self.register_buffer("shift", torch.tensor(SHIFT).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).view(1, 3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> OcrPerceptual:
        """Does nothing: the network is always in eval mode."""
        return self

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Returns one distance per pair, shape (n,).

        Args:
            first: (n, 3, h, w) in [-1, 1].
            second: As ``first``; gradients reach both.
        """
        first_maps = self.backbone((first - self.shift) / self.scale)
        second_maps = self.backbone((second - self.shift) / self.scale)
        pairs = zip(first_maps, second_maps, strict=True)
        return torch.stack([map_distance(a, b) for a, b in pairs]).sum(dim=0)


@lru_cache(maxsize=1)
def _shared() -> OcrSim:
    return OcrSim("cpu", "float32")


def ocr_sim(a: RGBImage | Image.Image, b: RGBImage | Image.Image) -> float:
    """Returns OCR-SIM of two aligned images of one size; no resizing.

    Args:
        a: RGB uint8 array (height, width, 3) or a PIL image.
        b: As ``a``, of the same size.

    Raises:
        UserError: If shapes differ, or an image is not RGB uint8 or smaller than 16 px.
    """
    first, second = _as_rgb(a, "first"), _as_rgb(b, "second")
    if first.shape != second.shape:
        raise UserError(
            f"ocr_sim compares aligned images of one size, got {first.shape} and {second.shape}.",
            remedy="Bring both to one size first: figbench.images.preprocess.preprocess.",
        )
    return float(_shared().score([first], [second])[0])


def _as_rgb(image: Any, which: str) -> RGBImage:
    if isinstance(image, Image.Image):
        image = np.asarray(image.convert("RGB"))
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise UserError(
            f"ocr_sim: the {which} image is {array.dtype} of shape {array.shape}; expected uint8 "
            "of shape (height, width, 3)."
        )
    if min(array.shape[:2]) < MIN_SIDE:
        raise UserError(f"ocr_sim: the {which} image is smaller than {MIN_SIDE} px.")
    return array
