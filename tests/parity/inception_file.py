"""A random InceptionV3 whose activations neither vanish nor explode."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from figbench.synthfig import iter_synthfig


class _Shell(FeatureExtractorInceptionV3):
    def load_state_dict(self, state):
        pass


def write_random_inception(path: Path, seed: int) -> None:
    """Writes a state dict that ``torch_fidelity`` loads: Kaiming weights, calibrated BatchNorm."""
    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    network = _Shell("x", ["2048"], feature_extractor_weights_path=empty)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            noise = torch.randn(module.weight.shape, generator=generator)
            module.weight.data = noise * (2 / fan_in) ** 0.5
            if module.bias is not None:
                module.bias.data.zero_()
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    network.train()
    figures = [Image.fromarray(one.image).resize((120, 90)) for one in iter_synthfig(12, seed)]
    images = torch.from_numpy(np.stack(figures)).permute(0, 3, 1, 2)
    with torch.no_grad():
        network(images)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
    torch.save(network.state_dict(), path)
