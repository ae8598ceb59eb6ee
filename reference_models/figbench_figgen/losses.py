"""The autoencoder's losses. The loss networks are frozen and stand outside the trained model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from figbench.errors import UserError, WeightsUnavailableError
from figbench.features.networks.lpips_scorer import load_lpips
from figbench.features.networks.ocr_sim import OcrPerceptual
from figbench_figgen.config_sections import AutoencoderConfig

MAX_ADAPTIVE_WEIGHT = 1e4


class ReconstructionLoss:
    """L1 + VGG perceptual + OCR perceptual + KL, as the paper; L2 has weight 0 there.

    Formula, per image of C x H x W: mean |x - y| w_l1 + mean (x - y)^2 w_l2 + LPIPS w_lpips
    + OCR-SIM w_ocr + w_kl KL / (C H W). The official code sums L1 over the image and multiplies
    the perceptual terms by C H W; dividing everything by C H W leaves its minimum where it was.
    Its ``logvar`` is never optimised and is left out.
    """

    def __init__(self, config: AutoencoderConfig, device: torch.device) -> None:
        self._config = config
        self._ocr = OcrPerceptual().to(device) if config.ocr_weight else None
        self._lpips = _load_lpips(device) if config.lpips_weight else None
        assert_frozen(self._ocr, self._lpips)

    def __call__(
        self, reconstructed: torch.Tensor, target: torch.Tensor, kl: torch.Tensor, step: int
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Returns one loss per image, shape (n,), and its unweighted parts (means).

        Args:
            reconstructed: (n, 3, h, w) in [-1, 1].
            target: The figures, as ``reconstructed``.
            kl: KL divergence of each posterior, summed, (n,).
            step: Optimiser step; the OCR term enters every ``ocr_every``-th.
        """
        config = self._config
        reconstructed, target = reconstructed.float(), target.float()
        weight = ink_weights(target, config.ink_weight)
        l1 = (weight * (reconstructed - target).abs()).mean(dim=(1, 2, 3))
        total = config.l1_weight * l1 + config.kl_weight * kl / target[0].numel()
        terms = {"l1": l1.mean(), "kl": kl.mean()}
        if config.l2_weight:
            l2 = (weight * (reconstructed - target).square()).mean(dim=(1, 2, 3))
            total = total + config.l2_weight * l2
            terms["l2"] = l2.mean()
        if self._lpips is not None:
            lpips = self._lpips(reconstructed, target).flatten()
            total = total + config.lpips_weight * lpips
            terms["lpips"] = lpips.mean()
        if self._ocr is not None and step % config.ocr_every == 0:
            ocr = self._ocr(reconstructed, target)
            total = total + config.ocr_weight * ocr
            terms["ocr"] = ocr.mean()
        return total, terms


def ink_weights(images: torch.Tensor, extra: float) -> torch.Tensor:
    """Returns a weight per pixel, 1 + ``extra`` times the local contrast, (n, 1, h, w).

    Local contrast is the range of the grey value in the 3 x 3 neighbourhood, from 0 to 1.

    Args:
        images: (n, 3, h, w) in [-1, 1].
        extra: At least 0; 0 weighs all pixels alike.
    """
    if not extra:
        return torch.ones_like(images[:, :1])
    grey = images.mean(dim=1, keepdim=True)
    highest = functional.max_pool2d(grey, 3, stride=1, padding=1)
    lowest = -functional.max_pool2d(-grey, 3, stride=1, padding=1)
    return 1 + extra * (highest - lowest) / 2


def _load_lpips(device: torch.device) -> Any:
    try:
        return load_lpips().to(device)
    except WeightsUnavailableError as error:
        raise WeightsUnavailableError(
            f"The autoencoder's VGG perceptual term: {error.message}",
            remedy=f"{error.remedy}\n"
            "or train without the term, knowingly: --set autoencoder.lpips_weight=0",
        ) from None


def assert_frozen(*networks: nn.Module | None) -> None:
    """Refuses a loss network that could change: in train mode BatchNorm moves the distance.

    Raises:
        UserError: If one is in train mode or has trainable parameters.
    """
    for network in networks:
        if network is None:
            continue
        moving = any(module.training for module in network.modules() if module is not network)
        if moving or any(module.requires_grad for module in network.parameters()):
            raise UserError("A loss network is not frozen in eval mode.")


def discriminator(layers: int, channels: int) -> nn.Sequential:
    """Returns the 70 x 70 PatchGAN of pix2pix for ``layers = 3`` (Isola et al., CVPR 2017).

    Args:
        layers: Strided convolutions.
        channels: Width of the first.
    """
    blocks: list[nn.Module] = [nn.Conv2d(3, channels, 4, 2, 1), nn.LeakyReLU(0.2)]
    width = channels
    for level in range(1, layers + 1):
        wider = channels * min(2**level, 8)
        stride = 2 if level < layers else 1
        blocks += [nn.Conv2d(width, wider, 4, stride, 1, bias=False), nn.BatchNorm2d(wider)]
        blocks.append(nn.LeakyReLU(0.2))
        width = wider
    network = nn.Sequential(*blocks, nn.Conv2d(width, 1, 4, 1, 1))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return network


def hinge(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Returns the discriminator's hinge loss."""
    return 0.5 * (functional.relu(1 - real).mean() + functional.relu(1 + fake).mean())


def adaptive_weight(
    reconstruction: torch.Tensor, adversarial: torch.Tensor, last: torch.Tensor
) -> torch.Tensor:
    """Returns |grad reconstruction| / |grad adversarial| at the decoder's last layer.

    Args:
        reconstruction: Reconstruction loss, a scalar with a graph.
        adversarial: Generator's loss, a scalar with a graph.
        last: Weights of the decoder's last layer.

    Returns:
        A scalar without a graph, 0 to ``MAX_ADAPTIVE_WEIGHT``.
    """
    (from_reconstruction,) = torch.autograd.grad(reconstruction, last, retain_graph=True)
    (from_adversarial,) = torch.autograd.grad(adversarial, last, retain_graph=True)
    ratio = from_reconstruction.norm() / (from_adversarial.norm() + 1e-4)
    weight: torch.Tensor = ratio.clamp(0, MAX_ADAPTIVE_WEIGHT).detach()
    return weight
