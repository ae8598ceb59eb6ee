"""CRAFT's upward half: where text is, from the five maps that OCR-SIM compares.

CRAFT: Baek et al., "Character Region Awareness for Text Detection" (CVPR 2019); EasyOCR's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from figbench.features.engines.pointwise import PointwiseConvolution
from figbench.features.engines.torch_tools import fold_batch_norm, freeze, load_state_dict
from figbench.features.weights import require_weights

FC7_CHANNELS = 1024


class CraftHead(nn.Module):
    """Region and affinity scores from the maps of ``CraftBackbone``, for inference.

    EasyOCR's class concatenates its stored maps after the whole backbone has run, so it too gets
    relu4_3, relu3_2 and relu2_2 after the next slice's in-place ReLU, and relu5_3 and fc7 signed:
    the very maps that OCR-SIM compares.

    The first convolution of a block is 1 x 1. It is linear, as enlarging is: the deeper map goes
    through its part of the weights before it is enlarged, and the maps are added instead of joined.
    Scores differ from those of EasyOCR's layers by rounding.
    """

    def __init__(self) -> None:
        super().__init__()
        whole = load_craft()
        fold_batch_norm(whole)
        blocks = [getattr(whole, f"upconv{number}").conv for number in range(1, 5)]
        # A block takes what the block before gives, and the first one fc7.
        deeper = [FC7_CHANNELS, *(block[3].out_channels for block in blocks[:-1])]
        self.deeper = nn.ModuleList(
            PointwiseConvolution(block[0].weight[:, :width], None)
            for block, width in zip(blocks, deeper, strict=True)
        )
        self.skipped = nn.ModuleList(
            PointwiseConvolution(block[0].weight[:, width:], block[0].bias)
            for block, width in zip(blocks, deeper, strict=True)
        )
        self.rest = nn.ModuleList(block[1:] for block in blocks)
        self.last: nn.Module = whole.conv_cls

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Returns (n, 2, h / 2, w / 2): the score of a character, and of the gap between two.

        Args:
            maps: Five, deepest first, of images with sides (h, w).
        """
        features = maps[0]
        blocks = zip(self.deeper, self.skipped, self.rest, maps[1:], strict=True)
        for of_deeper, of_skipped, rest, skipped in blocks:
            added = of_skipped(skipped)
            features = of_deeper(features)
            if features.shape[2:] != added.shape[2:]:
                features = functional.interpolate(
                    features, size=added.shape[2:], mode="bilinear", align_corners=False
                )
            features = rest(added + features)
        scores: torch.Tensor = self.last(features)
        return scores


def load_craft() -> Any:
    """Returns EasyOCR's whole detector, in eval mode, from the verified file."""
    from easyocr.craft import CRAFT as EasyOcrCraft

    network = EasyOcrCraft(pretrained=False, freeze=False)
    network.load_state_dict(load_state_dict(require_weights("craft", metric="easyocr")))
    return network.eval()


def load_head(device: str) -> nn.Module:
    """Returns the head for inference, in float32: BatchNorm folded, channels last, frozen."""
    return freeze(CraftHead(), device, "float32")
