"""Scene to a draw.io document: vertices, containers, attached edges."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import quote
from xml.sax.saxutils import quoteattr  # nosec B406 # escapes text that is written

from figbench.graphs.model import Box, Edge, FigureGraph, Node
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.export.texts import owners
from figbench.synthfig.scene import Scene, Shape

_STYLES = {
    "box": "rounded=1;whiteSpace=wrap;html=1;",
    "ellipse": "ellipse;whiteSpace=wrap;html=1;",
    "icon": "shape=image;html=1;verticalLabelPosition=bottom;verticalAlign=top;",
    "text": "text;html=1;",
    "other": "whiteSpace=wrap;html=1;",
}


def scene_drawio(scene: Scene, *, compressed: bool = False) -> str:
    """Returns the scene as a draw.io file.

    Args:
        scene: Of ``make_scene``.
        compressed: Whether the page is deflated and base64, as draw.io stores it by default.
    """
    model = _model(scene)
    if compressed:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(quote(model, safe="~()*!.'").encode()) + packer.flush()
        model = base64.b64encode(data).decode()
    return f'<mxfile host="figbench"><diagram id="d" name="Page-1">{model}</diagram></mxfile>\n'


def _model(scene: Scene) -> str:
    graph = scene_graph(scene)
    cells = ['<mxCell id="0"/>', '<mxCell id="1" parent="0"/>']
    owner = owners(graph)
    frames: dict[str, Box] = {
        item.part.replace("frame:", "g"): (*map(float, item.box),)  # type: ignore[misc]
        for item in scene.items
        if isinstance(item, Shape) and item.part.startswith("frame:")
    }
    for group in graph.groups:
        style = "rounded=1;html=1;verticalAlign=top;dashed=1;"
        cells.append(_vertex(group.id, group.title, style, frames[group.id], "1"))
    for node in graph.nodes:
        parent = owner.get(node.id, "1")
        cells.append(_node(node, scene, parent, frames.get(parent)))
    cells += [_edge(i, edge) for i, edge in enumerate(graph.edges)]
    cells += _legend(scene, graph)
    return f"<mxGraphModel><root>{''.join(cells)}</root></mxGraphModel>"


def _vertex(key: str, text: str, style: str, box: Box, parent: str) -> str:
    x, y, wide, high = box[0], box[1], box[2] - box[0], box[3] - box[1]
    return (
        f"<mxCell id={quoteattr(key)} value={quoteattr(text)} style={quoteattr(style)} "
        f'vertex="1" parent="{parent}"><mxGeometry x="{x:g}" y="{y:g}" width="{wide:g}" '
        f'height="{high:g}" as="geometry"/></mxCell>'
    )


def _node(node: Node, scene: Scene, parent: str, frame: Box | None) -> str:
    assert node.box is not None  # nosec B101 # narrows a type
    left, top = (frame[0], frame[1]) if frame else (0.0, 0.0)
    box = (
        node.box[0] * scene.width - left,
        node.box[1] * scene.height - top,
        node.box[2] * scene.width - left,
        node.box[3] * scene.height - top,
    )
    text = node.text.replace("&", "&amp;").replace("<", "&lt;")
    return _vertex(node.id, text, _STYLES[node.kind], box, parent)


def _edge(number: int, edge: Edge) -> str:
    start = "startArrow=classic;" if edge.direction == "both" else ""
    end = "endArrow=none;" if edge.direction == "none" else "endArrow=classic;"
    key = f"e{number}"
    cell = (
        f'<mxCell id="{key}" style="edgeStyle=orthogonalEdgeStyle;{start}{end}" edge="1" '
        f'parent="1" source="{edge.source}" target="{edge.target}">'
        '<mxGeometry relative="1" as="geometry"/></mxCell>'
    )
    if edge.label:
        cell += (
            f'<mxCell id="{key}l" value={quoteattr(edge.label)} style="edgeLabel;html=1;" '
            f'vertex="1" connectable="0" parent="{key}"><mxGeometry relative="1" as="geometry"/>'
            "</mxCell>"
        )
    return cell


def _legend(scene: Scene, graph: FigureGraph) -> list[str]:
    texts = [text for text in scene.texts if text.part == "legend"]
    return [
        _vertex(f"legend{i}", text.markup, "text;html=1;", (*map(float, text.box),), "1")  # type: ignore[arg-type]
        for i, text in enumerate(texts)
    ]
