"""Scene to SVG: flat shapes, lines and native text, without ids, groups or structure."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from xml.sax.saxutils import escape  # nosec B406 # escapes text that is written

from PIL import Image

from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.drawing.drawings import DRAWINGS
from figbench.synthfig.drawing.icons import IMAGES
from figbench.synthfig.drawing.raster import Point
from figbench.synthfig.drawing.text import runs_of, width_of
from figbench.synthfig.render import render_scene
from figbench.synthfig.scene import Box, Scene, Shape, Stroke, Text

_FAMILIES = {"serif": "serif", "times": "serif", "tex": "serif", "mono": "monospace"}


def scene_svg(scene: Scene) -> str:
    """Returns the scene as an SVG document.

    Shapes are ``rect``, ``polygon`` and ``ellipse``; pictures are embedded PNG; arrow heads are
    markers, polygons or open lines by the scene's style. Nothing in the document says which shape
    is a node.
    """
    body = [
        f'<rect width="{scene.width}" height="{scene.height}" fill="{_rgb(scene.background)}"/>'
    ]
    for item in scene.items:
        if isinstance(item, Shape):
            body.append(image_element(item) if is_image(item) else _shape(item))
        elif isinstance(item, Stroke):
            body.append(_stroke(item))
        else:
            body.append(_text(item))
    size = f'width="{scene.width}" height="{scene.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {scene.width} {scene.height}">\n<defs>{_MARKER}</defs>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


_MARKER = (
    '<marker id="head" viewBox="0 0 10 10" refX="10" refY="5" markerUnits="userSpaceOnUse" '
    'markerWidth="10" markerHeight="9" orient="auto-start-reverse">'
    '<path d="M0 0L10 5L0 10z" fill="context-stroke"/></marker>'
)


def is_image(shape: Shape) -> bool:
    """Returns whether a shape is drawn pixel by pixel, and so embedded as an image."""
    return shape.kind in IMAGES or shape.kind in DRAWINGS


def image_png(shape: Shape, scale: float = 2.0) -> bytes:
    """Returns a picture's own pixels as PNG."""
    x0, y0, x1, y1 = shape.box
    alone = Scene(x1 - x0, y1 - y0, (replace(shape, box=(0, 0, x1 - x0, y1 - y0)),), "")
    buffer = io.BytesIO()
    Image.fromarray(render_scene(alone, scale)).save(buffer, "PNG")
    return buffer.getvalue()


def image_element(shape: Shape) -> str:
    """Returns a picture as an ``image`` element with its PNG inside."""
    data = base64.b64encode(image_png(shape)).decode()
    return f'<image {_geometry(shape.box)} href="data:image/png;base64,{data}"/>'


