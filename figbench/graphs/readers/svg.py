"""SVG: Graphviz and Mermaid write their graph into it; any other SVG is read by geometry."""

from __future__ import annotations

import re
from typing import Any

from figbench.graphs.build import finish
from figbench.graphs.drawing import centre, distance, holds
from figbench.graphs.geometry import resolve
from figbench.graphs.limits import local, parse_xml
from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node
from figbench.graphs.readers.svg_marks import svg_drawing


def read_svg(data: bytes) -> FigureGraph:
    """Returns the graph of an SVG document.

    Graphviz output (``class="node"`` with a title) and Mermaid flowcharts state nodes and edges by
    id; draw.io exports may carry their diagram; everything else is read by geometry.

    Raises:
        GraphError: When the document is refused (see ``limits``) or malformed.
        UserError: When svgelements is not installed.
    """
    root = parse_xml(data)
    if (root.get("content") or "").lstrip().startswith("<mxfile"):
        from figbench.graphs.readers.drawio import read_drawio

        return read_drawio(root.get("content").encode())
    groups = [e for e in root.iter() if local(e) == "g"]
    classes = {name for e in groups for name in (e.get("class") or "").split()}
    if {"graph", "node"} <= classes and any(_title(e) for e in groups):
        return _graphviz(groups)
    if "nodes" in classes and "edgePaths" in classes:
        return _mermaid(root, groups)
    return resolve(svg_drawing(root))


def _title(element: Any) -> str:
    return next((e.text or "" for e in element if local(e) == "title"), "")


