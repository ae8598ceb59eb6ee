"""draw.io / diagrams.net files (mxGraph XML, plain or compressed)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from figbench.graphs.build import finish, nested_members, plain_text
from figbench.graphs.limits import GraphError, inflate, local, parse_xml
from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node

_LAYERS = ("", "0", "1")


@dataclass(frozen=True, slots=True)
class Cell:
    """An mxCell: a vertex, an edge or a layer."""

    id: str
    text: str
    parent: str
    style: dict[str, str]
    vertex: bool
    edge: bool
    ends: tuple[str, str]
    box: Box | None
    points: tuple[tuple[float, float] | None, tuple[float, float] | None]


def read_drawio(data: bytes) -> FigureGraph:
    """Returns the graph of the first page of a draw.io document.

    Vertices are nodes. A vertex that contains vertices is a group, except when an edge ends at it.
    A text without outline that no edge reaches is a note, not a node. An end that is not attached
    to a vertex joins the vertex on whose outline it lies.

    Raises:
        GraphError: When the document is refused (see ``limits``) or holds no mxGraph model.
    """
    cells = drawio_cells(data)
    boxes = {cell.id: _absolute(cell, cells) for cell in cells.values() if cell.vertex}
    labels: dict[str, list[str]] = {}
    for cell in cells.values():
        owner = cells.get(cell.parent)
        if cell.vertex and owner and owner.edge:
            labels.setdefault(owner.id, []).append(cell.text)
            boxes.pop(cell.id, None)
    ends = {
        cell.id: _ends(cell, cells, boxes) for cell in cells.values() if cell.edge
    }  # fmt: skip
    attached = {end for pair in ends.values() for end in pair}
    parents = {key: cells[key].parent for key in boxes if cells[key].parent not in _LAYERS}
    containers = {p for p in parents.values() if p in boxes}
    frames = containers - attached
    nodes = [
        Node(key, cells[key].text, box, _kind(cells[key]))
        for key, box in boxes.items()
        if key not in frames and (key in attached or not _is_note(cells[key]))
    ]
    edges = [
        _edge(cells[key], pair, " ".join([cells[key].text, *labels.get(key, [])]).strip())
        for key, pair in ends.items()
        if all(pair)
    ]
    inside = nested_members(parents, [node.id for node in nodes])
    groups = [
        Group(key, cells[key].text or _title(key, cells), tuple(inside.get(key, ())))
        for key in boxes
        if key in containers
    ]
    return finish(nodes, edges, groups)


def drawio_cells(data: bytes) -> dict[str, Cell]:
    """Returns the cells of the first page by id.

    Raises:
        GraphError: When the document is refused (see ``limits``) or holds no mxGraph model.
    """
    return {cell.id: cell for cell in (_cell(*pair) for pair in _cells(_model(data)))}


def _model(data: bytes) -> Any:
    root = parse_xml(data)
    if local(root) == "mxGraphModel":
        return root
    if local(root) == "mxlibrary" or local(root) not in ("mxfile", "diagram", "svg"):
        raise GraphError(f"drawio: expected mxfile or mxGraphModel, not {local(root)!r}.")
    if local(root) == "svg":
        return _model(root.get("content", "").encode())
    diagram = root if local(root) == "diagram" else next(iter(root), None)
    if diagram is None:
        raise GraphError("drawio: the file has no page.")
    if len(diagram):
        return diagram[0]
    try:
        packed = base64.b64decode((diagram.text or "").strip(), validate=True)
    except (binascii.Error, ValueError):
        raise GraphError("drawio: the compressed page is not base64.") from None
    return parse_xml(unquote_to_bytes(inflate(packed)))


def _cells(model: Any) -> list[tuple[Any, Any]]:
    """(mxCell, its wrapper or itself): id and label stand on the wrapper where there is one."""
    pairs = []
    for element in (child for root in model for child in root):
        if local(element) == "mxCell":
            pairs.append((element, element))
        elif local(element) in ("object", "UserObject"):
            pairs += [(inner, element) for inner in element if local(inner) == "mxCell"]
    return pairs


def _cell(cell: Any, holder: Any) -> Cell:
    style = {}
    for i, item in enumerate((cell.get("style") or "").split(";")):
        key, equals, value = item.partition("=")
        if key:
            style[key] = value if equals else "1"
            if i == 0 and not equals:
                style["shape"] = key
    box: Box | None = None
    points: dict[str, tuple[float, float]] = {}
    for geometry in cell:
        if local(geometry) != "mxGeometry":
            continue
        x, y, wide, high = (_number(geometry.get(k)) for k in ("x", "y", "width", "height"))
        box = (x, y, x + wide, y + high)
        for point in geometry:
            if local(point) == "mxPoint" and point.get("as"):
                points[point.get("as")] = (_number(point.get("x")), _number(point.get("y")))
    return Cell(
        id=holder.get("id") or "",
        text=plain_text(holder.get("label") or holder.get("value") or ""),
        parent=cell.get("parent") or "",
        style=style,
        vertex=cell.get("vertex") == "1",
        edge=cell.get("edge") == "1",
        ends=(cell.get("source") or "", cell.get("target") or ""),
        box=box,
        points=(points.get("sourcePoint"), points.get("targetPoint")),
    )


def _number(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        raise GraphError(f"drawio: {text!r} is no number.") from None
    return value if abs(value) < 1e9 else 0.0


def _offset(cell: Cell, cells: dict[str, Cell]) -> tuple[float, float]:
    x = y = 0.0
    seen: set[str] = set()
    at = cells.get(cell.parent)
    while at is not None and at.id not in seen:
        seen.add(at.id)
        if at.box and at.vertex:
            x, y = x + at.box[0], y + at.box[1]
        at = cells.get(at.parent)
    return x, y


def _absolute(cell: Cell, cells: dict[str, Cell]) -> Box | None:
    if cell.box is None:
        return None
    x, y = _offset(cell, cells)
    return cell.box[0] + x, cell.box[1] + y, cell.box[2] + x, cell.box[3] + y


def _ends(cell: Cell, cells: dict[str, Cell], boxes: dict[str, Box | None]) -> tuple[str, str]:
    out = []
    dx, dy = _offset(cell, cells)
    for stated, point in zip(cell.ends, cell.points, strict=True):
        if stated in boxes:
            out.append(stated)
        else:
            out.append(_touched((point[0] + dx, point[1] + dy), boxes) if point else "")
    return out[0], out[1]


def _touched(point: tuple[float, float], boxes: dict[str, Box | None], slack: float = 6.0) -> str:
    """The smallest vertex whose box, grown by ``slack``, holds the point; or empty."""
    best, area = "", float("inf")
    for key, box in boxes.items():
        if box is None:
            continue
        x0, y0, x1, y1 = box
        inside = x0 - slack <= point[0] <= x1 + slack and y0 - slack <= point[1] <= y1 + slack
        if inside and (x1 - x0) * (y1 - y0) < area:
            best, area = key, (x1 - x0) * (y1 - y0)
    return best


def _edge(cell: Cell, ends: tuple[str, str], label: str) -> Edge:
    head = cell.style.get("endArrow", "classic") != "none"
    tail = cell.style.get("startArrow", "none") != "none"
    if tail and not head:
        return Edge(ends[1], ends[0], label)
    direction: Direction = "both" if tail and head else "forward" if head else "none"
    return Edge(*ends, label, direction)


def _is_note(cell: Cell) -> bool:
    shape = cell.style.get("shape", "")
    bare = cell.style.get("strokeColor") == "none" and cell.style.get("fillColor") == "none"
    return shape == "text" or (bare and shape != "image") or shape == "group"


def _title(key: str, cells: dict[str, Cell]) -> str:
    """A text child without edges titles a group that has no text of its own."""
    return next((c.text for c in cells.values() if c.parent == key and _is_note(c) and c.text), "")


def _kind(cell: Cell) -> Kind:
    shape = cell.style.get("shape", "")
    if "image" in cell.style or shape == "image" or shape.startswith("mxgraph."):
        return "icon"
    if shape in ("ellipse", "doubleEllipse"):
        return "ellipse"
    return "text" if _is_note(cell) else "box"
