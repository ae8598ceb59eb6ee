"""Protocol ``structure`` end to end: documents, failures, compare, gate, boards, reports."""

from __future__ import annotations

import base64
import json
import re
import shutil
import zipfile

import pytest
from PIL import Image

import figbench
from figbench.comparison.comparison import compare
from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench.evaluation import build_reference
from figbench.evaluation.planning.documents import documents_of
from figbench.graphs.overlay import COLOURS
from figbench.reports.build import build_report
from figbench.synthfig.degrade.make import change_scene
from figbench.synthfig.degrade.registry import get_flaw
from figbench.synthfig.export.drawio import scene_drawio
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.export.svg import scene_svg
from figbench.synthfig.export.texts import scene_mermaid
from figbench.synthfig.make import make_scene
from figbench.synthfig.render import render_scene

COUNT = 6
GRAPHS = figbench.Protocol.from_document(
    {"id": "graphs", "metrics": [{"metric": "structure"}]}, "test"
)
SCENES = [make_scene(7, i) for i in range(COUNT)]
WRITERS = {".svg": scene_svg, ".drawio": scene_drawio, ".mmd": scene_mermaid}


def write(folder, scenes, suffix):
    folder.mkdir()
    for i, scene in enumerate(scenes):
        Image.fromarray(render_scene(scene, 0.5)).save(folder / f"f{i}.png")
        if suffix:
            (folder / f"f{i}{suffix}").write_text(WRITERS[suffix](scene))
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    root = tmp_path_factory.mktemp("structure")
    flaw = get_flaw("arrows-reversed")
    reversed_ = [change_scene(flaw, one, 5, seed=0, index=i) for i, one in enumerate(SCENES)]
    write(root / "reference", SCENES, ".svg")
    write(root / "same", SCENES, ".drawio")
    write(root / "mermaid", SCENES, ".mmd")
    write(root / "reversed", reversed_, ".drawio")
    return root


@pytest.fixture(scope="module")
def run(sets, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")

    def evaluate(name, reference="reference", **options):
        return figbench.evaluate(
            sets / name, sets / reference, "structure", ["structure"], store=store,
            output=sets / f"run-{name}", **options,
        )  # fmt: skip

    return evaluate


def test_documents_beside_rasters_are_read_and_named(run):
    result = run("same")
    assert result["edge_f1"].value == result["node_f1"].value == 1
    assert result["edge_f1"].details["generated_readers"] == f"drawio {COUNT}"
    assert result["edge_f1"].details["reference_readers"] == f"svg {COUNT}"
    assert "graph-readers" in result.provenance.weights


def test_formats_may_differ_and_state_no_positions(run):
    result = run("mermaid")
    assert result["edge_f1"].value == 1
    assert "layout_agreement" not in result.metrics


def test_reversed_arrows_cost_direction_alone_and_compare_and_gate_see_it(run, sets):
    from typer.testing import CliRunner

    from figbench.cli.main import app

    run("same")
    result = run("reversed")
    assert result["edge_f1"].value == 0 and result["direction_accuracy"].value == 0
    assert result["edge_f1_undirected"].value == result["node_f1"].value == 1
    found = {
        one.metric: one for one in compare(sets / "run-same", sets / "run-reversed").differences
    }
    assert found["edge_f1"].p_value < 0.05
    gate = ["gate", str(sets / "run-reversed"), "--baseline", str(sets / "run-same")]
    rule = ["--rule", "edge_f1:-0.01 & p<0.05"]
    assert CliRunner().invoke(app, [*gate, *rule]).exit_code == 1
    assert CliRunner().invoke(app, [*gate, "--rule", "node_f1:-0.01"]).exit_code == 0


def test_an_unreadable_document_counts_as_zero_and_is_not_read_from_pixels(run, sets):
    shutil.copytree(sets / "same", sets / "broken")
    (sets / "broken" / "f2.drawio").write_text("<mxfile><broken")
    result = run("broken")
    assert result["edge_f1"].value == pytest.approx(1 - 1 / COUNT)
    assert result["edge_f1"].details["unreadable_scored_0"] == 1
    assert any("cannot be read and score 0" in text for text in result.warnings)


def test_a_changed_document_is_read_anew(run, sets):
    shutil.copytree(sets / "same", sets / "edited")
    assert run("edited")["edge_f1"].value == 1
    shutil.copy(sets / "reversed" / "f0.drawio", sets / "edited" / "f0.drawio")
    assert run("edited")["edge_f1"].value < 1


def test_documents_inside_an_archive_count(run, sets):
    with zipfile.ZipFile(sets / "packed.zip", "w") as archive:
        for path in sorted((sets / "same").iterdir()):
            archive.write(path, f"out/{path.name}")
    result = run("packed.zip")
    assert result["edge_f1"].details["generated_readers"] == f"drawio {COUNT}"


def test_the_most_explicit_document_is_chosen(sets, tmp_path):
    folder = shutil.copytree(sets / "reference", tmp_path / "several")
    (folder / "f0.graph.json").write_text("{}")
    (folder / "f1.drawio").write_text("")
    (folder / "f1.json").write_text("{}")
    manifest = load_manifest(folder)
    found = documents_of(manifest, manifest.figures)
    assert sorted(one.path for one in found.values()) == [
        "f0.graph.json", "f1.drawio", *(f"f{i}.svg" for i in range(2, COUNT))
    ]  # fmt: skip


def test_a_packed_reference_carries_its_documents(run, sets, tmp_path):
    target = sets / "packed.figref"
    build_reference(sets / "reference", target, GRAPHS, store=tmp_path / "other")
    result = run("same", "packed.figref")
    assert result["edge_f1"].details["reference_readers"] == f"svg {COUNT}"
    assert result["edge_f1"].value == 1


def test_the_report_draws_the_arrows_that_disagree(run, sets, tmp_path):
    run("reversed")
    page = tmp_path / "report.html"
    build_report([sets / "run-reversed"], page)
    text = page.read_text()
    assert text.count("reversed arrows") == COUNT
    assert "missed arrows" not in text and "invented arrows" not in text
    svg = base64.b64decode(re.findall(r"data:image/svg\+xml;base64,([^\"]+)", text)[0]).decode()
    assert COLOURS["reversed"] in svg and COLOURS["missed"] not in svg


def test_specs_beside_the_references_score_without_their_drawing(sets, tmp_path):
    folder = shutil.copytree(sets / "reference", tmp_path / "with-specs")
    for i in range(2):
        texts = [node.text for node in scene_graph(SCENES[i]).nodes if node.text]
        (folder / f"f{i}.spec.yaml").write_text(json.dumps({"labels": [*texts, "Unseen thing"]}))
    protocol = figbench.Protocol.from_document(
        {"id": "specs", "metrics": [{"metric": "faithfulness"}]}, "test"
    )
    result = figbench.evaluate(sets / "same", folder, protocol, store=tmp_path / "store")
    value = result["spec_label_recall"]
    assert 0.8 < value.value < 1.0
    assert value.details["specs"] == 2 and value.n_used == 2
    (folder / "f0.spec.yaml").write_text("labels: {")
    with pytest.raises(UserError, match=r"f0\.spec\.yaml"):
        figbench.evaluate(sets / "same", folder, protocol, store=tmp_path / "store")
