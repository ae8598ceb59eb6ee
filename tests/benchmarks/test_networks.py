"""Each network against the usual way to run it, on the same pictures and the same weights."""

import io

import easyocr
import numpy as np
import pytest
import rapidocr
import timm
import torch
from easyocr.craft import CRAFT
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from figbench.features import load_extractor, load_pair_scorer
from figbench.features.weights import require_weights
from figbench.images.decode import decode
from figbench.ocr import load_engine
from figbench.synthfig import iter_synthfig

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def figures():
    return [one.image for one in iter_synthfig(4, 5)]


@pytest.fixture(scope="module")
def squares(figures):
    return [np.asarray(Image.fromarray(one).resize((256, 256))) for one in figures]


def nchw(images):
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)


def test_decode(against, figures):
    files = []
    for one in figures:
        buffer = io.BytesIO()
        Image.fromarray(one).save(buffer, "PNG")
        files.append(buffer.getvalue())

    def pillow():
        return [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in files]

    ours = [decode(one).image for one in files]
    assert all(np.array_equal(a, b) for a, b in zip(ours, pillow(), strict=True))
    ratio = against(
        lambda: [decode(one) for one in files], pillow, name="Pillow, unchecked", rounds=15
    )
    assert ratio < 1.8


def test_inception(against, inception_weights, squares):
    ours = load_extractor("inception-v3")
    peer = FeatureExtractorInceptionV3(
        "peer", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(inception_weights)
    )
    batch = nchw(squares)

    def torch_fidelity():
        with torch.no_grad():
            return peer(batch)

    ratio = against(lambda: ours.extract(squares), torch_fidelity, name="torch-fidelity", rounds=4)
    assert ratio < 1.1


def test_efficientnet(against, squares):
    ours = load_extractor("efficientnet-lite0")
    peer = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()

    def eager():
        small = [np.asarray(Image.fromarray(one).resize((224, 224), 3)) for one in squares]
        with torch.no_grad():
            return peer((nchw(small).float() - 127) / 128)

    ratio = against(lambda: ours.extract(squares), eager, name="timm, eager", rounds=10)
    assert ratio < 1.6


def test_ocr_sim(against, squares):
    ours = load_pair_scorer("ocr-sim")
    network = CRAFT(pretrained=False).eval()
    state = torch.load(require_weights("craft"), map_location="cpu", weights_only=True)
    network.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})

    def maps(images):
        return network.basenet(nchw(images).float() / 255)

    def eager():
        with torch.no_grad():
            for a, b in zip(maps(squares[:2]), maps(squares[2:]), strict=True):
                (a - b).square().sum(1).mean()

    ratio = against(
        lambda: ours.score(squares[:2], squares[2:]), eager, name="EasyOCR's CRAFT, eager", rounds=3
    )
    assert ratio < 1.0


def test_rapidocr(against, figures):
    engine = load_engine("rapidocr")
    peer = rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": torch.get_num_threads(),
        }
    )
    ratio = against(
        lambda: engine.read(figures[0]),
        lambda: peer(np.ascontiguousarray(figures[0][..., ::-1])),
        name="RapidOCR",
        rounds=5,
    )
    assert ratio < 0.9


def test_ocr(against, figures):
    ours = load_engine("easyocr")
    reader = easyocr.Reader(
        ["en"], gpu=False, verbose=False, download_enabled=False, quantize=False,
        model_storage_directory=str(require_weights("craft").parent),
    )  # fmt: skip
    mag_ratio = float(ours.info.settings["mag_ratio"])
    ratio = against(
        lambda: ours.read(figures[0]),
        lambda: reader.readtext(figures[0][..., ::-1].copy(), mag_ratio=mag_ratio),
        name="EasyOCR",
        rounds=2,
    )
    assert ratio < 1.3
