"""FID, KID and IS equal torch-fidelity's on one weight file, at sizes where resizing matters."""

import numpy as np
import pytest
import torch
import torch_fidelity
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

import figbench
from figbench.evaluation import Options
from figbench.features import load_extractor
from figbench.features.networks.inception import resize_like_tensorflow1
from figbench.synthfig import iter_synthfig

PROTOCOL = {
    "id": "parity",
    "preprocess": "none",
    "metrics": [
        {"metric": "fid"},
        {"metric": "kid"},
        {"metric": "isc"},
    ],
}


@pytest.mark.parametrize("shape", [(96, 130, 3), (311, 260, 3), (512, 384, 3), (299, 299, 3)])
def test_features_and_logits_equal_torch_fidelity(inception_weights, rng, shape):
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(3)]
    peer = FeatureExtractorInceptionV3(
        "peer", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(inception_weights)
    )
    with torch.no_grad():
        batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
        features, logits = (tensor.numpy() for tensor in peer(batch))
    ours = load_extractor("inception-v3").extract(images)
    for name, theirs in (("features", features), ("logits", logits)):
        error = np.linalg.norm(ours[name] - theirs) / np.linalg.norm(theirs)
        # Folding BatchNorm and channels-last reorder float32 sums; each of the two executions is
        # itself about 1e-6 from float64.
        assert error < 1e-5, (name, error)


@pytest.mark.parametrize("shape", [(96, 130), (311, 260), (299, 299), (512, 300), (17, 900)])
def test_resize_is_bit_exact(rng, shape):
    from torch_fidelity.interpolate_compat_tensorflow import (
        interpolate_bilinear_2d_like_tensorflow1x,
    )

    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    theirs = interpolate_bilinear_2d_like_tensorflow1x(tensor, (299, 299), align_corners=False)
    assert np.array_equal(resize_like_tensorflow1(image, 299), theirs[0].permute(1, 2, 0).numpy())


def test_scores_equal_torch_fidelity(inception_weights, tmp_path):
    for name, seed in (("generated", 1), ("reference", 2)):
        folder = tmp_path / name
        folder.mkdir()
        for one in iter_synthfig(20, seed):
            small = Image.fromarray(one.image).resize((200, 150))
            small.save(folder / f"{one.figure_id}.png")
    result = figbench.evaluate(
        tmp_path / "generated",
        tmp_path / "reference",
        figbench.Protocol.from_document(PROTOCOL, "test"),
        store=tmp_path / "store",
        options=Options(allow_unpaired=True, device="cpu"),
    )
    peer = torch_fidelity.calculate_metrics(
        input1=str(tmp_path / "generated"),
        input2=str(tmp_path / "reference"),
        isc=True,
        fid=True,
        kid=True,
        kid_subset_size=20,
        cuda=False,
        verbose=False,
        batch_size=4,
        feature_extractor_weights_path=str(inception_weights),
    )
    fid, kid, isc = (result.metrics[name] for name in ("fid", "kid", "isc"))
    assert fid.value == pytest.approx(peer["frechet_inception_distance"], rel=1e-4)
    assert kid.details["subsets_mean"] == pytest.approx(
        peer["kernel_inception_distance_mean"], rel=1e-4
    )
    assert isc.value == pytest.approx(peer["inception_score_mean"], rel=1e-4)
