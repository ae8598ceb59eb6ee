"""Roles, outcomes, source documents and costs of figures."""

import pytest

from figbench.data.layouts.serialization import load_saved, save_manifest
from figbench.data.load import load_manifest
from figbench.data.origin import origin_of
from tests.field.files import archive, encoded, evaluate, fill, lines, picture, put

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72"/>'


def _document(_name):
    return None


def _records(root, rows):
    fill(root / "gen", [f"{k}.png" for k in range(len(rows))])
    named = [{"id": f"fig{k}", "image": f"{k}.png", **row} for k, row in enumerate(rows)]
    return put(root / "gen", "index.jsonl", lines(named))


def test_documents_beside_rasters_are_sources(tmp_path):
    fill(tmp_path, ["a.png", "b.png", "c.drawio.png", "d.png"])
    put(tmp_path, "a.svg", SVG)
    put(tmp_path, "a.drawio", "<mxfile/>")
    put(tmp_path, "b.mmd", "graph TD")
    put(tmp_path, "c.drawio", "<mxfile/>")
    manifest = load_manifest(tmp_path, workers=0)
    assert [(one.figure_id, one.source) for one in manifest.figures] == [
        ("a", "a.drawio"),
        ("b", "b.mmd"),
        ("c", "c.drawio"),
        ("d", None),
    ]
    assert manifest.read_document(manifest.figures[1]) == b"graph TD"
    assert manifest.read_document(manifest.figures[3]) is None


def test_documents_in_archives_are_sources(tmp_path):
    path = archive(tmp_path / "x.zip", {"a.png": encoded(picture(0)), "a.dot": b"digraph {}"})
    manifest = load_manifest(path, workers=0)
    assert manifest.figures[0].source == "x.zip!/a.dot"
    assert manifest.read_document(manifest.figures[0]) == b"digraph {}"


def test_records_name_their_source_and_cost(tmp_path):
    usage = {"usage": {"total_tokens": 120}, "cost_usd": 0.25, "latency_sec": 2}
    index = _records(tmp_path, [{"source": "x.tex", **usage}, {"source": "gone.tex"}])
    put(tmp_path / "gen", "x.tex", "text")
    first, second = load_manifest(index, workers=0).figures
    assert (first.source, first.seconds, first.tokens, first.usd) == ("x.tex", 2.0, 120, 0.25)
    assert (second.source, second.seconds) == (None, None)


def test_a_manifest_keeps_role_status_source_and_cost(tmp_path):
    index = _records(tmp_path, [{"usd": 1.5, "status": "success"}, {"role": "draft"}])
    for side in (False, True):
        manifest = load_manifest(index, workers=0, is_reference=side)
        for name in ("m.jsonl", "m.parquet"):
            save_manifest(manifest, tmp_path / name)
            saved = load_saved(tmp_path / name)
            assert saved.figures == manifest.figures
            assert saved.others == manifest.others
        assert [one.role for one in saved.figures] == ["reference" if side else "generated"]
        assert [(one.path, one.role) for one in saved.others] == [("1.png", "draft")]


@pytest.mark.parametrize(
    ("field", "failed"),
    [
        ({"status": "failed"}, True),
        ({"status": "Timed out"}, True),
        ({"success": False}, True),
        ({"error": "quota", "evaluation": None}, True),
        ({"status": "success"}, False),
        ({"status": "camera-ready"}, False),
    ],
)
def test_a_failed_generation_is_missing_and_stays_in_the_denominator(tmp_path, field, failed):
    fill(tmp_path / "ref", [f"fig{k}.png" for k in range(4)])
    index = _records(tmp_path, [field, {}, {}, {}])
    outcome = evaluate(index, tmp_path / "ref")
    assert outcome.code == 0, outcome.text
    assert outcome.counts == ((3, 4) if failed else (4, 4))
    if failed:
        [reject] = outcome.document["manifests"]["generated"]["rejects"]
        assert (reject["code"], reject["figure_id"]) == ("failed", "fig0")
        assert any("generations failed" in one for one in outcome.warnings)


def test_roles_choose_the_side(tmp_path):
    rows = [{"role": "generated"}, {"role": "reference"}, {"role": "asset"}]
    index = _records(tmp_path, rows)
    for side, figure_id in ((False, "fig0"), (True, "fig1")):
        manifest = load_manifest(index, workers=0, is_reference=side)
        assert [one.figure_id for one in manifest.figures] == [figure_id]
        assert len(manifest.others) == 2
        assert any("role 'asset'" in one for one in manifest.notes)


def test_a_result_carries_what_the_figures_cost(tmp_path):
    fill(tmp_path / "ref", [f"fig{k}.png" for k in range(3)])
    index = _records(tmp_path, [{"seconds": 2, "usd": 0.5}, {"seconds": 4}, {}])
    cost = evaluate(index, tmp_path / "ref").document["cost"]
    assert cost["seconds"] == {"total": 6.0, "mean": 3.0, "n": 2}
    assert cost["usd"]["n"] == 1
    assert "tokens" not in cost


@pytest.mark.parametrize("value", [True, -1, float("nan"), float("inf"), "3", None, [], 1e400])
def test_a_cost_that_is_no_number_is_none(value):
    origin = origin_of({"seconds": value, "tokens": value, "usd": value}, _document)
    assert (origin.seconds, origin.tokens, origin.usd) == (None, None, None)
