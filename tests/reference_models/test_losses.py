"""The losses: one implementation with the metric, frozen, and equal to their formulas."""

import numpy as np
import pytest
import torch
from figbench_figgen.config import load_config
from figbench_figgen.losses import (
    ReconstructionLoss,
    adaptive_weight,
    assert_frozen,
    discriminator,
    hinge,
)

from figbench.errors import UserError
from figbench.features.networks.ocr_sim import OcrPerceptual, ocr_sim

CPU = torch.device("cpu")


def section(**changes):
    return load_config("figgen-ci").autoencoder.model_copy(update=changes)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, 1, 48, 64, 3), dtype=np.uint8)


def as_tensor(image):
    return torch.from_numpy(image).permute(0, 3, 1, 2).float() / 127.5 - 1


def test_total_is_the_weighted_sum(images):
    ours, theirs = as_tensor(images[0]), as_tensor(images[1])
    config = section(ocr_weight=0.5, kl_weight=1e-3, l1_weight=2.0)
    total, parts = ReconstructionLoss(config, CPU)(ours, theirs, torch.tensor([7.0]), 0)
    l1 = np.abs(images[0].astype(float) - images[1]).mean() / 127.5
    expected = 2 * l1 + 0.5 * ocr_sim(images[0][0], images[1][0]) + 1e-3 * 7 / (3 * 48 * 64)
    assert float(total[0]) == pytest.approx(expected, rel=1e-4)
    assert float(parts["l1"]) == pytest.approx(l1, rel=1e-5)


def test_squared_error_enters_by_its_weight(images):
    ours, theirs = as_tensor(images[0]), as_tensor(images[1])
    zero = torch.zeros(1)
    without, _ = ReconstructionLoss(section(l2_weight=0.0), CPU)(ours, theirs, zero, 0)
    with_it, parts = ReconstructionLoss(section(l2_weight=3.0), CPU)(ours, theirs, zero, 0)
    l2 = ((images[0].astype(float) - images[1]) ** 2).mean() / 127.5**2
    assert float(parts["l2"]) == pytest.approx(l2, rel=1e-5)
    assert float(with_it - without) == pytest.approx(3 * l2, rel=1e-4)


def test_ocr_term_is_the_metric_and_has_a_gradient(images):
    ours = as_tensor(images[0]).requires_grad_()
    loss = OcrPerceptual()(ours, as_tensor(images[1]))
    assert float(loss) == pytest.approx(ocr_sim(images[0][0], images[1][0]), rel=1e-4)
    loss.sum().backward()
    assert float(ours.grad.abs().sum()) > 0


def test_ocr_term_enters_every_kth_step(images):
    loss = ReconstructionLoss(section(ocr_weight=1.0, ocr_every=3), CPU)
    ours, theirs = as_tensor(images[0]), as_tensor(images[1])
    there = ["ocr" in loss(ours, theirs, torch.zeros(1), step)[1] for step in range(6)]
    assert there == [True, False, False, True, False, False]


def test_loss_networks_stay_frozen_whatever_is_called():
    network = OcrPerceptual()
    torch.nn.Sequential(network).train()
    assert_frozen(network)
    network.backbone.train()
    with pytest.raises(UserError, match="not frozen"):
        assert_frozen(network)


def test_discriminator_is_the_official_one():
    """pix2pix's 70 x 70 PatchGAN: 2,763,841 in convolutions, 1,792 in BatchNorm."""
    network = discriminator(3, 64)
    assert sum(one.numel() for one in network.parameters()) == 2_763_841 + 1_792
    assert network(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


def test_hinge_by_hand():
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.0])
    assert float(hinge(real, fake)) == pytest.approx(0.5 * (0.25 + 0.5))


def test_adaptive_weight_by_hand():
    last = torch.tensor([3.0, 4.0], requires_grad=True)
    weight = adaptive_weight((last * torch.tensor([6.0, 8.0])).sum(), 2 * last[0], last)
    assert float(weight) == pytest.approx(10 / (2 + 1e-4))
    flat = adaptive_weight(last.sum() * 1e9, 0 * last[0], last)
    assert float(flat) == 1e4
    assert not weight.requires_grad
