"""The graph of a scene is that of its content, and follows its items."""

from __future__ import annotations

from dataclasses import replace

import pytest

from figbench.errors import UserError
from figbench.graphs import Edge, FigureGraph, Node
from figbench.synthfig import make_scene
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.scene import Scene, Shape, Stroke
from figbench.synthfig.simple import make_simple_scene


def test_graph_of_a_scene_is_that_of_its_content() -> None:
    for i in range(40):
        scene = make_scene(5, i)
        graph, content = scene_graph(scene), scene.content
        assert content is not None
        assert [node.text for node in graph.nodes] == [module.name for module in content.modules]
        links = sorted((f"n{link.source}", f"n{link.target}") for link in content.links)
        assert sorted((edge.source, edge.target) for edge in graph.edges) == links
        labels = sorted(edge.label for edge in graph.edges if edge.label)
        assert len(labels) == sum(bool(link.text) for link in content.links)
        for edge in graph.edges:
            assert edge.direction in ("forward", "both")
        members = [tuple(f"n{m}" for m in sorted(group.members)) for group in content.groups]
        assert [group.members for group in graph.groups] == members
        assert [bool(group.title) for group in graph.groups] == [True] * len(members)
        assert FigureGraph.from_json(graph.to_json()) == graph


def without(scene: Scene, part: str) -> Scene:
    return replace(scene, items=tuple(item for item in scene.items if item.part != part))


def test_graph_follows_removed_and_reversed_items() -> None:
    scene = make_scene(5, 0)
    graph = scene_graph(scene)
    assert len(scene_graph(without(scene, "edge:0")).edges) == len(graph.edges) - 1
    fewer = scene_graph(without(scene, "node:0"))
    assert "n0" not in fewer.texts
    assert all("n0" not in (edge.source, edge.target) for edge in fewer.edges)
    stroke = next(item for item in scene.items if isinstance(item, Stroke))
    assert stroke.ends is not None
    turned = replace(stroke, path=stroke.path[::-1], ends=stroke.ends[::-1])
    items = tuple(turned if item is stroke else item for item in scene.items)
    reverse = scene_graph(replace(scene, items=items))
    assert (reverse.edges[0].source, reverse.edges[0].target) == (
        graph.edges[0].target,
        graph.edges[0].source,
    )


def test_ends_of_strokes_touch_the_bodies_that_they_name() -> None:
    for i in range(40):
        scene = make_scene(6, i)
        bodies = {s.part: s.box for s in scene.items if isinstance(s, Shape)}
        for stroke in (s for s in scene.items if isinstance(s, Stroke)):
            assert stroke.ends is not None
            for end, (x, y) in zip(stroke.ends, (stroke.path[0], stroke.path[-1]), strict=True):
                x0, y0, x1, y1 = bodies[f"node:{end}"]
                assert x0 - 12 <= x <= x1 + 12
                assert y0 - 12 <= y <= y1 + 70, "below a picture stands its label"


def test_simple_scenes_have_a_graph() -> None:
    for seed in range(20):
        graph = scene_graph(make_simple_scene(seed))
        assert len(graph.edges) == len(graph.nodes) - 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"nodes": [{"text": "a"}]},
        {"nodes": [{"id": "a"}, {"id": "a"}]},
        {"nodes": [{"id": "a"}], "edges": [{"source": "a", "target": "b"}]},
        {"nodes": [{"id": "a", "kind": "blob"}]},
        {"nodes": [{"id": "a", "box": [0, 1]}]},
        {"nodes": 3},
        {"nodes": [{"id": "a"}], "edges": [{"source": "a", "target": "a", "direction": "up"}]},
    ],
)
def test_a_malformed_graph_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(UserError, match="not a figure graph"):
        FigureGraph.from_json(document)


def test_an_edge_needs_its_nodes() -> None:
    with pytest.raises(ValueError, match="names no node"):
        FigureGraph((Node("a"),), (Edge("a", "b"),))
