"""Every extractor keeps its contract: rows in order, batch size irrelevant, one clear input."""

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import nn

from figbench.errors import UserError
from figbench.features import (
    extractor_info,
    extractors,
    load_extractor,
    load_pair_scorer,
    pair_scorer_info,
)
from figbench.features.engines.torch_tools import stack
from figbench.features.networks.inception import resize_like_tensorflow1, resize_on_device
from figbench.features.weights import import_weights, require_weights
from figbench.synthfig import iter_synthfig


@pytest.fixture(scope="module")
def images():
    return [
        np.asarray(Image.fromarray(one.image).resize((200, 136))) for one in iter_synthfig(3, 5)
    ]


@pytest.mark.parametrize("name", ["efficientnet-lite0", "craft", "image-stats"])
def test_rows_do_not_depend_on_the_batch(name, images):
    extractor = load_extractor(name)
    together = extractor.extract(images)
    apart = [extractor.extract([image]) for image in images]
    for output, width in extractor_info(name).outputs.items():
        assert together[output].shape == (3, width)
        assert together[output].dtype == np.float32
        rows = np.concatenate([one[output] for one in apart])
        assert np.allclose(rows, together[output], rtol=1e-4, atol=1e-4 * np.abs(rows).max())


def test_efficientnet_is_timms_network_with_the_packages_weights(images):
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = torch.load(require_weights("efficientnet-lite0"), map_location="cpu", weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    small = Image.fromarray(images[0]).resize((224, 224), Image.Resampling.BICUBIC)
    batch = (torch.tensor(np.asarray(small)).permute(2, 0, 1)[None].float() - 127) / 128
    with torch.no_grad():
        logits = network(batch).numpy()
    extractor = load_extractor("efficientnet-lite0")
    assert not [one for one in extractor.backbone.modules() if isinstance(one, nn.BatchNorm2d)]
    ours = extractor.extract(images[:1])
    assert np.allclose(ours["logits"], logits, rtol=1e-4, atol=1e-4)


def test_image_stats_see_ink_and_copies():
    stats = load_extractor("image-stats")
    white = np.full((64, 64, 3), 255, np.uint8)
    half = white.copy()
    half[:32] = 0
    found = stats.extract([white, half])
    assert found["ink"].ravel().tolist() == [0.0, 0.5]
    assert found["distinct"].ravel().tolist() == [1.0, 2.0]


def test_ssim_agrees_with_the_formula():
    rng = np.random.default_rng(0)
    flat = np.full((40, 40, 3), 100, np.uint8)
    other = np.full((40, 40, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    scorer = load_pair_scorer("ssim")
    noise = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    scores = scorer.score([flat, noise], [other, noise])
    assert scores == pytest.approx([expected, 1.0], rel=1e-4)


def test_image_stats_equal_their_definitions(images):
    noise = np.random.default_rng(1).integers(0, 256, (40, 30, 3), np.uint8)
    noise[:, :, 0] = 255
    for image in [*images, noise, noise[:, ::-1]]:
        found = load_extractor("image-stats").extract([image])
        assert found["ink"].item() == np.float32((image.min(axis=2) < 250).mean())
        assert found["distinct"].item() == len(np.unique(image))


def test_dinov2_loads_a_file_in_its_published_format(tmp_path, monkeypatch, images):
    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "weights"))
    torch.manual_seed(0)
    network = timm.create_model("vit_base_patch14_dinov2", pretrained=False, num_classes=0)
    state = {name.replace("gamma", "gamma"): value for name, value in network.state_dict().items()}
    torch.save(state, tmp_path / "dinov2.pth")
    import_weights("dinov2-vit-b-14", tmp_path / "dinov2.pth", allow_unverified=True)
    features = load_extractor("dinov2-vit-b-14").extract(images[:1])["features"]
    assert features.shape == (1, 768)
    assert np.isfinite(features).all()


def test_names():
    assert {
        "inception-v3",
        "craft",
        "efficientnet-lite0",
        "dinov2-vit-b-14",
        "clip-vit-b-32",
    } <= set(extractors.names())
    assert pair_scorer_info("ocr-sim").weights == "craft"
    with pytest.raises(UserError, match="Did you mean 'craft'"):
        extractor_info("crafty")


@pytest.mark.parametrize("size", [(96, 128), (400, 310), (299, 299)])
def test_the_resize_of_a_gpu_is_that_of_the_cpu_to_the_bit(size, rng):
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2)]
    expected = np.stack([resize_like_tensorflow1(image, 299) for image in images])
    found = resize_on_device(stack(images, "cpu"), 299).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(found, expected)
