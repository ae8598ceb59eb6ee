"""The head of CRAFT as it is used: the scores of EasyOCR's layers, with less work."""

import torch

from figbench.features.networks.craft_detector import CraftHead, load_head

CHANNELS = (1024, 512, 512, 256, 128)


def test_the_folded_head_gives_the_scores_of_the_head():
    rng = torch.Generator().manual_seed(0)
    # Sides that halving rounds, so that maps are enlarged to odd sizes.
    sides = [(3, 5), (3, 5), (7, 10), (14, 20), (28, 40)]
    maps = [
        torch.randn(2, channels, *side, generator=rng).relu()
        for channels, side in zip(CHANNELS, sides, strict=True)
    ]
    with torch.inference_mode():
        expected = CraftHead().eval()(maps)
        scores = load_head("cpu")(maps)
    assert scores.shape == (2, 2, 28, 40)
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)
