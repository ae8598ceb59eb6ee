"""Results and stores that figbench 0.1 wrote are read, compared and gated.

``of_0_1`` holds three small figures, their references, and what
``figbench evaluate generated --reference reference --protocol offline --metrics ssim,validity`` of
version 0.1 left: its run folder and its store.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from figbench.comparison.comparison import compare_runs
from figbench.comparison.runs import load_run
from figbench.data.load import load_manifest
from figbench.errors import IntegrityError
from figbench.evaluation import evaluate
from figbench.gate.decision import gate
from figbench.leaderboard.attachments import REFERENCE_NAME, load_attachment
from figbench.results.files import load_result
from figbench.store import Store

OF_0_1 = Path(__file__).parent / "of_0_1"
RUN = OF_0_1 / "run"
BOARDS = Path(__file__).resolve().parents[2] / "leaderboards"


def test_the_result_has_its_values():
    result = load_result(RUN)
    assert result.provenance.figbench_version == "0.1.0"
    document = json.loads((RUN / "result.json").read_text())
    for name, stored in document["metrics"].items():
        assert result.metrics[name].value == stored["value"]
        assert result.metrics[name].n_used == stored["n_used"] == 3
        if stored["interval"]:
            assert result.metrics[name].interval.low == stored["interval"]["low"]


def test_runs_are_compared_and_gated():
    run = load_run(RUN)
    comparison = compare_runs(run, run)
    assert comparison.of("ssim").difference == 0
    assert gate(RUN, RUN, ["ssim:-0.01", "valid_rate>=1"]).exit_code == 0


def test_a_run_of_0_1_is_not_compared_with_one_whose_pixels_may_differ(tmp_path):
    """The decoder has another version, so the protocol's hash differs."""
    new = _evaluate(tmp_path)
    with pytest.raises(IntegrityError):
        compare_runs(load_run(RUN), new)


def test_every_record_of_the_store_is_read():
    store = Store(OF_0_1 / "store")
    table = pq.read_table(RUN / "per_figure.parquet")
    namespaces = {
        json.loads(path.read_text()).get("kind"): path.parent.name
        for path in (OF_0_1 / "store").glob("*/space.json")
    }
    pairs = store.namespace_by_id(namespaces["pair"])
    scores = pairs.get(sorted(pairs.keys()), "score")
    assert sorted(scores.ravel()) == sorted(table.column("ssim").to_pylist())
    features = store.namespace_by_id(namespaces["features"])
    hashes = features.get(sorted(features.keys()), "phash")
    assert hashes.shape == (6, 64) and set(np.unique(hashes)) == {0, 1}


def test_manifests_are_read():
    manifest = load_manifest(RUN / "generated.jsonl")
    assert [figure.figure_id for figure in manifest.figures] == ["f0", "f1", "f2"]


def test_a_new_run_may_use_the_old_store(tmp_path):
    before = {path: path.read_bytes() for path in _files(OF_0_1 / "store")}
    new = _evaluate(tmp_path)
    old = load_result(RUN)
    assert new.result.metrics["ssim"].value == pytest.approx(old.metrics["ssim"].value, abs=1e-9)
    for name in ("valid_rate", "near_copy_rate", "duplicate_rate", "blank_rate", "missing_rate"):
        assert new.result.metrics[name].value == old.metrics[name].value
    copied = tmp_path / "store"
    for path, content in before.items():
        assert (copied / path.relative_to(OF_0_1 / "store")).read_bytes() == content


def test_attachments_of_0_1_are_read():
    reference = load_attachment(BOARDS / "synthfig" / REFERENCE_NAME)
    assert reference is not None and reference.header.hash_version == 1
    assert reference.hashes.any()


def _evaluate(tmp_path):
    shutil.copytree(OF_0_1 / "store", tmp_path / "store")
    evaluate(
        OF_0_1 / "images/generated",
        OF_0_1 / "images/reference",
        metrics=["ssim", "validity"],
        store=tmp_path / "store",
        output=tmp_path / "run",
    )
    return load_run(tmp_path / "run")


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]
