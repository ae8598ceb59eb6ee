"""The head of CRAFT: the scores of EasyOCR's layers, with less work."""

import torch
from torch.nn import functional

from figbench.features.networks.craft_detector import load_craft, load_head

CHANNELS = (1024, 512, 512, 256, 128)


def easyocr_scores(maps):
    craft, features = load_craft(), maps[0]
    blocks = [craft.upconv1, craft.upconv2, craft.upconv3, craft.upconv4]
    for block, skipped in zip(blocks, maps[1:], strict=True):
        size = skipped.shape[2:]
        enlarged = functional.interpolate(features, size, mode="bilinear", align_corners=False)
        features = block(torch.cat([enlarged, skipped], dim=1))
    return craft.conv_cls(features)


def test_the_head_gives_the_scores_of_easyocr():
    rng = torch.Generator().manual_seed(0)
    # Sides that halving rounds, so that maps are enlarged to odd sizes.
    sides = [(3, 5), (3, 5), (7, 10), (14, 20), (28, 40)]
    maps = [
        torch.randn(2, channels, *side, generator=rng).relu()
        for channels, side in zip(CHANNELS, sides, strict=True)
    ]
    with torch.inference_mode():
        expected = easyocr_scores(maps)
        scores = load_head("cpu")(maps)
    assert scores.shape == (2, 2, 28, 40)
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)
