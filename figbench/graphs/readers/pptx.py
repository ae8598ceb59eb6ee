"""PPTX: shapes, pictures and connectors of the first slide, straight from its XML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from figbench.graphs.geometry import Drawing, Outline, Stroke, Words, resolve
from figbench.graphs.limits import GraphError, local, open_zip, parse_xml, read_member
from figbench.graphs.model import Box, FigureGraph, Kind

Transform = tuple[float, float, float, float]
"""Scale x, scale y, shift x, shift y."""


def read_pptx(data: bytes) -> FigureGraph:
    """Returns the graph of the first slide.

    A connector that is attached (``stCxn``, ``endCxn``) joins these shapes; a loose end joins the
    shape that it touches. Lines drawn as plain shapes count as connectors. Shapes around others are
    groups.

    Raises:
        GraphError: When the archive or its XML is refused (see ``limits``), or has no slide.
    """
    slide = _Slide()
    tree, size = slide_tree(data)
    slide.walk(tree, (1.0, 1.0, 0.0, 0.0))
    return resolve(Drawing(*size, slide.outlines, slide.words, slide.strokes))


def slide_tree(data: bytes) -> tuple[Any, tuple[float, float]]:
    """Returns the shape tree of the first slide, and width and height in EMU.

    Raises:
        GraphError: When the archive or its XML is refused (see ``limits``), or has no slide.
    """
    archive = open_zip(data)
    slides = sorted(
        (n for n in archive.namelist() if n.startswith("ppt/slides/slide") and n.endswith(".xml")),
        key=lambda name: (len(name), name),
    )
    if not slides:
        raise GraphError("pptx: the presentation has no slide.")
    root = parse_xml(read_member(archive, slides[0]))
    tree = next((e for e in root.iter() if local(e) == "spTree"), None)
    if tree is None:
        raise GraphError("pptx: the first slide has no shapes.")
    size = (9144000.0, 6858000.0)
    if "ppt/presentation.xml" in archive.namelist():
        for element in parse_xml(read_member(archive, "ppt/presentation.xml")).iter():
            if local(element) == "sldSz":
                size = float(element.get("cx", size[0])), float(element.get("cy", size[1]))
    return tree, size


@dataclass
class _Slide:
    outlines: list[Outline] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)

    def walk(self, tree: Any, transform: Transform) -> None:
        for element in tree:
            tag = local(element)
            if tag == "grpSp":
                self.walk(element, _grouped(element, transform))
            elif tag == "cxnSp":
                self.connector(element, transform)
            elif tag in ("sp", "pic", "graphicFrame"):
                self.shape(element, tag, transform)

    def shape(self, element: Any, tag: str, transform: Transform) -> None:
        box, preset = _box(element, transform), _first(element, "prstGeom")
        name = preset.get("prst", "") if preset is not None else ""
        if box is None:
            return
        if name in ("line", "straightConnector1"):
            self.connector(element, transform)
            return
        text = _text(element)
        key = _id(element)
        properties = next((e for e in element if local(e) == "spPr"), None)
        outlined = tag != "sp" or (properties is not None and _is_visible(properties, element))
        if not outlined:
            if text:
                self.words.append(Words(text, box, key))
            return
        kind: Kind = "icon" if tag != "sp" else "ellipse" if name == "ellipse" else "box"
        self.outlines.append(Outline(box, kind, key, text))

    def connector(self, element: Any, transform: Transform) -> None:
        box = _box(element, transform)
        if box is None:
            return
        frame = _first(element, "xfrm")
        x0, y0, x1, y1 = box
        if frame is not None and frame.get("flipH") in ("1", "true"):
            x0, x1 = x1, x0
        if frame is not None and frame.get("flipV") in ("1", "true"):
            y0, y1 = y1, y0
        line = _first(element, "ln")
        ends = {local(e): e.get("type", "none") for e in (line if line is not None else ())}
        start, end = _first(element, "stCxn"), _first(element, "endCxn")
        self.strokes.append(
            Stroke(
                ((x0, y0), (x1, y1)),
                head=ends.get("tailEnd", "none") != "none",
                tail=ends.get("headEnd", "none") != "none",
                source=start.get("id", "") if start is not None else "",
                target=end.get("id", "") if end is not None else "",
            )
        )


def _first(element: Any, tag: str) -> Any:
    return next((e for e in element.iter() if local(e) == tag), None)


def _id(element: Any) -> str:
    properties = _first(element, "cNvPr")
    return properties.get("id", "") if properties is not None else ""


def _text(element: Any) -> str:
    lines = []
    for paragraph in (e for e in element.iter() if local(e) == "p"):
        runs = [
            (e.text or "") if local(e) == "t" else " "
            for e in paragraph.iter()
            if local(e) in ("t", "br")
        ]
        lines.append("".join(runs))
    return " ".join(" ".join(lines).split())


def _is_visible(properties: Any, element: Any) -> bool:
    """Whether a shape has a fill or an outline, of its own or from its style."""
    tags = {local(e) for e in properties}
    line = next((e for e in properties if local(e) == "ln"), None)
    lined = line is not None and any(
        local(e) in ("solidFill", "gradFill", "pattFill") for e in line
    )
    filled = bool(tags & {"solidFill", "gradFill", "blipFill", "pattFill", "grpFill"})
    if any(local(e) == "style" for e in element) and "noFill" not in tags:
        return True
    return filled or lined


def _numbers(element: Any, *names: str) -> tuple[float, float] | None:
    try:
        return float(element.get(names[0])), float(element.get(names[1]))
    except (TypeError, ValueError):
        return None


def _frame(frame: Any, position: str, extent: str) -> Box | None:
    corner = size = None
    for element in frame:
        if local(element) == position:
            corner = _numbers(element, "x", "y")
        elif local(element) == extent:
            size = _numbers(element, "cx", "cy")
    if corner is None or size is None:
        return None
    return corner[0], corner[1], corner[0] + size[0], corner[1] + size[1]


def _box(element: Any, transform: Transform) -> Box | None:
    frame = _first(element, "xfrm")
    box = None if frame is None else _frame(frame, "off", "ext")
    if box is None:
        return None
    sx, sy, dx, dy = transform
    return box[0] * sx + dx, box[1] * sy + dy, box[2] * sx + dx, box[3] * sy + dy


def _grouped(element: Any, transform: Transform) -> Transform:
    properties = next((e for e in element if local(e) == "grpSpPr"), None)
    frame = None if properties is None else _first(properties, "xfrm")
    outer = None if frame is None else _frame(frame, "off", "ext")
    inner = None if frame is None else _frame(frame, "chOff", "chExt")
    if outer is None or inner is None:
        return transform
    sx = (outer[2] - outer[0]) / max(inner[2] - inner[0], 1e-9)
    sy = (outer[3] - outer[1]) / max(inner[3] - inner[1], 1e-9)
    ax, ay, bx, by = transform
    shift = outer[0] - inner[0] * sx, outer[1] - inner[1] * sy
    return ax * sx, ay * sy, ax * shift[0] + bx, ay * shift[1] + by
