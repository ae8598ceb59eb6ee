"""The layers of EfficientNet-Lite0 up to its last map, for images of 224 px.

Tan & Le, "EfficientNet" (ICML 2019); the Lite variant has ReLU6 and no squeeze-and-excitation.
timm has the same network (``tf_efficientnet_lite0``), and the tests compare both; importing timm
takes longer than importing PyTorch.
"""

from __future__ import annotations

import torch
from torch import nn

NORM_EPS = 1e-3

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first block, expansion, channels."""


def efficientnet_lite0() -> nn.Sequential:
    """Returns the network with undefined weights: (n, 3, 224, 224) to (n, 1280, 7, 7)."""
    layers = _convolution(3, 32, kernel=3, stride=2, active=True)
    width = 32
    for blocks, kernel, stride, expansion, channels in STAGES:
        for number in range(blocks):
            step = stride if number == 0 else 1
            layers.append(_block(width, channels, kernel, step, expansion))
            width = channels
    return nn.Sequential(*layers, *_convolution(width, 1280, kernel=1, active=True))


class Residual(nn.Sequential):
    """Layers whose input is added to their output."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Returns (n, c, h, w) of the input's shape."""
        output = input
        for layer in self:
            output = layer(output)
        return input + output


def _block(width: int, channels: int, kernel: int, stride: int, expansion: int) -> nn.Sequential:
    """Returns an inverted residual: expansion, convolution by channel, projection."""
    inner = width * expansion
    expand = _convolution(width, inner, active=True) if expansion > 1 else []
    layers = [
        *expand,
        *_convolution(inner, inner, kernel=kernel, stride=stride, groups=inner, active=True),
        *_convolution(inner, channels),
    ]
    return (Residual if stride == 1 and width == channels else nn.Sequential)(*layers)


def _convolution(
    width: int,
    channels: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    active: bool = False,
) -> list[nn.Module]:
    """Returns a convolution with TensorFlow's padding, its norm, and ReLU6 where ``active``."""
    # With stride 2 and even sides, as all are from 224 px on, TensorFlow pads one more below and
    # to the right.
    padding = (kernel - 1) // 2
    layers: list[nn.Module] = []
    if stride == 2:
        layers.append(nn.ZeroPad2d((padding - 1, padding, padding - 1, padding)))
        padding = 0
    layers.append(nn.Conv2d(width, channels, kernel, stride, padding, groups=groups, bias=False))
    layers.append(nn.BatchNorm2d(channels, eps=NORM_EPS))
    if active:
        layers.append(nn.ReLU6(inplace=True))
    return layers
