"""OCR-SIM as a loss: value, gradients, checks."""

import numpy as np
import pytest
import torch

from figbench.errors import UserError
from figbench.features.networks.ocr_sim import ocr_sim
from figbench.losses import OcrPerceptualLoss


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (32, 48, 3), dtype=np.uint8) for _ in range(2)]


def as_unit(image):
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def test_the_loss_is_the_metric_in_both_ranges(pair):
    first, second = map(as_unit, pair)
    expected = ocr_sim(*pair)
    assert float(OcrPerceptualLoss((0, 1))(first, second)) == pytest.approx(expected, rel=1e-4)
    signed = OcrPerceptualLoss()(first * 2 - 1, second * 2 - 1)
    assert float(signed) == pytest.approx(expected, rel=1e-4)


def test_gradients_are_those_of_finite_differences(pair):
    loss = OcrPerceptualLoss((0, 1), reduction="sum").double()
    first, second = (as_unit(image)[:, :, :16, :16].double() for image in pair)
    assert torch.autograd.gradcheck(
        lambda image: loss(image, second), (first.requires_grad_(),), fast_mode=True, eps=1e-7
    )


def test_a_step_along_the_gradient_lowers_the_loss(pair):
    loss = OcrPerceptualLoss((0, 1)).train()
    first, second = map(as_unit, pair)
    image = first.clone().requires_grad_()
    before = loss(image, second)
    before.backward()
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    after = loss(first - 0.01 * image.grad / image.grad.abs().max(), second)
    assert after.item() < before.item()


def test_reductions_agree(pair):
    batch = torch.cat([as_unit(image) for image in pair])
    one = OcrPerceptualLoss((0, 1), reduction="none")(batch, batch.flip(0))
    assert one.shape == (2,)
    mean = OcrPerceptualLoss((0, 1))(batch, batch.flip(0))
    assert float(mean) == pytest.approx(float(one.mean()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: OcrPerceptualLoss((0, 255)), "value_range"),
        (lambda: OcrPerceptualLoss(reduction="avg"), "reduction"),
        (lambda: OcrPerceptualLoss()(torch.zeros(3, 32, 32), torch.zeros(3, 32, 32)), "generated"),
        (
            lambda: OcrPerceptualLoss()(torch.zeros(1, 3, 32, 32), torch.zeros(2, 3, 32, 32)),
            "differ",
        ),
        (lambda: OcrPerceptualLoss()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)), "16 px"),
        (lambda: OcrPerceptualLoss()(np.zeros((1, 3, 32, 32)), None), "generated: ndarray"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(UserError, match=message):
        call()
