"""A graph, or the arrows that two graphs disagree on, drawn over a figure; and graphs as files."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from xml.sax.saxutils import escape  # nosec B406 # escapes text that is written

from figbench.errors import UserError
from figbench.graphs.model import Box, Edge, FigureGraph
from figbench.io.atomic import atomic_path
from figbench.io.json_files import dump_json
from figbench.io.optional import require

COLOURS = {"right": "#2e7d32", "missed": "#c62828", "invented": "#ef6c00", "reversed": "#6a1b9a"}
"""Green agrees, red is missed, orange invented, purple reversed."""
_SIDE = 1000.0
_QUOTES = {'"': "&quot;"}
_RASTERS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
Marked = tuple[Edge, str, Mapping[str, Box]]


def write_graph(graph: FigureGraph, figure: Path, out: Path) -> None:
    """Writes a graph as ``.json``, ``.dot``, or as an overlay on its figure, ``.svg`` or ``.png``.

    Args:
        graph: The graph; an overlay needs nodes with boxes.
        figure: File that the graph was read from, the background of an overlay where it is a raster
            image.
        out: Path of the new file; its suffix selects the format.

    Raises:
        UserError: If the suffix is unknown, or an overlay is requested of a graph without boxes.
    """
    suffix = out.suffix.lower()
    if suffix == ".json":
        _write(out, dump_json(graph.to_json()).encode())
    elif suffix in (".dot", ".gv"):
        _write(out, to_dot(graph).encode())
    else:
        boxes = {n.id: n.box for n in graph.nodes if n.box}
        marked = [(edge, COLOURS["right"], boxes) for edge in graph.edges]
        _write_overlay(boxes, marked, graph.aspect, figure, out)


def write_differences(
    generated: FigureGraph,
    reference: FigureGraph,
    matched: Mapping[str, str],
    differences: Mapping[str, Sequence[Edge]],
    figure: Path,
    out: Path,
) -> None:
    """Writes missed, invented and reversed arrows over the generated figure.

    A missed arrow is drawn between the matched nodes of the generated figure; where one is absent
    too, at its position in the reference.

    Args:
        generated: Graph of the figure under test.
        reference: Its reference's graph.
        matched: Generated id to reference id.
        differences: Of ``graph_matching.edge_differences``.
        figure: File of the generated figure, the ground of the overlay where it is an image.
        out: ``.svg`` or ``.png``.
    """
    boxes, marked = _marked(generated, reference, matched, differences)
    _write_overlay(boxes, marked, generated.aspect, figure, out)


def differences_svg(
    generated: FigureGraph,
    reference: FigureGraph,
    matched: Mapping[str, str],
    differences: Mapping[str, Sequence[Edge]],
    background: str = "",
) -> str:
    """Returns missed, invented and reversed arrows as SVG; empty where no node has a position.

    Args:
        generated: Graph of the figure under test.
        reference: Its reference's graph.
        matched: Generated id to reference id.
        differences: Of ``graph_matching.edge_differences``.
        background: Data URI of the image that the generated graph was read from; without one the
            nodes are drawn with their texts.
    """
    boxes, marked = _marked(generated, reference, matched, differences)
    if not boxes:
        return ""
    texts = {} if background else generated.texts
    return overlay_svg(boxes, marked, generated.aspect or 1.5, background, texts)


def _marked(
    generated: FigureGraph,
    reference: FigureGraph,
    matched: Mapping[str, str],
    differences: Mapping[str, Sequence[Edge]],
) -> tuple[dict[str, Box], list[Marked]]:
    """Returns the boxes of generated nodes, and every arrow with its colour and its boxes."""
    boxes = {n.id: n.box for n in generated.nodes if n.box}
    other = {n.id: n.box for n in reference.nodes if n.box}
    other |= {b: boxes[a] for a, b in matched.items() if a in boxes}
    marked: list[Marked] = [
        (edge, COLOURS[kind], boxes if kind == "invented" else other)
        for kind, edges in differences.items()
        for edge in edges
    ]
    wrong = {id(edge) for edges in differences.values() for edge in edges}
    marked += [(e, COLOURS["right"], other) for e in reference.edges if id(e) not in wrong]
    return boxes, marked


def to_dot(graph: FigureGraph) -> str:
    """Returns the graph as a dot document."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = ["digraph figure {", "  node [shape=box];"]
    lines += [f"  {quoted(n.id)} [label={quoted(n.text)}];" for n in graph.nodes]
    for edge in graph.edges:
        label = f"label={quoted(edge.label)}, " if edge.label else ""
        ends = f"{quoted(edge.source)} -> {quoted(edge.target)}"
        lines.append(f"  {ends} [{label}dir={edge.direction}];")
    for i, group in enumerate(graph.groups):
        members = " ".join(f"{quoted(m)};" for m in group.members)
        lines.append(f"  subgraph cluster_{i} {{ label={quoted(group.title)}; {members} }}")
    return "\n".join([*lines, "}", ""])


def _write_overlay(
    boxes: Mapping[str, Box],
    marked: Sequence[Marked],
    aspect: float | None,
    figure: Path,
    out: Path,
) -> None:
    if out.suffix.lower() not in (".svg", ".png"):
        raise UserError(
            f"{out}: graphs are not written as {out.suffix or 'files without a suffix'}.",
            remedy="Use .json, .dot, .svg or .png.",
        )
    if not boxes:
        raise UserError(
            f"{figure}: its format states no positions, so nothing can be drawn over it.",
            remedy="Write .dot or .json instead.",
        )
    document = overlay_svg(boxes, marked, aspect or 1.5, _background(figure))
    if out.suffix.lower() == ".svg":
        _write(out, document.encode())
        return
    resvg_py = require("resvg_py", purpose="Writing a .png overlay (.svg needs nothing)")
    _write(out, bytes(resvg_py.svg_to_bytes(svg_string=document, dpi=96.0)))


def _background(figure: Path) -> str:
    """Returns a raster file as a data URI; empty for other files."""
    mime = _RASTERS.get(figure.suffix.lower())
    if not mime:
        return ""
    return f"data:{mime};base64,{base64.b64encode(figure.read_bytes()).decode()}"


def overlay_svg(
    boxes: Mapping[str, Box],
    marked: Sequence[Marked],
    aspect: float,
    background: str = "",
    texts: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Returns the overlay as a self-contained SVG.

    Args:
        boxes: Of nodes, as shares of the page.
        marked: Arrows with colour and the boxes of their ends.
        aspect: Width over height of the page.
        background: Data URI of an image; empty for a white page.
        texts: Of nodes, drawn in their boxes.
    """
    wide, high = (_SIDE, _SIDE / aspect) if aspect >= 1 else (_SIDE * aspect, _SIDE)
    elements = [f'<rect width="{wide:.0f}" height="{high:.0f}" fill="#ffffff"/>']
    if background:
        elements.append(
            f'<image width="{wide:.0f}" height="{high:.0f}" opacity="0.45" '
            f'href="{escape(background, _QUOTES)}"/>'
        )
    for key, (x0, y0, x1, y1) in boxes.items():
        elements.append(
            f'<rect x="{x0 * wide:.1f}" y="{y0 * high:.1f}" width="{(x1 - x0) * wide:.1f}" '
            f'height="{(y1 - y0) * high:.1f}" fill="none" stroke="#1565c0" stroke-width="2">'
            f"<title>{escape(key)}</title></rect>"
        )
        if texts.get(key):
            elements.append(_text(texts[key], (x0 * wide, y0 * high, x1 * wide, y1 * high)))
    for edge, colour, boxes_of_ends in marked:
        if edge.source in boxes_of_ends and edge.target in boxes_of_ends:
            elements.append(_arrow(edge, colour, boxes_of_ends, wide, high))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}">'
        + "".join(elements)
        + "</svg>\n"
    )


def _text(text: str, box: Box) -> str:
    """Returns a label in its box, as small as it must be to fit its width."""
    x0, y0, x1, y1 = box
    size = max(6.0, min(22.0, (y1 - y0) * 0.6, 1.8 * (x1 - x0) / max(len(text), 1)))
    return (
        f'<text x="{(x0 + x1) / 2:.1f}" y="{(y0 + y1) / 2 + size / 3:.1f}" fill="#37474f" '
        f'font-family="sans-serif" font-size="{size:.1f}" text-anchor="middle">'
        f"{escape(text)}</text>"
    )


def _arrow(edge: Edge, colour: str, boxes: Mapping[str, Box], wide: float, high: float) -> str:
    ends = []
    for name in (edge.source, edge.target):
        x0, y0, x1, y1 = boxes[name]
        ends.append(((x0 + x1) / 2 * wide, (y0 + y1) / 2 * high))
    (ax, ay), (bx, by) = ends
    far = max(((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5, 1e-6)
    ux, uy = (bx - ax) / far, (by - ay) / far
    heads = []
    for x, y, way in ((bx, by, 1), (ax, ay, -1)):
        if edge.direction == "none" or (way < 0 and edge.direction != "both"):
            continue
        back = (x - way * ux * 16, y - way * uy * 16)
        corners = (
            (x, y),
            (back[0] - uy * 7, back[1] + ux * 7),
            (back[0] + uy * 7, back[1] - ux * 7),
        )
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in corners)
        heads.append(f'<polygon points="{points}" fill="{colour}"/>')
    line = f'<line x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}"'
    return f'{line} stroke="{colour}" stroke-width="4" stroke-opacity="0.8"/>{"".join(heads)}'


def _write(out: Path, data: bytes) -> None:
    with atomic_path(out) as path:
        path.write_bytes(data)
