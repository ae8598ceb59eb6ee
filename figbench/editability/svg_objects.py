"""Objects of an SVG document, with the elements that state them."""

from __future__ import annotations

from typing import Any

from figbench.editability.document_object import DocumentObject, ObjectKind
from figbench.graphs.limits import local
from figbench.graphs.readers.svg_marks import svg_drawing

SHAPES = ("rect", "circle", "ellipse", "polygon", "path", "polyline", "line")
_BINDINGS = (
    ("{http://www.inkscape.org/namespaces/inkscape}connection-start",
     "{http://www.inkscape.org/namespaces/inkscape}connection-end"),
    ("data-source", "data-target"),
    ("data-from", "data-to"),
)  # fmt: skip
_NAMES = ("aria-label", "{http://www.inkscape.org/namespaces/inkscape}label", "data-name")
_SKIPPED = ("defs", "symbol", "marker", "clipPath", "mask", "pattern", "style", "metadata")


def svg_objects(root: Any) -> list[DocumentObject]:
    """Returns the objects of an SVG document, in the order of drawing.

    A line with markers, or attached at an end, is a connector. Attachments are those of Inkscape
    (``connection-start``) and ``data-source``/``data-target``: SVG itself has none.

    Args:
        root: Parsed document.
    """
    drawing = svg_drawing(root)
    wide, high = drawing.width, drawing.height
    boxes = {mark.key: mark.box for mark in drawing.outlines if mark.key}
    words = {" ".join(line.text.split()): line.box for line in drawing.words}
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    objects: list[DocumentObject] = []

    def walk(element: Any, visible: bool, named: bool) -> None:
        tag = local(element)
        if not tag or tag in _SKIPPED:
            return
        style = dict(
            item.split(":", 1) for item in (element.get("style") or "").split(";") if ":" in item
        )
        style = {key.strip(): value.strip() for key, value in style.items()}

        def value(key: str) -> str:
            return style.get(key) or element.get(key) or ""

        visible = visible and not (
            value("display") == "none"
            or value("visibility") in ("hidden", "collapse")
            or value("opacity") in ("0", "0.0")
        )
        if tag in ("g", "svg", "a", "switch"):
            named = named or (tag == "g" and _is_named(element))
            for child in element:
                walk(child, visible, named)
            return
        if tag not in (*SHAPES, "text", "image", "use", "foreignObject"):
            return
        ends = next(
            (
                (element.get(a) or "", element.get(b) or "")
                for a, b in _BINDINGS
                if element.get(a) or element.get(b)
            ),
            ("", ""),
        )
        first, second = (end if end.removeprefix("#") in ids else "" for end in ends)
        ends = first, second
        text = " ".join(" ".join(element.itertext()).split())
        kind: ObjectKind = "shape"
        if tag in ("text", "foreignObject"):
            kind = "text"
        elif tag == "image":
            kind = "image"
        elif any(ends) or any(value(f"marker-{k}") not in ("", "none") for k in ("start", "end")):
            kind = "connector"
        rendered = visible and not (
            tag in SHAPES
            and value("fill") in ("none", "transparent")
            and value("stroke") in ("", "none", "transparent")
        )
        box = words.get(text) if kind == "text" else boxes.get(element.get("id") or "")
        shares = None
        if box is not None:
            shares = (box[0] / wide, box[1] / high, box[2] / wide, box[3] / high)
            rendered = rendered and box[2] > 0 and box[3] > 0 and box[0] < wide and box[1] < high
        attributes = sorted((k, v) for k, v in element.attrib.items() if k != "id")
        objects.append(
            DocumentObject(
                kind,
                shares,
                text,
                rendered,
                sum(map(bool, ends)),
                (ends[0], ends[1]),
                element.get("id") or "",
                named,
                f"{tag} {attributes} {text}",
            )
        )

    walk(root, True, False)
    return objects


def _is_named(group: Any) -> bool:
    if any(group.get(name) for name in _NAMES):
        return True
    if any(local(child) == "title" and (child.text or "").strip() for child in group):
        return True
    name = group.get("id") or ""
    return bool(name) and not name.lstrip("g").isdigit()