def _rgb(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _geometry(box: Box) -> str:
    return f'x="{box[0]}" y="{box[1]}" width="{box[2] - box[0]}" height="{box[3] - box[1]}"'


def _paint(shape: Shape) -> str:
    fill = _rgb(shape.fill) if shape.fill else "none"
    dash = ' stroke-dasharray="5 3"' if shape.dashed else ""
    return f'fill="{fill}" stroke="{_rgb(shape.line)}" stroke-width="{max(shape.border, 1)}"{dash}'


def _polygon(points: list[Point], paint: str) -> str:
    return f'<polygon points="{_numbers(points)}" {paint}/>'


def _numbers(points: list[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _shape(shape: Shape) -> str:
    x0, y0, x1, y1 = shape.box
    paint, cx, cy = _paint(shape), (x0 + x1) / 2, (y0 + y1) / 2
    oval = (
        f'<ellipse cx="{cx:g}" cy="{cy:g}" rx="{(x1 - x0) / 2:g}" ry="{(y1 - y0) / 2:g}" {paint}/>'
    )
    if shape.kind == "stack":
        cards = [(x0 + i * 4, y0 + (2 - i) * 4, x1 - (2 - i) * 4, y1 - i * 4) for i in (2, 1, 0)]
        return "".join(f"<rect {_geometry(card)} {paint}/>" for card in cards)
    if shape.kind == "slab":
        d = max(2, min(x1 - x0, y1 - y0) // 5)
        return (
            _polygon([(x0, y0 + d), (x0 + d, y0), (x1, y0), (x1 - d, y0 + d)], paint)
            + _polygon([(x1 - d, y0 + d), (x1, y0), (x1, y1 - d), (x1 - d, y1)], paint)
            + f"<rect {_geometry((x0, y0 + d, x1 - d, y1))} {paint}/>"
        )
    if shape.kind == "cylinder":
        r = max(4, min((y1 - y0) // 4, 12)) / 2
        wide = (x1 - x0) / 2
        top = f"M{x0} {y0 + r}A{wide} {r} 0 0 1 {x1} {y0 + r}"
        arcs = f"{top}V{y1 - r}A{wide} {r} 0 0 1 {x0} {y1 - r}Z"
        rim = f"M{x0} {y0 + r}A{wide} {r} 0 0 0 {x1} {y0 + r}"
        return f'<path d="{arcs}{rim}" {paint}/>'
    if shape.kind.startswith("trapezoid"):
        return _polygon(trapezoid(shape), paint)
    if shape.kind in ("plus", "times"):
        arm = (x1 - x0) * (0.27 if shape.kind == "plus" else 0.2)
        ways = ((1, 0), (0, 1)) if shape.kind == "plus" else ((1, 1), (1, -1))
        lines = "".join(
            f"M{cx - arm * a:g} {cy - arm * b:g}L{cx + arm * a:g} {cy + arm * b:g}" for a, b in ways
        )
        return f'{oval}<path d="{lines}" fill="none" stroke="{_rgb(shape.line)}"/>'
    if shape.kind == "ellipse":
        return oval
    radius = 999 if shape.kind == "pill" else shape.radius
    return (
        f'<rect {_geometry(shape.box)} rx="{min(radius, (x1 - x0) // 2, (y1 - y0) // 2)}" {paint}/>'
    )


def trapezoid(shape: Shape) -> list[Point]:
    """Returns the corners of a trapezoid, as ``render`` draws it."""
    x0, y0, x1, y1 = shape.box
    widens = shape.kind.endswith("-widening")
    if shape.kind.startswith("trapezoid-v"):
        first, last = ((x1 - x0) / 6, 0.0) if widens else (0.0, (x1 - x0) / 6)
        return [(x0 + first, y0), (x1 - first, y0), (x1 - last, y1), (x0 + last, y1)]
    first, last = ((y1 - y0) / 6, 0.0) if widens else (0.0, (y1 - y0) / 6)
    return [(x0, y0 + first), (x1, y0 + last), (x1, y1 - last), (x0, y1 - first)]


def _stroke(stroke: Stroke) -> str:
    colour = _rgb(stroke.colour)
    line = f'fill="none" stroke="{colour}" stroke-width="{stroke.pen}"'
    line += ' stroke-dasharray="5 3.5"' if stroke.dashed else ""
    path = list(stroke.path)
    if stroke.head == "triangle":
        line += ' marker-end="url(#head)"' + (' marker-start="url(#head)"' if stroke.both else "")
    ends = [path] if stroke.head else []
    ends += [path[::-1]] if stroke.both else []
    heads = "" if stroke.head == "triangle" else "".join(_head(e, stroke) for e in ends)
    return f'<path d="M{_numbers(path).replace(" ", "L")}" {line}/>{heads}'


def _head(path: list[Point], stroke: Stroke) -> str:
    (ax, ay), (bx, by) = path[-2], path[-1]
    far = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5 or 1.0
    ux, uy, size = (bx - ax) / far, (by - ay) / far, stroke.head_size
    back, wide = (bx - ux * size, by - uy * size), size * 0.48
    left_wing, right_wing = (
        (back[0] - uy * wide, back[1] + ux * wide),
        (back[0] + uy * wide, back[1] - ux * wide),
    )
    colour = _rgb(stroke.colour)
    if stroke.head == "open":
        wings = _numbers([left_wing, (bx, by), right_wing])
        return f'<polyline points="{wings}" fill="none" stroke="{colour}"/>'
    notch = (bx - ux * size * 0.65, by - uy * size * 0.65)
    return _polygon([(bx, by), left_wing, notch, right_wing], f'fill="{colour}"')


def _text(text: Text) -> str:
    family = next((v for k, v in _FAMILIES.items() if text.face.startswith(k)), "sans-serif")
    weight = ' font-weight="bold"' if text.face.endswith("bold") else ""
    turn = f' transform="rotate(-90 {text.x} {text.y})"' if text.turned else ""
    wide = width_of(text.markup, text.face, text.size)
    parts, drop = [], 0.0
    for run in runs_of(text.markup, text.face):
        shift = (run.drop - drop) * text.size
        drop = run.drop
        size = f' font-size="{run.size * text.size:g}"' if run.size != 1 else ""
        dy = f' dy="{shift:g}"' if shift else ""
        words = escape(run.text)
        parts.append(f"<tspan{dy}{size}>{words}</tspan>" if dy or size else words)
    return (
        f'<text x="{text.x}" y="{text.y}" font-family="{family}"{weight} font-size="{text.size}" '
        f'text-anchor="middle" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs" '
        f'xml:space="preserve" fill="{_rgb(text.colour)}"{turn}>{"".join(parts)}</text>'
    )
