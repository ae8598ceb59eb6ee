"""The objects of a vector document: what a person who edits it can click on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from figbench.editability.document_object import DocumentObject, ObjectKind
from figbench.graphs.limits import GraphError, local, parse_xml
from figbench.graphs.model import Box


def list_objects(data: bytes, kind: str) -> list[DocumentObject]:
    """Returns the objects of an SVG, draw.io or PPTX document.

    Raises:
        GraphError: When the document is refused or broken, or of another kind.
    """
    if kind == "svg":
        from figbench.editability.svg_objects import svg_objects

        return svg_objects(parse_xml(data))
    if kind == "drawio":
        return list(_drawio(data))
    if kind == "pptx":
        return list(_pptx(data))
    raise GraphError(
        f"editability is measured for SVG, draw.io and PPTX, this is {kind or 'unknown'}.",
        remedy="Export the figure to one of these.",
    )


def _drawio(data: bytes) -> Iterator[DocumentObject]:
    from figbench.graphs.readers.drawio import drawio_cells

    cells = drawio_cells(data)
    boxes = [cell.box for cell in cells.values() if cell.vertex and cell.box]
    right = max((box[2] for box in boxes), default=1.0) or 1.0
    bottom = max((box[3] for box in boxes), default=1.0) or 1.0
    edges = {cell.id for cell in cells.values() if cell.edge}
    for cell in cells.values():
        if not (cell.vertex or cell.edge) or cell.parent in edges:
            continue
        hidden = cell.style.get("opacity") == "0" or (
            cell.style.get("strokeColor") == cell.style.get("fillColor") == "none" and not cell.text
        )
        parent = cells.get(cell.parent)
        image = "image" in cell.style or cell.style.get("shape") == "image"
        kind: ObjectKind = "connector" if cell.edge else "image" if image else "shape"
        box = None
        if cell.vertex and cell.box:
            x0, y0, x1, y1 = cell.box
            box = (x0 / right, y0 / bottom, x1 / right, y1 / bottom)
            hidden |= x1 <= 0 or y1 <= 0
        ends = tuple(end if end in cells else "" for end in cell.ends)
        yield DocumentObject(
            kind,
            box,
            cell.text,
            not hidden,
            sum(map(bool, ends)) if cell.edge else 0,
            (ends[0], ends[1]),
            cell.id,
            bool(parent and parent.vertex and parent.text),
            f"{kind} {cell.box} {cell.parent} {cell.text} {sorted(cell.style.items())} {ends}",
        )


def _pptx(data: bytes) -> Iterator[DocumentObject]:
    from figbench.graphs.readers.pptx import slide_tree

    tree, (wide, high) = slide_tree(data)
    parents = {child: parent for parent in tree.iter() for child in parent}
    ids = {e.get("id") for e in tree.iter() if local(e) == "cNvPr"}
    for element in tree.iter():
        tag = local(element)
        if tag not in ("sp", "pic", "cxnSp", "graphicFrame"):
            continue
        properties = next((e for e in element.iter() if local(e) == "cNvPr"), None)
        key = properties.get("id", "") if properties is not None else ""
        hidden = properties is not None and properties.get("hidden") in ("1", "true")
        box = _pptx_box(element, wide, high)
        hidden |= box is not None and (box[2] <= 0 or box[3] <= 0 or box[0] >= 1 or box[1] >= 1)
        text = "".join(e.text or "" for e in element.iter() if local(e) == "t").strip()
        ends = [
            next((e for e in element.iter() if local(e) == n), None) for n in ("stCxn", "endCxn")
        ]
        names = [e.get("id", "") if e is not None and e.get("id") in ids else "" for e in ends]
        kinds: dict[str, ObjectKind] = {"pic": "image", "cxnSp": "connector"}
        kind = kinds.get(tag, "shape")
        yield DocumentObject(
            kind,
            box,
            text,
            not hidden,
            sum(map(bool, names)),
            (names[0], names[1]),
            key,
            _in_named_group(element, parents),
            f"{kind} {box} {text} {names}",
        )


def _pptx_box(element: Any, wide: float, high: float) -> Box | None:
    frame = next((e for e in element.iter() if local(e) == "xfrm"), None)
    if frame is None:
        return None
    children = {local(e): e for e in frame}
    try:
        x, y = (float(children["off"].get(k)) for k in ("x", "y"))
        across, down = (float(children["ext"].get(k)) for k in ("cx", "cy"))
    except (KeyError, TypeError, ValueError):
        return None
    return x / wide, y / high, (x + across) / wide, (y + down) / high


def _in_named_group(element: Any, parents: dict[Any, Any]) -> bool:
    while (element := parents.get(element)) is not None:
        if local(element) == "grpSp":
            name = next((e.get("name", "") for e in element.iter() if local(e) == "cNvPr"), "")
            words = name.split()
            # "Group 3" is the name that the program gives by itself.
            if name and not (len(words) == 2 and words[0] == "Group" and words[1].isdigit()):
                return True
    return False
