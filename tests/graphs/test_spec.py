"""Specs: what a figure must and must not say, from YAML, AIBench and SciForma."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import UserError
from figbench.graphs import Edge, FigureGraph, Node
from figbench.graphs.read import read_graph
from figbench.graphs.spec import FigureSpec, SpecEdge, SpecLabel, read_spec
from figbench.metrics.numerics.graph_faithfulness import check_spec

FIGURE = Path(__file__).parent / "fixtures" / "captioner.mmd"
YAML = b"""
labels: [ResNet-50, Decoder, {text: Discriminator, importance: critical}]
edges:
  - Tokens -> Embedding layer: lookup
  - Decoder -> Cross attention
  - {source: Caption, target: Loss}
must_not:
  labels: [Caption, Teacher]
  edges: [Tokens -- Loss, Tokens -> Loss]
questions: [{question: "Which?", options: {A: one, B: two}, correct_option: A, level: Topology}]
text: An input image is resized and read by the backbone.
"""
AIBENCH = {
    "id": "2601.00001",
    "method_text": "The encoder feeds the decoder.",
    "image": "a.png",
    "checklist": [
        {
            "id": 1,
            "level": "Component",
            "question": "?",
            "options": ["A", "B"],
            "correct_option": "B",
        }
    ],
}
SCIFORMA = {
    "index": 3,
    "image_path": "1511.03339/a.png",
    "stage1_abstraction": {
        "components": [{"name": "Encoder", "description": "", "importance": "critical"}],
        "arrows": [{"source": "Encoder", "target": "Decoder", "label": "z",
                    "importance": "moderate"}],
        "text_labels": [{"text": "encoder", "location": "left", "importance": "moderate"},
                        {"text": "Decoder", "location": "right", "importance": "critical"}],
    },
}  # fmt: skip


def test_a_figure_against_its_yaml_spec():
    found = check_spec(read_graph(FIGURE).graph, read_spec(YAML, "a.yaml"))
    assert found.label_recall == pytest.approx(2 / 3)
    assert found.missing_labels == ("Discriminator",)
    assert found.edge_recall == pytest.approx(2 / 3)
    assert found.edge_recall_undirected == 1.0
    assert [(e.source, e.target) for e in found.reversed_edges] == [("Decoder", "Cross attention")]
    assert found.forbidden_labels == ("Caption",)
    assert [(e.source, e.direction) for e in found.forbidden_edges] == [("Tokens", "forward")]
    # "Input image" and "resize" follow from the text, word by word or not at all.
    assert set(found.invented_labels) == {"resize", "targets", "Language side"}


def test_aibench_and_sciforma_records():
    spec = read_spec(json.dumps(AIBENCH).encode(), "a.json")
    assert spec.questions[0].answer == "B" and spec.text.startswith("The encoder")
    spec = read_spec(json.dumps(SCIFORMA).encode(), "a.json")
    assert [one.text for one in spec.labels] == ["Encoder", "Decoder"]
    assert spec.labels[0].importance == "critical"
    assert spec.edges == (SpecEdge("Encoder", "Decoder", "z", "forward", "moderate"),)


def test_one_record_of_several_is_chosen_by_its_id():
    lines = "\n".join(json.dumps(AIBENCH | {"id": f"p{i}"}) for i in range(3)).encode()
    assert read_spec(lines, "a.jsonl", "p1").figure_id == "p1"
    entries = json.dumps({"entries": [SCIFORMA, SCIFORMA | {"index": 4}]}).encode()
    assert read_spec(entries, "a.json", "4").figure_id == "4"
    with pytest.raises(UserError, match="3 records"):
        read_spec(lines, "a.jsonl")
    with pytest.raises(UserError, match="no record 'p9'"):
        read_spec(lines, "a.jsonl", "p9")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"labels: [A]\nedgse: []", "unknown field 'edgse'"),
        (b"edges: [A B]", "not 'A -> B'"),
        (b"[1, 2]", "not a spec"),
        (b"labels: 3", "malformed"),
        (b"{}", "not a spec"),
    ],
)
def test_a_malformed_spec_is_refused_with_its_fault(text, message):
    with pytest.raises(UserError, match=message):
        read_spec(text, "a.yaml")


def test_equal_labels_need_as_many_nodes():
    spec = FigureSpec(labels=(SpecLabel("Conv"), SpecLabel("Conv")))
    one = FigureGraph((Node("a", "Conv"),))
    two = FigureGraph((Node("a", "Conv"), Node("b", "conv")))
    assert check_spec(one, spec).label_recall == 0.5
    assert check_spec(two, spec).label_recall == 1.0


def test_double_and_plain_edges():
    nodes = (Node("a", "A1"), Node("b", "B1"))
    both = FigureGraph(nodes, (Edge("a", "b", direction="both"),))
    pair = FigureGraph(nodes, (Edge("a", "b"), Edge("b", "a")))
    plain = FigureGraph(nodes, (Edge("b", "a", direction="none"),))
    for text, graphs in (
        ("A1 -> B1", {both, pair}),
        ("A1 <-> B1", {both, pair}),
        ("A1 -- B1", {plain}),
    ):
        spec = read_spec(f"edges: ['{text}']".encode(), "a.yaml")
        for graph in (both, pair, plain):
            found = check_spec(graph, spec)
            assert found.edge_recall == float(graph in graphs), (text, graph)
            assert found.edge_recall_undirected == 1.0


def test_command_line(tmp_path):
    (tmp_path / "s.yaml").write_bytes(YAML)
    words = ["graph", "check", str(FIGURE), "--spec", str(tmp_path / "s.yaml"), "--json"]
    result = CliRunner().invoke(app, words)
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["missing_labels"] == ["Discriminator"]
    assert document["reversed_edges"] == ["Decoder -> Cross attention"]
    assert document["questions"] == 1 and document["reader"] == "mermaid"
    assert CliRunner().invoke(app, [*words, "--strict"]).exit_code == 1
