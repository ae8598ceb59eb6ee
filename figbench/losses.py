"""Differentiable losses for training image generators."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from figbench.errors import UserError
from figbench.features.networks.ocr_sim import OcrPerceptual
from figbench.images.arrays import RANGES, ValueRange

__all__ = ["OcrPerceptualLoss"]

REDUCTIONS = ("mean", "sum", "none")
MINIMUM_SIDE = 16


class OcrPerceptualLoss(nn.Module):
    """OCR-SIM as a loss: it weighs differences in the features of a text detector.

    The network (CRAFT's backbone) is frozen, stays in eval mode and is not part of
    ``parameters()`` that require gradients. Gradients reach both images.

    Args:
        value_range: Range of the images, (-1, 1) or (0, 1).
        reduction: ``mean``, ``sum`` or ``none`` over the batch.

    Raises:
        UserError: If an argument is invalid.
        WeightsUnavailableError: If CRAFT's weights are missing.

    Source: Rodriguez et al., OCR-VQGAN: Taming text-within-image generation, WACV 2023.

    Example::

        loss = OcrPerceptualLoss().to(device)
        total = mse + 0.1 * loss(decoded, images)
        total.backward()
    """

    def __init__(self, value_range: ValueRange = (-1.0, 1.0), reduction: str = "mean") -> None:
        super().__init__()
        limits = (float(value_range[0]), float(value_range[1]))
        if limits not in RANGES:
            raise UserError(f"value_range: {value_range}, expected (-1, 1) or (0, 1).")
        if reduction not in REDUCTIONS:
            raise UserError(f"reduction: {reduction!r}, expected {', '.join(REDUCTIONS)}.")
        self.value_range, self.reduction = limits, reduction
        self.distance = OcrPerceptual()

    def forward(self, generated: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
        """Returns the loss.

        Args:
            generated: (n, 3, h, w) float in ``value_range``; values outside are not clipped. At
                least 16 px on each side.
            reference: As ``generated``, of the same shape.

        Returns:
            A scalar, or shape (n,) for ``reduction="none"``; 0 for identical images.

        Raises:
            UserError: If a shape or type is wrong; the message names the argument.
        """
        for name, images in (("generated", generated), ("reference", reference)):
            _check(images, name)
        if generated.shape != reference.shape:
            raise UserError(
                f"generated and reference: shapes {tuple(generated.shape)} and "
                f"{tuple(reference.shape)} differ."
            )
        low, high = self.value_range
        scale = 2.0 / (high - low)
        pair = ((images - low) * scale - 1.0 for images in (generated, reference))
        distances: torch.Tensor = self.distance(*pair)
        if self.reduction == "none":
            return distances
        return distances.mean() if self.reduction == "mean" else distances.sum()


def _check(images: Any, name: str) -> None:
    if not isinstance(images, torch.Tensor) or not images.is_floating_point():
        kind = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        raise UserError(f"{name}: {kind}, expected a float tensor (n, 3, h, w).")
    if images.ndim != 4 or images.shape[1] != 3:
        raise UserError(f"{name}: shape {tuple(images.shape)}, expected (n, 3, h, w).")
    if min(images.shape[2:]) < MINIMUM_SIDE:
        raise UserError(f"{name}: shape {tuple(images.shape)}, needs {MINIMUM_SIDE} px a side.")
