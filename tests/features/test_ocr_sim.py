"""OCR-SIM is exactly the published definition, in-place ReLU and all."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import vgg16_bn

import figbench
from figbench.errors import UserError
from figbench.features import load_pair_scorer
from figbench.features.networks.ocr_sim import OcrPerceptual
from figbench.features.weights import require_weights

H, W = 160, 224
GOLDEN = {
    ("white", "black"): 1.9728506,
    ("white", "bars"): 6.0307312,
    ("checker", "ramp"): 6.0651155,
    ("bars", "checker"): 6.3169222,
    ("ramp", "white"): 3.1500568,
}


def patterns():
    y, x = np.mgrid[0:H, 0:W]

    def grey(values):
        return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)

    ramp = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), np.full((H, W), 128)], axis=-1)
    return {
        "white": grey(np.full((H, W), 255)),
        "black": grey(np.zeros((H, W))),
        "checker": grey(((x // 16 + y // 16) % 2) * 255),
        "ramp": ramp.astype(np.uint8),
        "bars": grey(np.where((x % 7 < 2) & (y % 40 < 24), 0, 255)),
    }


@pytest.mark.parametrize("pair", GOLDEN, ids="-".join)
def test_golden_values(pair):
    images = patterns()
    assert figbench.ocr_sim(images[pair[0]], images[pair[1]]) == pytest.approx(
        GOLDEN[pair], rel=1e-5
    )


def independent(a, b, *, clone=False):
    """The published definition on torchvision's layers: hooks see what the next ReLU leaves."""
    layers = vgg16_bn(weights=None).features
    state = torch.load(require_weights("craft"), map_location="cpu", weights_only=True)
    state = {name.removeprefix("module."): value for name, value in state.items()}
    own = {}
    for part, (low, high) in {"1": (0, 12), "2": (12, 19), "3": (19, 29), "4": (29, 39)}.items():
        for index in range(low, high):
            for kind in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                key = f"basenet.slice{part}.{index}.{kind}"
                if key in state:
                    own[f"{index}.{kind}"] = state[key]
    network = layers[:39].double().eval()
    network.load_state_dict({k: v.double() if v.is_floating_point() else v for k, v in own.items()})
    head = nn.Sequential(
        nn.MaxPool2d(3, 1, 1),
        nn.Conv2d(512, 1024, 3, padding=6, dilation=6),
        nn.Conv2d(1024, 1024, 1),
    ).double()
    head.load_state_dict(
        {
            f"{i}.{k}": state[f"basenet.slice5.{i}.{k}"].double()
            for i in (1, 2)
            for k in ("weight", "bias")
        }
    )

    def maps(image):
        x = torch.from_numpy(image).permute(2, 0, 1)[None].double() / 127.5 - 1
        shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
        x = (x - shift) / torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
        taps = []
        for index, layer in enumerate(network):
            x = layer(x)
            if index in (11, 18, 28, 38):
                taps.append(x.clone() if clone else x)
        taps.append(head(x))
        return taps

    total = 0.0
    with torch.no_grad():
        for ours, theirs in zip(maps(a), maps(b), strict=True):
            ours = ours / (ours.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
            theirs = theirs / (theirs.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)
            total += float((ours - theirs).pow(2).sum(1).mean())
    return total


def test_equals_an_independent_implementation(synthfig_root):
    paths = sorted((synthfig_root / "figures").glob("*.png"))[:2]
    a, b = (np.asarray(Image.open(p).convert("RGB").resize((208, 176))) for p in paths)
    truth = independent(a, b)
    assert figbench.ocr_sim(a, b) == pytest.approx(truth, rel=1e-5)
    assert abs(independent(a, b, clone=True) - truth) > 0.05 * truth
    loss = OcrPerceptual()
    x, y = (torch.from_numpy(i).permute(2, 0, 1)[None].float() / 127.5 - 1 for i in (a, b))
    assert float(loss(x, y)) == pytest.approx(truth, rel=1e-5)


def test_identity_symmetry_and_paired_use(rng):
    image = rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)
    other = rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert figbench.ocr_sim(image, image) == pytest.approx(0, abs=1e-9)
    assert figbench.ocr_sim(image, other) == pytest.approx(figbench.ocr_sim(other, image), rel=1e-6)
    scorer = load_pair_scorer("ocr-sim")
    together = scorer.score([image, other, image], [other, other, image])
    apart = [scorer.score([a], [b])[0] for a, b in ((image, other), (other, other), (image, image))]
    assert together == pytest.approx(apart, rel=1e-5, abs=1e-9)


def test_loss_is_frozen_in_eval_and_differentiable(rng):
    loss = OcrPerceptual()
    nn.Sequential(loss).train()
    assert not any(module.training for module in loss.backbone.modules())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    x = torch.tensor(rng.uniform(-1, 1, (1, 3, 32, 32)), dtype=torch.float32, requires_grad=True)
    y = torch.tensor(rng.uniform(-1, 1, (1, 3, 32, 32)), dtype=torch.float32)
    before = loss(x, y)
    before.sum().backward()
    assert x.grad is not None
    assert float(x.grad.abs().sum()) > 0
    assert float(loss(x - 0.5 * x.grad / x.grad.norm(), y)) < float(before)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((32, 32, 3), np.float32), "expected uint8"),
        (np.zeros((32, 32), np.uint8), "shape"),
        (np.zeros((8, 32, 3), np.uint8), "smaller than 16"),
    ],
)
def test_wrong_inputs_are_explained(image, message):
    with pytest.raises(UserError, match=message):
        figbench.ocr_sim(image, image)


def test_different_sizes_are_refused():
    with pytest.raises(UserError, match="one size"):
        figbench.ocr_sim(np.zeros((32, 32, 3), np.uint8), np.zeros((32, 48, 3), np.uint8))
