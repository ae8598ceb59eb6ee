"""``--deterministic``: a row does not depend on what shared its batch; and no TF32 anywhere."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import figbench
from figbench.evaluation import Options, prepare
from figbench.evaluation.planning.execution import Execution
from figbench.features import load_extractor
from figbench.features.engines.exact import arithmetic, exact_float32
from figbench.features.specs import CRAFT, EFFICIENTNET, INCEPTION
from figbench.synthfig import iter_synthfig

PROTOCOL = figbench.Protocol.from_document(
    {
        "id": "deterministic",
        "preprocess": "none",
        "metrics": [
            {"metric": "fid"},
            {"metric": "fd@efficientnet-lite0"},
            {"metric": "fd@craft"},
            {"metric": "ocr_sim"},
        ],
    },
    "test",
)
USUAL = Options(device="cpu")
EXACT = Options(device="cpu", execution=Execution(deterministic=True))


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    for one in iter_synthfig(7, 5):
        Image.fromarray(one.image).resize((112, 80)).save(folder / f"{one.figure_id}.png")
    return folder


def rows(figures, store, options):
    """Every feature and score of a run, in the order of the figures."""
    figbench.evaluate(figures, figures, PROTOCOL, store=store, options=options)
    planned = prepare(figures, figures, PROTOCOL, store=store, options=options)
    assert not any(planned.workload.pending.values())
    found = {}
    for task in planned.plan.tasks:
        namespace = planned.namespaces.of(task, "generated")
        name = "score" if task.scores_pairs else "features"
        found[task.network] = dict(
            (key, namespace.get([key], name).tobytes()) for key in sorted(namespace.keys())
        )
    return found


def sized(monkeypatch, size):
    """Networks that ask for batches of ``size``."""
    for entry in (INCEPTION, EFFICIENTNET, CRAFT):
        network = type(load_extractor(entry.info.name))
        monkeypatch.setattr(network, "info", replace(entry.info, batch_size=size))


def test_rows_are_the_same_bits_whatever_the_batch(
    figures, inception_weights, tmp_path, monkeypatch
):
    whole = rows(figures, tmp_path / "whole", EXACT)
    assert {name: len(found) for name, found in whole.items()} == dict.fromkeys(whole, 7)
    sized(monkeypatch, 5)
    assert rows(figures, tmp_path / "five", EXACT) == whole
    part = tmp_path / "part"
    part.mkdir()
    for path in sorted(figures.iterdir())[2:5]:
        (part / path.name).write_bytes(path.read_bytes())
    for name, found in rows(part, tmp_path / "three", EXACT).items():
        assert found.items() <= whole[name].items(), name


def test_rows_of_the_two_ways_are_kept_apart_and_agree_to_rounding(
    figures, inception_weights, tmp_path
):
    store = tmp_path / "store"
    usual = figbench.evaluate(figures, figures, PROTOCOL, store=store, options=USUAL)
    exact = figbench.evaluate(figures, figures, PROTOCOL, store=store, options=EXACT)
    assert exact.provenance.extraction["from_store"] == 0
    assert exact.protocol.hash == usual.protocol.hash
    assert usual.provenance.execution == {}
    assert exact.provenance.execution == {"deterministic": True}
    ours, theirs = (rows(figures, store, options) for options in (EXACT, USUAL))
    for network in ("inception-v3", "efficientnet-lite0", "craft"):
        mine, other = (
            np.frombuffer(b"".join(found[network].values()), np.float32) for found in (ours, theirs)
        )
        assert np.linalg.norm(mine - other) < 1e-5 * np.linalg.norm(other), network


def switches():
    backends = torch.backends
    if hasattr(backends.cudnn, "conv"):
        places = (backends.cuda.matmul, backends.cudnn.conv)
        return {place.fp32_precision for place in places}
    return {"tf32" if on else "ieee" for on in (backends.cuda.matmul.allow_tf32,)}


def test_no_tf32_inside_and_the_callers_settings_after():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("high")
        assert "tf32" in switches()
        with exact_float32():
            assert switches() == {"ieee"}
        assert "tf32" in switches()
        with pytest.raises(ZeroDivisionError), arithmetic(True):
            assert torch.are_deterministic_algorithms_enabled()
            assert switches() == {"ieee"}
            raise ZeroDivisionError
        assert not torch.are_deterministic_algorithms_enabled()
        assert "tf32" in switches()
    finally:
        torch.set_float32_matmul_precision(before)


def test_a_network_called_by_itself_runs_without_tf32(monkeypatch):
    network = load_extractor("efficientnet-lite0")
    seen = []
    inner = network.backbone
    monkeypatch.setattr(network, "backbone", lambda x: seen.append(switches()) or inner(x))
    torch.set_float32_matmul_precision("high")
    try:
        network.extract([np.full((64, 64, 3), 200, np.uint8)])
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == [{"ieee"}]
