"""OpenVINO's numbers beside PyTorch's, and its rows under keys of their own."""

import subprocess
import sys

import numpy as np
import openvino
import pytest

import figbench
from figbench.errors import UserError
from figbench.evaluation import Options, prepare
from figbench.evaluation.inference.runners import require_cpu
from figbench.evaluation.planning.execution import Execution
from figbench.features import load_extractor, load_pair_scorer
from figbench.images.preprocess import preprocess
from figbench.synthfig import blur, iter_synthfig

OPENVINO = Options(device="cpu", execution=Execution(engine="openvino"))


@pytest.fixture(scope="module")
def images():
    return [preprocess(one.image, "pad256", "bicubic")[:192] for one in iter_synthfig(3, 21)]


def deviation(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


@pytest.mark.parametrize("network", ["inception-v3", "efficientnet-lite0", "craft"])
def test_features_equal_torchs_to_rounding(network, images, inception_weights):
    ours = load_extractor(network, engine="openvino")
    expected = load_extractor(network).extract(images)
    found = ours.extract(images)
    assert found.keys() == expected.keys()
    for name in found:
        assert deviation(found[name], expected[name]) < 2e-5, name
    [alone] = ours.extract([images[1]])["features"]
    assert deviation(alone, expected["features"][1]) < 2e-5
    smaller = [image[:128, :160] for image in images]
    other = load_extractor(network).extract(smaller)["features"]
    assert deviation(ours.extract(smaller)["features"], other) < 2e-5


def test_ocr_sim_equals_torchs(images):
    blurred = [blur(image, 1.0) for image in images]
    ours = load_pair_scorer("ocr-sim", engine="openvino").score(blurred, images)
    theirs = load_pair_scorer("ocr-sim").score(blurred, images)
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_bfloat16_is_computed_as_such_or_refused(images, monkeypatch):
    exact = load_extractor("efficientnet-lite0").extract(images)["features"]
    try:
        ours = load_extractor("efficientnet-lite0", precision="bfloat16", engine="openvino")
    except UserError as refusal:
        assert "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        assert "--precision bfloat16" in refusal.remedy
    else:
        assert 1e-3 < deviation(ours.extract(images)["features"], exact) < 0.3
    compile_model = openvino.Core.compile_model

    def without_instructions(core, model, device, settings):
        return compile_model(core, model, device, settings | {"INFERENCE_PRECISION_HINT": "f32"})

    monkeypatch.setattr(openvino.Core, "compile_model", without_instructions)
    with pytest.raises(UserError, match="no bfloat16 arithmetic"):
        load_extractor("efficientnet-lite0", precision="bfloat16", engine="openvino")


def test_rows_have_keys_of_their_own_where_the_engine_runs_the_network(synthfig_root, tmp_path):
    document = {
        "id": "engines",
        "preprocess": "pad256",
        "metrics": [{"metric": "fd@efficientnet-lite0"}, {"metric": "validity"}],
    }
    protocol = figbench.Protocol.from_document(document, "test")

    def score(options):
        return figbench.evaluate(
            synthfig_root / "figures", synthfig_root / "figures", protocol,
            store=tmp_path, options=options,
        )  # fmt: skip

    usual = score(Options(device="cpu"))
    planned = prepare(
        synthfig_root / "figures", synthfig_root / "figures", protocol,
        store=tmp_path, options=OPENVINO,
    )  # fmt: skip
    missing = {task.network: count for task, count in planned.workload.pending.items()}
    assert missing == {"efficientnet-lite0": 12, "image-stats": 0}
    ours = score(OPENVINO)
    assert ours.protocol.hash == usual.protocol.hash
    assert ours.provenance.execution == {"engine": "openvino"}
    assert ours.provenance.packages["openvino"]


def test_what_a_user_can_get_wrong(monkeypatch):
    with pytest.raises(UserError, match="--engine tensorrt: unknown"):
        Execution(engine="tensorrt")
    with pytest.raises(UserError, match="the device is cuda:0"):
        require_cpu("openvino", "cuda:0")
    require_cpu("torch", "cuda:0")
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(UserError, match=r'pip install "figbench\[openvino\]"'):
        load_extractor("efficientnet-lite0", engine="openvino")


SIGNALLED = """
import faulthandler, gc, signal, sys, threading
faulthandler.enable()
if sys.argv[1] == "features":
    from figbench.features import load_extractor as load
    made = [load("efficientnet-lite0", engine="openvino")]
else:
    import figbench
    made = [figbench.ocr("rapidocr")]
def drop():
    made.clear()
    gc.collect()
thread = threading.Thread(target=drop)
thread.start()
thread.join()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="signal stacks of other systems are left alone")
@pytest.mark.parametrize("user", ["features", "ocr"])
def test_a_signal_after_the_last_model_is_gone_is_handled(user):
    command = [sys.executable, "-c", SIGNALLED, user]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr[-2000:]
