"""CRAFT on the tiles that are not blank: the maps and scores of the whole network."""

import numpy as np
import pytest
import torch
from torch import nn

from figbench.features import load_pair_scorer
from figbench.features.engines.dilated import DilatedConvolution
from figbench.features.engines.distinct import (
    colour_keys,
    distinct_tiles,
    neighbourhood_keys,
    pooled_keys,
)
from figbench.features.engines.winograd import ProductConvolution, Scratch, WinogradConvolution
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


def computed_shares(network, image, monkeypatch):
    """The share of tiles that each convolution computes."""
    counts = []
    with monkeypatch.context() as patch:
        for convolution in (ProductConvolution, WinogradConvolution):
            compute = convolution.__call__

            def counted(self, table, patches, out, rectified, scratch, compute=compute):
                counts.append(patches.shape[1])
                compute(self, table, patches, out, rectified, scratch)

            patch.setattr(convolution, "__call__", counted)
        network(image)
    sides = [side // 4 for side in (256, 256, 128, 128, 64, 64, 64, 32, 32, 32, 16, 16)]
    return [count / side**2 for count, side in zip(counts, sides, strict=True)]


def test_tiles_with_equal_inputs_are_computed_once(backbone, figures, monkeypatch):
    network = TiledBackbone(backbone.slices, IMAGENET_MEAN, IMAGENET_STD)
    white = computed_shares(network, np.full_like(figures[0], 255), monkeypatch)
    # The interior, four sides and four corners.
    assert white[0] == 9 / 64**2
    red = np.full_like(figures[0], (200, 30, 20))
    assert computed_shares(network, red, monkeypatch) == white
    shares = computed_shares(network, figures[0], monkeypatch)
    # The share of computed tiles grows with the receptive field.
    assert shares[0] < 0.4 and shares == sorted(shares)


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


@pytest.mark.parametrize("convolution", [WinogradConvolution, ProductConvolution])
@pytest.mark.parametrize("size", [(12, 20), (10, 7)], ids=["whole tiles", "parts of tiles"])
def test_tiles_equal_direct_arithmetic_in_double_precision(convolution, size):
    torch.manual_seed(5)
    layer = nn.Conv2d(5, 7, 3, padding=1)
    colours = torch.randn(3, 5)
    # Few colours, in areas: some tiles repeat.
    numbers = np.arange(size[0])[:, None] // 6 + np.arange(size[1]) // 8 % 2
    table = torch.cat([colours, torch.zeros(1, 5)])
    keys = neighbourhood_keys(colour_keys(np.repeat(numbers[:, :, None], 3, 2).astype(np.uint8)))
    tiles = distinct_tiles(keys, np.pad(numbers, 1, constant_values=3))
    out = torch.full((16, tiles.patches.shape[1], 7), torch.nan)
    convolution(layer)(table, torch.from_numpy(tiles.patches), out, True, Scratch())
    values = torch.cat([out.view(-1, 7), torch.zeros(1, 7)])[torch.from_numpy(tiles.indices(*size))]
    maps = colours[torch.from_numpy(numbers)].double().permute(2, 0, 1)
    expected = layer.double()(maps[None]).relu()[0].permute(1, 2, 0)
    torch.testing.assert_close(values[1:-1, 1:-1].double(), expected, rtol=1e-5, atol=1e-5)
    assert not values[0].any() and not values[:, -1].any()


def test_parts_of_many_tiles_equal_one_part(monkeypatch):
    torch.manual_seed(5)
    layer = nn.Conv2d(16, 4, 3, padding=1)
    table, patches = torch.randn(60, 16), torch.randint(0, 60, (36, 50))
    whole, parts = torch.empty(16, 50, 4), torch.empty(16, 50, 4)
    WinogradConvolution(layer)(table, patches, whole, False, Scratch())
    monkeypatch.setattr("figbench.features.engines.winograd.MIN_TILES", 7)
    monkeypatch.setattr("figbench.features.engines.winograd.CACHE_VALUES", 0)
    WinogradConvolution(layer)(table, patches, parts, False, Scratch())
    torch.testing.assert_close(parts, whole)


@pytest.mark.parametrize("size", [(16, 16), (6, 20), (5, 3), (13, 12)])
def test_dilated_convolution_equals_direct_arithmetic(size):
    torch.manual_seed(5)
    layer = nn.Conv2d(8, 5, 3, padding=6, dilation=6)
    maps = torch.randn(*size, 8)
    expected = layer(maps.permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    torch.testing.assert_close(DilatedConvolution(layer)(maps), expected, rtol=1e-5, atol=1e-5)


def test_other_convolutions_are_refused():
    with pytest.raises(ValueError, match="not a 3 x 3 convolution"):
        WinogradConvolution(nn.Conv2d(3, 3, 3, padding=1, stride=2))
    with pytest.raises(ValueError, match="not a 3 x 3 convolution with a padding"):
        DilatedConvolution(nn.Conv2d(3, 3, 3, padding=1, dilation=2))


def test_keys_are_those_of_the_pixels_that_a_position_depends_on():
    image = np.full((8, 12, 3), 255, np.uint8)
    image[2, 3] = 0
    keys = neighbourhood_keys(colour_keys(image))
    interior = keys[6, 9]
    differs = keys[1:-1, 1:-1] != interior
    assert differs.sum() == 9 and differs[:3, 1:4].all()
    # Each of the nine sees the mark elsewhere; borders differ from white and from each other.
    assert len(np.unique(keys)) == 9 + 9
    pooled = pooled_keys(colour_keys(image))
    assert pooled.shape == (4, 6) and (pooled != pooled[0, 0]).sum() == 1 and pooled[1, 1]
    tiles = distinct_tiles(keys, np.pad(np.arange(96).reshape(8, 12), 1, constant_values=96))
    assert tiles.numbers.shape == (2, 3) and tiles.patches.shape == (36, 6)


def test_a_shifted_figure_has_the_same_keys():
    image = np.random.default_rng(2).integers(0, 3, (16, 16, 3), np.uint8)
    keys = neighbourhood_keys(neighbourhood_keys(colour_keys(image)))
    shifted = neighbourhood_keys(neighbourhood_keys(colour_keys(np.roll(image, 1, axis=1))))
    assert (keys[:, 2:-3] == shifted[:, 3:-2]).all()
