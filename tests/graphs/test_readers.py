"""Readers against exact graphs: SynthFig in every format, and a document that Graphviz wrote.

``pipeline.svg`` is ``dot -Tsvg pipeline.dot``, Graphviz of Debian.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from figbench.errors import UserError
from figbench.graphs import Edge, FigureGraph
from figbench.graphs.geometry import resolve
from figbench.graphs.limits import parse_xml
from figbench.graphs.read import READERS, ceilings, format_of, read_graph
from figbench.graphs.readers.svg_marks import svg_drawing
from figbench.metrics.graph_metrics.graph_accuracy import WRITERS, measure_reader
from figbench.metrics.numerics.graph_matching import compare_graphs
from figbench.synthfig import make_scene
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.scene import Scene, Stroke

FIXTURES = Path(__file__).parent / "fixtures"
VECTOR = sorted(set(WRITERS) - {"raster"})
EDGES = {
    ("Input image", "Conv", "forward"),
    ("Conv", "Norm", "forward"),
    ("Norm", "Loss", "both"),
    ("Loss", "Output", "forward"),
    ("Output", "Input image", "none"),
}


def named(graph: FigureGraph) -> set[tuple[str, str, str]]:
    texts = graph.texts
    return {(texts[e.source], texts[e.target], e.direction) for e in graph.edges}


@pytest.mark.parametrize("reader", VECTOR)
def test_vector_readers_recover_synthfig(reader: str) -> None:
    scores = measure_reader(reader, (make_scene(8, i) for i in range(12)))
    assert scores["node_f1"] >= 0.98
    assert scores["edge_f1"] >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("reader", VECTOR)
def test_vector_readers_on_500_scenes(reader: str) -> None:
    scores = measure_reader(reader, (make_scene(31, i) for i in range(500)))
    assert min(scores["node_f1"], scores["edge_f1"]) >= 0.99


@pytest.mark.slow
def test_raster_reader_reaches_its_shipped_accuracy() -> None:
    scores = measure_reader("raster", (make_scene(31, i) for i in range(24)))
    assert scores["node_f1"] >= ceilings()["raster"]["node_f1"] - 0.08
    assert scores["edge_f1"] >= ceilings()["raster"]["edge_f1"] - 0.12


def test_every_builtin_format_that_is_written_ships_its_accuracy() -> None:
    assert set(WRITERS) == set(ceilings())
    for reader in VECTOR:
        assert ceilings()[reader]["edge_f1"] >= 0.99
        assert ceilings()[reader]["scenes"] == 500


def reversed_strokes(scene: Scene, count: int) -> Scene:
    items, left = [], count
    for item in scene.items:
        if isinstance(item, Stroke) and item.ends and not item.both and left:
            item, left = replace(item, path=item.path[::-1], ends=item.ends[::-1]), left - 1
        items.append(item)
    return replace(scene, items=tuple(items))


def without_strokes(scene: Scene, count: int) -> Scene:
    strokes = [item for item in scene.items if isinstance(item, Stroke)][:count]
    return replace(scene, items=tuple(i for i in scene.items if i not in strokes))


@pytest.mark.parametrize("reader", VECTOR)
def test_flaws_cost_more_the_more_there_are(reader: str) -> None:
    scene = make_scene(8, 3)
    truth, read, write = scene_graph(scene), READERS.get(reader), WRITERS[reader]
    turned = [compare_graphs(read(write(reversed_strokes(scene, k))), truth) for k in range(4)]
    fewer = [compare_graphs(read(write(without_strokes(scene, k))), truth) for k in range(4)]
    for scores in (turned, fewer):
        f1 = [s.edge.f1 for s in scores]
        assert f1 == sorted(f1, reverse=True)
        assert len(set(f1)) == 4
    assert {s.edge_undirected.f1 for s in turned} == {1.0}
    directions = [s.direction_accuracy for s in turned]
    assert directions == sorted(directions, reverse=True)


def test_graphviz_text_and_svg_state_one_graph() -> None:
    text = read_graph(FIXTURES / "pipeline.dot")
    svg = read_graph(FIXTURES / "pipeline.svg")
    assert (text.reader, svg.reader) == ("dot", "svg")
    assert named(text.graph) == EDGES
    assert named(svg.graph) == EDGES
    assert [g.title for g in svg.graph.groups] == ["Encoder"]
    assert len(svg.graph.groups[0].members) == 2


def test_geometry_alone_recovers_the_graph_of_graphviz() -> None:
    root = parse_xml((FIXTURES / "pipeline.svg").read_bytes())
    assert named(resolve(svg_drawing(root))) == EDGES


MERMAID = b"""---
title: x
---
flowchart LR
  A["Input image"] -->|x| B[Conv]
  subgraph S [Encoder]
    B --> C((Norm))
  end
  C <--> D{{Loss}}; D --> E(Output)
  E --- A
  %% a comment
"""
TIKZ = rb"""\begin{tikzpicture}[block/.style={draw}]
\node[block] (a) at (0,0) {Input\\ image}; \node[block, right=of a] (b) {Conv};
\node[circle, draw] (c) at (4,0) {Norm}; % comment; with (b) -- (a)
\node (d) at (6,0) {Loss}; \node (e) at (8,0) {Output};
\draw[->] (a) -- node[above] {x} (b); \draw[->, >=stealth] (b) -| (c.north);
\draw[<->] (c) -- (d); \path (d) edge[->] (e); \draw (e) to[bend left] (a);
\end{tikzpicture}"""


@pytest.mark.parametrize(("reader", "data"), [("mermaid", MERMAID), ("tikz", TIKZ)])
def test_hand_written_documents(reader: str, data: bytes) -> None:
    graph = READERS.get(reader)(data)
    assert named(graph) == EDGES
    assert [edge.label for edge in graph.edges if edge.label] == ["x"]


def test_json_inventories() -> None:
    canvas = b'{"nodes": [{"node_id": 1, "desc": "A", "bbox": [0, 0, 5, 5]}, {"node_id": 2, "desc": "B"}], "edges": [{"from": 1, "to": 2}]}'  # noqa: E501
    inventory = b'{"stage1_abstraction": {"components": [{"name": "A"}], "arrows": [{"source": "a", "target": "B", "label": "x"}]}}'  # noqa: E501
    read = READERS.get("json")
    assert named(read(canvas)) == {("A", "B", "forward")}
    graph = read(inventory)
    assert named(graph) == {("A", "B", "forward")}
    assert graph.edges[0].label == "x"
    own = FigureGraph(graph.nodes, (Edge("n0", "n1", "", "both"),))
    import json

    assert read(json.dumps(own.to_json()).encode()) == own


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.xml", b"<mxfile><diagram/></mxfile>", "drawio"),
        ("a.xml", b"<?xml version='1.0'?>\n<svg/>", "svg"),
        ("a.svg", b"<svg/>", "svg"),
        ("a", b"digraph { a }", "dot"),
        ("a.txt", b"flowchart LR\n A-->B", "mermaid"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "raster"),
        ("a.docx", b"PK\x03\x04 word/", ""),
        ("a.md", b"# text", ""),
    ],
)
def test_formats_are_told_by_content(name: str, start: bytes, expected: str) -> None:
    assert format_of(start, Path(name).suffix) == expected


def test_unknown_reader_and_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_graph(tmp_path / "absent.svg")
    with pytest.raises(UserError, match="Did you mean 'drawio'"):
        read_graph(FIXTURES / "pipeline.dot", reader="drawo")
