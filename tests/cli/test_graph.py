"""``figbench graph``: JSON keys, overlays, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import UserError

DOT = Path(__file__).parents[1] / "graphs" / "fixtures" / "pipeline.dot"
SVG = DOT.with_suffix(".svg")


def test_compare_states_every_metric(tmp_path: Path) -> None:
    turned = tmp_path / "turned.dot"
    turned.write_text(DOT.read_text().replace("b -> c", "c -> b"))
    out = tmp_path / "overlay.svg"
    result = CliRunner().invoke(
        app, ["graph", "compare", str(SVG), str(turned), "--json", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["node_f1"] == 1.0
    assert document["edge_f1_undirected"] == 1.0
    assert document["edge_f1"] == pytest.approx(5 / 6)
    assert document["direction_accuracy"] == pytest.approx(4 / 5)
    assert {"path_f1", "edge_label_f1", "group_f1", "layout_agreement"} <= document.keys()
    assert document["reversed"] == [{"source": "Norm", "target": "Conv", "label": ""}]
    assert document["readers"]["generated"]["reader_edge_f1"] >= 0.99
    assert out.read_text().count("#6a1b9a") >= 1


def test_show_writes_json_and_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["graph", "show", str(SVG), "--json"])
    document = json.loads(result.stdout)
    assert len(document["nodes"]) == 5
    assert document["reader"] == "svg"
    for suffix in ("dot", "json", "svg", "png"):
        out = tmp_path / f"out.{suffix}"
        assert (
            CliRunner().invoke(app, ["graph", "show", str(SVG), "--out", str(out)]).exit_code == 0
        )
        assert out.stat().st_size > 100


def test_refusals(tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    for arguments in (["show", str(DOT), "--out", str(out)], ["show", str(tmp_path / "no.svg")]):
        result = CliRunner().invoke(app, ["graph", *arguments])
        assert isinstance(result.exception, UserError)
        assert not out.exists()
