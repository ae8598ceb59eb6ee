"""CRAFT on the tiles that are not blank: the maps and scores of the whole network."""

import numpy as np
import pytest
import torch
from torch import nn

from figbench.features import load_pair_scorer
from figbench.features.engines.winograd import Scratch, WinogradConvolution, active_tiles, widened
from figbench.features.networks.craft import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    image_maps,
    load_backbone,
    normalise,
)
from figbench.features.networks.craft_tiles import TiledBackbone, tiled
from figbench.features.networks.embeddings import distance, embed
from figbench.images.preprocess import preprocess
from figbench.synthfig import iter_synthfig


@pytest.fixture(scope="module")
def backbone():
    return load_backbone("cpu", "float32")


@pytest.fixture(scope="module")
def figures():
    return [preprocess(figure.image, "pad256") for figure in iter_synthfig(3, 23)]


def direct(backbone, image):
    with torch.inference_mode():
        return backbone(normalise([image], "cpu", torch.float32))


def deviation(maps, expected):
    return max(float((a - b).norm() / b.norm()) for a, b in zip(maps, expected, strict=True))


def framed(background, width=64):
    """An image whose only mark is one pixel, near a corner."""
    image = np.full((128, width, 3), background, np.uint8)
    image[3, 60] = (10, 200, 30)
    return image


def test_maps_of_figures_equal_the_whole_network(backbone, figures):
    for image in figures:
        maps = image_maps(backbone, image, "cpu", torch.float32)
        expected = direct(backbone, image)
        assert [tuple(one.shape) for one in maps] == [tuple(one.shape) for one in expected]
        assert deviation(maps, expected) < 1e-5


@pytest.mark.parametrize(
    "image",
    [framed(255), framed(254), framed(0), framed(255, 96)],
    ids=["white", "254", "0", "no whole tiles in the deepest layers"],
)
def test_maps_of_a_single_mark_equal_the_whole_network(backbone, image):
    """Every blank position, borders included, and backgrounds that are not blank."""
    maps = tiled(backbone, IMAGENET_MEAN, IMAGENET_STD)(image)
    for found, expected in zip(maps, direct(backbone, image), strict=True):
        scale = float(expected.abs().max())
        assert float((found - expected).abs().max()) < 3e-5 * scale


def test_ocr_sim_deviates_by_less_than_a_millionth(backbone, figures):
    scorer = load_pair_scorer("ocr-sim")
    scores = scorer.score(figures[1:], figures[:-1])
    with torch.inference_mode():
        units = [embed(direct(backbone, image)) for image in figures]
        expected = [distance(a, b) for a, b in zip(units[1:], units[:-1], strict=True)]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert scorer.score(figures[:1], figures[:1])[0] == 0


def test_blank_tiles_are_not_computed(backbone, figures, monkeypatch):
    counts = []
    compute = WinogradConvolution.__call__

    def counted(self, padded, tiles, out, rectified, scratch):
        counts.append(len(tiles) / ((out.shape[0] - 2) * (out.shape[1] - 2) / 16))
        compute(self, padded, tiles, out, rectified, scratch)

    network = TiledBackbone(backbone.slices, IMAGENET_MEAN, IMAGENET_STD)
    network(figures[0])
    monkeypatch.setattr(WinogradConvolution, "__call__", counted)
    network(np.full_like(figures[0], 255))
    assert counts == [0] * 12
    counts.clear()
    network(figures[0])
    # The share of computed tiles grows with the receptive field.
    assert counts[0] < 0.6 and counts == sorted(counts)


def test_image_of_another_size_takes_the_whole_network(backbone):
    image = np.random.default_rng(3).integers(0, 256, (80, 112, 3), np.uint8)
    assert not TiledBackbone.takes(image)
    assert (
        deviation(image_maps(backbone, image, "cpu", torch.float32), direct(backbone, image)) == 0
    )


def test_results_do_not_depend_on_the_image_before(backbone, figures):
    first = image_maps(backbone, figures[0], "cpu", torch.float32)
    copies = [one.clone() for one in first]
    image_maps(backbone, figures[1], "cpu", torch.float32)
    again = image_maps(backbone, figures[0], "cpu", torch.float32)
    for one, copy, other in zip(first, copies, again, strict=True):
        assert torch.equal(one, copy) and torch.equal(one, other)


def test_winograd_equals_direct_arithmetic_in_double_precision():
    torch.manual_seed(5)
    layer = nn.Conv2d(5, 7, 3, padding=1)
    maps = torch.randn(12, 20, 5)
    out = torch.full((14, 22, 7), torch.nan)
    padded = nn.functional.pad(maps, (0, 0, 1, 1, 1, 1))
    WinogradConvolution(layer)(padded, torch.arange(15), out, True, Scratch())
    expected = layer.double()(maps.double().permute(2, 0, 1)[None]).relu()[0].permute(1, 2, 0)
    torch.testing.assert_close(out[1:-1, 1:-1].double(), expected, rtol=1e-5, atol=1e-5)
    assert out[0].isnan().all() and out[:, -1].isnan().all()


def test_other_convolutions_are_refused():
    with pytest.raises(ValueError, match="not a 3 x 3 convolution"):
        WinogradConvolution(nn.Conv2d(3, 3, 3, padding=1, stride=2))


def test_tiles_of_a_mark():
    active = np.zeros((8, 8), bool)
    active[3, 4] = True
    assert active_tiles(active).tolist() == [1]
    assert widened(active).sum() == 9
    assert active_tiles(widened(active)).tolist() == [0, 1, 2, 3]