def _is(element: Any, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _texts(element: Any) -> str:
    texts = ["".join(e.itertext()) for e in element.iter() if local(e) == "text"]
    return " ".join(" ".join(texts).split())


def _graphviz(groups: list[Any]) -> FigureGraph:
    nodes, names = [], set()
    for element in (g for g in groups if _is(g, "node")):
        tags = {local(e) for e in element.iter()}
        kind: Kind = (
            "icon" if "image" in tags
            else "ellipse" if "ellipse" in tags
            else "box" if tags & {"polygon", "path"} else "text"
        )  # fmt: skip
        names.add(_title(element))
        nodes.append(Node(_title(element), _texts(element), _extent(element), kind))
    edges = []
    for element in (g for g in groups if _is(g, "edge")):
        ends = _graphviz_ends(_title(element), names)
        if ends is None:
            continue
        heads = [e for e in element.iter() if local(e) in ("polygon", "ellipse", "polyline")]
        direction: Direction = "none" if not heads else "both" if len(heads) > 1 else "forward"
        if len(heads) == 1 and _at_start(element, heads[0]):
            ends = ends[::-1]
        edges.append(Edge(ends[0], ends[1], _texts(element), direction))
    clusters = []
    for element in (g for g in groups if _is(g, "cluster")):
        box = _extent(element)
        inside = [n.id for n in nodes if box and n.box and holds(box, centre(n.box))]
        clusters.append(Group(_title(element), _texts(element), tuple(inside)))
    return finish(nodes, edges, clusters)


def _graphviz_ends(title: str, names: set[str]) -> tuple[str, str] | None:
    for arrow in ("->", "--"):
        pieces = title.split(arrow)
        for i in range(1, len(pieces)):
            pair = arrow.join(pieces[:i]), arrow.join(pieces[i:])
            bare = tuple(p if p in names else p.partition(":")[0] for p in pair)
            if bare[0] in names and bare[1] in names:
                return bare[0], bare[1]
    return None


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def _points(element: Any) -> list[tuple[float, float]]:
    if local(element) == "ellipse":
        cx, cy, rx, ry = (float(element.get(k, 0)) for k in ("cx", "cy", "rx", "ry"))
        return [(cx - rx, cy - ry), (cx + rx, cy + ry)]
    if local(element) == "image":
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        size = [float(_NUMBER.findall(element.get(k, "0"))[0]) for k in ("width", "height")]
        return [(x, y), (x + size[0], y + size[1])]
    values = [float(v) for v in _NUMBER.findall(element.get("points") or element.get("d") or "")]
    return list(zip(values[::2], values[1::2], strict=False))


def _extent(element: Any) -> Box | None:
    shapes = [e for e in element if local(e) in ("polygon", "ellipse", "path", "polyline", "image")]
    inner = [e for e in element.iter() if local(e) in ("polygon", "ellipse", "path", "image")]
    points = [p for e in shapes or inner for p in _points(e)]
    if not points:
        texts = [e for e in element.iter() if local(e) == "text"]
        points = [
            (float(e.get("x", 0)) + s * 20, float(e.get("y", 0)) + s * 8)
            for e in texts
            for s in (-1, 1)
        ]
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def _at_start(element: Any, head: Any) -> bool:
    path = next((_points(e) for e in element.iter() if local(e) == "path"), [])
    points = _points(head)
    if not path or not points:
        return False
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    box = (min(xs), min(ys), max(xs), max(ys))
    return distance(box, path[0]) < distance(box, path[-1])


def _mermaid(root: Any, groups: list[Any]) -> FigureGraph:
    nodes, boxes = [], {}
    for element in (g for g in groups if _is(g, "node")):
        match = re.search(r"flowchart-(.+)-\d+$", element.get("id") or "")
        name = element.get("data-id") or (match[1] if match else element.get("id") or "")
        position = [float(v) for v in _NUMBER.findall(element.get("transform") or "")][:2]
        tags = {local(e) for e in element.iter()}
        kind: Kind = (
            "icon" if "image" in tags else "ellipse" if tags & {"circle", "ellipse"} else "box"
        )
        box = None
        if len(position) == 2:
            wide, high = _mermaid_size(element)
            box = (
                position[0] - wide / 2,
                position[1] - high / 2,
                position[0] + wide / 2,
                position[1] + high / 2,
            )
        boxes[name] = box
        nodes.append(Node(name, _mermaid_text(element), box, kind))
    labels = {
        e.get("data-id"): _mermaid_text(e) for e in groups if _is(e, "label") and e.get("data-id")
    }
    in_order = [_mermaid_text(e) for e in groups if _is(e, "edgeLabel")]
    edges = []
    paths = [e for e in root.iter() if local(e) == "path" and _is_link(e)]
    for i, element in enumerate(paths):
        ends = _mermaid_ends(element, set(boxes))
        if ends is None:
            continue
        head, tail = (bool(element.get(k)) for k in ("marker-end", "marker-start"))
        key = element.get("data-id") or element.get("id")
        label = labels.get(key, in_order[i] if not labels and len(in_order) == len(paths) else "")
        direction: Direction = "both" if head and tail else "forward" if head or tail else "none"
        if tail and not head:
            ends = ends[::-1]
        edges.append(Edge(ends[0], ends[1], label, direction))
    frames = []
    for element in (g for g in groups if _is(g, "cluster")):
        rect = next((e for e in element.iter() if local(e) == "rect"), None)
        if rect is None:
            continue
        x, y, wide, high = (float(rect.get(k) or 0) for k in ("x", "y", "width", "height"))
        inside = [k for k, b in boxes.items() if b and holds((x, y, x + wide, y + high), centre(b))]
        frames.append(Group(element.get("id") or "", _mermaid_text(element), tuple(inside)))
    return finish(nodes, edges, frames)


def _is_link(element: Any) -> bool:
    return "flowchart-link" in (element.get("class") or "")


def _mermaid_text(element: Any) -> str:
    inside = [e for e in element.iter() if local(e) in ("foreignObject", "text")]
    return " ".join(" ".join(t for e in inside for t in e.itertext()).split())


def _mermaid_size(element: Any) -> tuple[float, float]:
    for shape in element.iter():
        if local(shape) in ("rect", "image"):
            return float(shape.get("width") or 0), float(shape.get("height") or 0)
        if local(shape) == "circle":
            return 2 * float(shape.get("r") or 0), 2 * float(shape.get("r") or 0)
        if local(shape) == "polygon":
            points = _points(shape)
            xs, ys = [p[0] for p in points], [p[1] for p in points]
            return max(xs, default=0) - min(xs, default=0), max(ys, default=0) - min(ys, default=0)
    return 0.0, 0.0


def _mermaid_ends(element: Any, names: set[str]) -> tuple[str, str] | None:
    classes = (element.get("class") or "").split()
    start = next((c[3:] for c in classes if c.startswith("LS-")), None)
    end = next((c[3:] for c in classes if c.startswith("LE-")), None)
    if start in names and end in names:
        return str(start), str(end)
    pieces = (element.get("data-id") or element.get("id") or "").split("_")
    for low in range(1, len(pieces)):
        for high in range(low + 1, len(pieces)):
            pair = "_".join(pieces[low:high]), "_".join(pieces[high:-1])
            if pair[0] in names and pair[1] in names:
                return pair
    return None
