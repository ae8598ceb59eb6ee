"""One run of a peer; prints its FID.

``python -m tests.benchmarks.side_by_side.peer TOOL WEIGHTS GENERATED REFERENCE DEVICE [CACHE
[NAME]]``: with a cache torch-fidelity keeps the reference's features, with a name the generated
ones' as well.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def torch_fidelity(
    weights: str, generated: str, reference: str, device: str, cache: str = "", name: str = ""
) -> float:
    """FID, KID and IS at torch-fidelity's defaults."""
    import torch_fidelity

    names: dict[str, Any] = {"cache": False}
    if cache:
        names = {"cache_root": cache, "input2_cache_name": "reference"}
    if name:
        names["input1_cache_name"] = name
    found = torch_fidelity.calculate_metrics(
        input1=generated, input2=reference, fid=True, kid=True, isc=True,
        kid_subset_size=min(1000, len(list(Path(generated).iterdir()))),
        cuda=device != "cpu", verbose=False, feature_extractor_weights_path=weights, **names,
    )  # fmt: skip
    return float(found["frechet_inception_distance"])


def pytorch_fid(weights: str, generated: str, reference: str, device: str) -> float:
    """FID at the defaults of pytorch-fid's command, with our weights in the place of a download."""
    import torch
    from pytorch_fid import fid_score, inception

    inception.load_state_dict_from_url = lambda *_, **__: torch.load(weights, weights_only=True)
    workers = min(8, len(os.sched_getaffinity(0)))
    paths = [generated, reference]
    return float(fid_score.calculate_fid_given_paths(paths, 50, device, 2048, num_workers=workers))


def clean_fid(weights: str, generated: str, reference: str, device: str) -> float:
    """FID at clean-fid's defaults, its own network replaced by torch-fidelity's."""
    import torch
    from cleanfid import fid
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    from figbench.features.networks.inception import _BACKBONE

    network = FeatureExtractorInceptionV3("peer", ["2048"], feature_extractor_weights_path=weights)
    layers = torch.nn.Sequential(*(getattr(network, name) for name in _BACKBONE)).to(device)

    def features(resized: Any) -> Any:
        # What clean-fid's own network does with the pictures that it has resized.
        return layers((resized - 128) / 128).flatten(1)

    return float(
        fid.compute_fid(
            generated, reference, mode="clean", device=torch.device(device),
            custom_feat_extractor=features, verbose=False,
        )
    )  # fmt: skip


def torchmetrics(weights: str, generated: str, reference: str, device: str) -> float:
    """FID at torchmetrics' defaults; a data loader reads the pictures."""
    from torch.utils.data import DataLoader
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(2048, feature_extractor_weights_path=weights).to(device)
    workers = min(8, len(os.sched_getaffinity(0)))
    for folder, real in ((reference, True), (generated, False)):
        paths = sorted(Path(folder).iterdir())
        for batch in DataLoader(paths, 50, num_workers=workers, collate_fn=_read):
            metric.update(batch.to(device), real=real)
    return float(metric.compute())


def _read(paths: list[Path]) -> Any:
    """Returns pictures of equal size as a uint8 tensor (n, 3, height, width)."""
    import torch
    from PIL import Image
    from torchvision.transforms.functional import pil_to_tensor

    return torch.stack([pil_to_tensor(Image.open(path).convert("RGB")) for path in paths])


TOOLS = {
    "torch-fidelity": torch_fidelity,
    "pytorch-fid": pytorch_fid,
    "clean-fid": clean_fid,
    "torchmetrics": torchmetrics,
}

if __name__ == "__main__":
    print(repr(TOOLS[sys.argv[1]](*sys.argv[2:])))
