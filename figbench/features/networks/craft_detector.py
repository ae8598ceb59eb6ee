"""CRAFT's upward half: where text is, from the five maps that OCR-SIM compares.

CRAFT: Baek et al., "Character Region Awareness for Text Detection" (CVPR 2019); EasyOCR's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from figbench.features.engines.torch_tools import fold_batch_norm, freeze, load_state_dict
from figbench.features.weights import require_weights


class CraftHead(nn.Module):
    """Region and affinity scores from the maps of ``CraftBackbone``.

    EasyOCR's class concatenates its stored maps after the whole backbone has run, so it too gets
    relu4_3, relu3_2 and relu2_2 after the next slice's in-place ReLU, and relu5_3 and fc7 signed:
    the very maps that OCR-SIM compares.
    """

    def __init__(self) -> None:
        super().__init__()
        whole = load_craft()
        self.up = nn.ModuleList(
            [whole.upconv1.conv, whole.upconv2.conv, whole.upconv3.conv, whole.upconv4.conv]
        )
        self.last: nn.Module = whole.conv_cls

    def forward(self, maps: Sequence[torch.Tensor]) -> torch.Tensor:
        """Returns (n, 2, h / 2, w / 2): the score of a character, and of the gap between two.

        Args:
            maps: Five, deepest first, of images with sides (h, w).
        """
        features = maps[0]
        for block, skipped in zip(self.up, maps[1:], strict=True):
            if features.shape[2:] != skipped.shape[2:]:
                features = functional.interpolate(
                    features, size=skipped.shape[2:], mode="bilinear", align_corners=False
                )
            features = block(torch.cat([features, skipped], dim=1))
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
    head = CraftHead().eval()
    fold_batch_norm(head)
    return freeze(head, device, "float32")
