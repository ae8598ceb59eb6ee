"""The exact graph of a scene, from its items alone.

Items name their part (see ``scene``). A scene with a removed, reversed or moved item gives the
graph that is drawn.
"""

from __future__ import annotations

from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node
from figbench.synthfig.drawing.text import plain
from figbench.synthfig.layout.node import ICONS
from figbench.synthfig.scene import Box as Pixels
from figbench.synthfig.scene import Scene, Shape, Stroke, Text

_ELLIPSES = frozenset(("ellipse", "plus", "times"))


def scene_graph(scene: Scene) -> FigureGraph:
    """Returns the graph that a scene draws.

    Nodes are modules, ``n0``, ``n1`` ... in the content's numbers; edges follow the strokes,
    groups the frames. A legend is no part of it.

    Args:
        scene: Of ``make_scene`` or ``make_simple_scene``, possibly with changed items.
    """
    words: dict[str, list[Text]] = {}
    for text in scene.texts:
        words.setdefault(text.part, []).append(text)
    bodies = {
        number(item.part): item
        for item in scene.items
        if isinstance(item, Shape) and item.part.startswith("node:")
    }
    nodes = []
    for i, shape in bodies.items():
        lines = words.get(f"label:{i}", [])
        nodes.append(Node(f"n{i}", joined(lines), share(shape.box, scene), kind_of(shape.kind)))
    edges = []
    for item in scene.items:
        if isinstance(item, Stroke) and item.ends and all(end in bodies for end in item.ends):
            label = joined(words.get(item.part.replace("edge:", "note:"), []))
            source, target = item.ends
            edges.append(Edge(f"n{source}", f"n{target}", label, direction_of(item)))
    groups = []
    for item in scene.items:
        if isinstance(item, Shape) and item.part.startswith("frame:"):
            i = number(item.part)
            title = joined(words.get(f"title:{i}", []))
            members = [k for k, body in bodies.items() if contains(item.box, body.box)]
            groups.append(Group(f"g{i}", title, tuple(f"n{k}" for k in sorted(members))))
    return FigureGraph(tuple(nodes), tuple(edges), tuple(groups), scene.width / scene.height)


def number(part: str) -> int:
    """Returns the number in a part's name: 3 of ``node:3``."""
    return int(part.partition(":")[2])


def joined(lines: list[Text]) -> str:
    """Returns the plain text of lines, joined by a space."""
    return " ".join(plain(line.markup) for line in lines)


def kind_of(shape: str) -> Kind:
    """Returns the node kind of a shape's drawing."""
    return "icon" if shape in ICONS else "ellipse" if shape in _ELLIPSES else "box"


def direction_of(stroke: Stroke) -> Direction:
    """Returns the direction that a stroke's heads state."""
    if stroke.both:
        return "both"
    return "forward" if stroke.head else "none"


def share(box: Pixels, scene: Scene) -> Box:
    """Returns a pixel box as shares of the page."""
    x0, y0, x1, y1 = box
    return x0 / scene.width, y0 / scene.height, x1 / scene.width, y1 / scene.height


def contains(outer: Pixels, inner: Pixels) -> bool:
    """Returns whether the centre of ``inner`` lies in ``outer``."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
