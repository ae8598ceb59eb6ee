"""A second evaluation of the same figures against torch-fidelity's, which starts anew."""

import pytest
import torch_fidelity

import figbench
from figbench.evaluation import Options
from figbench.synthfig import degraded, iter_synthfig, png_bytes

pytestmark = pytest.mark.bench

N = 12
METRICS = [{"metric": "fid"}, {"metric": "kid"}, {"metric": "isc"}]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("bench")
    made = list(iter_synthfig(N, 4))
    sets = {"reference": [one.image for one in made]}
    sets["generated"] = list(degraded("redrawn", [one.scene for one in made], 4))
    for name, images in sets.items():
        (root / name).mkdir()
        for one, image in zip(made, images, strict=True):
            (root / name / f"{one.figure_id}.png").write_bytes(png_bytes(image))
    return root


def test_warm_store(against, inception_weights, folders, tmp_path):
    document = {"id": "bench", "preprocess": "pad512", "metrics": METRICS}
    protocol = figbench.Protocol.from_document(document, "test")

    def ours():
        return figbench.evaluate(
            folders / "generated", folders / "reference", protocol,
            store=tmp_path / "store", options=Options(device="cpu"),
        )  # fmt: skip

    def peer():
        # Its samples differ in size, so that it can take them one by one only.
        return torch_fidelity.calculate_metrics(
            input1=str(folders / "generated"), input2=str(folders / "reference"),
            fid=True, kid=True, isc=True, kid_subset_size=N // 2, batch_size=1, cuda=False,
            verbose=False, cache=False, save_cpu_ram=True,
            feature_extractor_weights_path=str(inception_weights),
        )  # fmt: skip

    ratio = against(ours, peer, name="torch-fidelity, cold", rounds=2)
    assert ratio < 0.3
