"""Lanes on a CPU, one CRAFT pass for all who ask, and references' maps kept for the next model."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

import figbench
from figbench.data.manifest import Manifest
from figbench.evaluation import Options, prepare
from figbench.evaluation.inference.parallelism import Parallelism, parallelism_of
from figbench.features.engines.sharing import shared, sharing
from figbench.features.networks.craft import CraftBackbone
from figbench.features.networks.craft_tiles import TiledBackbone
from figbench.synthfig import blur, iter_synthfig

DOCUMENT = {
    "id": "lanes",
    "preprocess": "none",
    "metrics": [{"metric": "ocr_sim"}, {"metric": "fd@craft"}, {"metric": "fd@efficientnet-lite0"}],
}
PROTOCOL = figbench.Protocol.from_document(DOCUMENT, "test")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("lanes")
    for side in ("ref", "gen", "second"):
        (root / side).mkdir()
    for one in iter_synthfig(9, 13):
        image = np.asarray(Image.fromarray(one.image).resize((160, 128)))
        for side, radius in (("ref", 0.0), ("gen", 0.7), ("second", 1.3)):
            picture = blur(image, radius) if radius else image
            Image.fromarray(picture).save(root / side / f"{one.figure_id}.png")
    return root


def bits(world, store, model="gen", protocol=PROTOCOL, **options):
    """Every row of a run, as bytes by network and key."""
    sides = (world / model, world / "ref")
    chosen = Options(device="cpu", **options)
    figbench.evaluate(*sides, protocol, store=store, options=chosen)
    planned = prepare(*sides, protocol, store=store, options=chosen)
    assert not any(planned.workload.pending.values())
    found = {}
    for task in planned.plan.tasks:
        namespace = planned.namespaces.of(task, "generated")
        name = "score" if task.scores_pairs else "features"
        found[task.network] = {
            key: namespace.get([key], name).tobytes() for key in namespace.keys()
        }
    return found


def test_rows_do_not_depend_on_how_many_lanes_there_are(world, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = bits(world, tmp_path / "one", workers=1)
        assert bits(world, tmp_path / "three", workers=3) == alone
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_a_failure_in_a_lane_ends_the_run_and_keeps_what_was_done(world, tmp_path, monkeypatch):
    read = Manifest.read
    bad = sorted((world / "gen").iterdir())[-1].name

    def broken(self, figure):
        if figure.path.endswith(bad) and "gen" in self.root:
            raise RuntimeError("pulled out")
        return read(self, figure)

    monkeypatch.setattr(Manifest, "read", broken)
    options = Options(device="cpu", workers=2)
    with pytest.raises(RuntimeError, match="pulled out"):
        figbench.evaluate(world / "gen", world / "ref", PROTOCOL, store=tmp_path, options=options)
    monkeypatch.undo()
    result = figbench.evaluate(
        world / "gen", world / "ref", PROTOCOL, store=tmp_path, options=options
    )
    assert result.provenance.extraction["from_store"] > 0


def test_pace_follows_the_threads_that_torch_may_use():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        assert parallelism_of("cpu", None) == Parallelism(workers=4, threads=1)
        assert parallelism_of("cpu", 2) == Parallelism(workers=2, threads=2)
        assert parallelism_of("cpu", 0) == Parallelism(workers=1, threads=4, decoders=0)
        gpu = parallelism_of("cuda:0", None)
        assert (gpu.workers, gpu.decoders) == (1, 4)
        torch.set_num_threads(1)
        assert parallelism_of("cpu", None) == Parallelism(workers=1, threads=1, decoders=1)
    finally:
        torch.set_num_threads(before)


def test_a_second_model_reads_no_reference_and_scores_the_same(world, tmp_path, monkeypatch):
    read, asked = Manifest.read, []

    def noted(self, figure):
        asked.append(self.root)
        return read(self, figure)

    bits(world, tmp_path / "store")
    monkeypatch.setattr(Manifest, "read", noted)
    second = bits(world, tmp_path / "store", "second")
    assert asked
    assert not [root for root in asked if root.endswith("/ref")]
    asked.clear()
    without = bits(world, tmp_path / "other", "second", maps_gib=0.0)
    assert [root for root in asked if root.endswith("/ref")]
    assert without["ocr-sim"].items() <= second["ocr-sim"].items()
    assert not (tmp_path / "other" / "maps").exists()


def test_damaged_maps_are_computed_again(world, tmp_path):
    first = bits(world, tmp_path / "store")
    for namespace in (tmp_path / "store").glob("*/space.json"):
        if '"ocr-sim"' in namespace.read_text():
            shutil.rmtree(namespace.parent)
    for path in (tmp_path / "store" / "maps").glob("*/*.row"):
        path.write_bytes(path.read_bytes()[:-7])
    assert bits(world, tmp_path / "store") == first


def test_one_pass_of_craft_serves_ocr_sim_features_and_the_reader(world, tmp_path, monkeypatch):
    passes = []
    forward, tiles = CraftBackbone.forward, TiledBackbone.__call__

    def counted(self, batch):
        passes.append(len(batch))
        return forward(self, batch)

    def counted_tiles(self, image):
        passes.append(1)
        return tiles(self, image)

    monkeypatch.setattr(CraftBackbone, "forward", counted)
    monkeypatch.setattr(TiledBackbone, "__call__", counted_tiles)
    metrics = [{"metric": "ocr_sim"}, {"metric": "fd@craft"}, {"metric": "label_fidelity"}]
    document = {**DOCUMENT, "metrics": metrics, "ocr": {"engine": "easyocr"}}
    protocol = figbench.Protocol.from_document(document, "test")
    options = Options(device="cpu", workers=2)
    figbench.evaluate(world / "gen", world / "ref", protocol, store=tmp_path, options=options)
    assert sum(passes) == 18


def test_sharing_is_by_identity_bounded_and_ends_with_its_block():
    calls = []

    def compute(name):
        calls.append(name)
        return name

    owners = [object() for _ in range(5)]
    with sharing():
        for owner in (owners[0], owners[0], *owners[1:4], owners[3], owners[0]):
            shared(lambda owner=owner: compute(owners.index(owner)), owner)
        with sharing():
            shared(lambda: compute("again"), owners[3])
        assert calls == [0, 1, 2, 3, 0]
    shared(lambda: compute("outside"), owners[3])
    assert calls[-1] == "outside"
