"""Networks whose layers are written out here, against the packages that publish them."""

import subprocess
import sys

import numpy as np
import torch
from easyocr.craft import CRAFT

from figbench.features import load_extractor
from figbench.features.engines.torch_tools import load_state_dict
from figbench.features.networks.craft import CraftBackbone
from figbench.features.weights import require_weights
from tests.benchmarks.side_by_side import eager


def test_efficientnet_equals_timms():
    images = np.random.default_rng(2).integers(0, 256, (2, 300, 260, 3), np.uint8)
    features = load_extractor("efficientnet-lite0").extract(list(images))["features"]
    with torch.inference_mode():
        expected = eager.efficientnet("", "cpu")(list(images))
    assert np.linalg.norm(features - expected) < 1e-5 * np.linalg.norm(expected)


def test_craft_backbone_equals_easyocrs():
    peer = CRAFT(pretrained=False, freeze=False)
    peer.load_state_dict(load_state_dict(require_weights("craft")))
    pixels = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        maps = CraftBackbone().eval()(pixels)
        expected = peer.eval().basenet(pixels)
    for found, other in zip(maps, expected, strict=True):
        assert torch.equal(found, other)


MODULES = """
import sys
from figbench.features import load_extractor, load_pair_scorer
from figbench.evaluation.distributed import run
from figbench.features.engines.exact import arithmetic
load_extractor("efficientnet-lite0"), load_pair_scorer("ocr-sim")
with arithmetic(False):
    pass
heavy = {"timm", "torchvision", "easyocr", "torch._dynamo", "torch._inductor", "pandas",
         "matplotlib", "scipy", "skimage", "sympy"}
print(sorted(heavy & set(sys.modules)))
"""


def test_networks_of_offline_load_without_heavy_packages():
    done = subprocess.run(
        [sys.executable, "-c", MODULES], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
