"""Scene to pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from figbench.images.types import RGBImage
from figbench.synthfig.drawing.canvas import Canvas
from figbench.synthfig.drawing.drawings import DRAWINGS, cuboid, disc, mixed, outlined
from figbench.synthfig.drawing.icons import IMAGES
from figbench.synthfig.drawing.raster import Point, rounded
from figbench.synthfig.drawing.text import text_mask
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Box, Scene, Shape, Stroke, Text


def render_scene(scene: Scene, scale: float = 1.0) -> RGBImage:
    """Draws a scene.

    Args:
        scene: The scene.
        scale: Output pixels per scene pixel.

    Returns:
        uint8 of shape (height, width, 3); the same bytes on every machine.
    """
    width, height = round(scene.width * scale), round(scene.height * scale)
    canvas = Canvas(max(width, 1), max(height, 1), scene.background)
    for item in scene.items:
        if isinstance(item, Shape):
            _shape(canvas, item, scale)
        elif isinstance(item, Stroke):
            _stroke(canvas, item, scale)
        else:
            _text(canvas, item, scale)
    return canvas.pixels


def _scaled(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = (int(v * scale + 0.5) for v in box)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _text(canvas: Canvas, text: Text, scale: float) -> None:
    mask, base = text_mask(text.markup, text.face, text.size * scale)
    if text.turned:
        mask = np.ascontiguousarray(np.rot90(mask))
        left, top = int(text.x * scale + 0.5) - base, int(text.y * scale + 0.5) - mask.shape[0] // 2
    else:
        left = int(text.x * scale + 0.5) - (mask.shape[1] - 1) // 2
        top = int(text.y * scale + 0.5) - base
    canvas.blend(mask, left, top, text.colour)


def _stroke(canvas: Canvas, stroke: Stroke, scale: float) -> None:
    path = [(x * scale, y * scale) for x, y in stroke.path]
    if stroke.pen % 2 and scale == 1.0:
        path = [(x + 0.5, y + 0.5) for x, y in path]
    pen, head = stroke.pen * scale, stroke.head_size * scale
    dash = (5.0 * scale, 3.5 * scale) if stroke.dashed else None
    shaft = list(path)
    if stroke.head:
        shaft[-1] = _shortened(path[-2], path[-1], head * 0.6)
    if stroke.both:
        shaft[0] = _shortened(path[1], path[0], head * 0.6)
    canvas.stroke(shaft if stroke.head != "open" else path, pen, stroke.colour, dash)
    if stroke.head:
        canvas.arrow_head(path, head, stroke.colour, stroke.head)
    if stroke.both:
        canvas.arrow_head(path[::-1], head, stroke.colour, stroke.head)


def _shortened(a: Point, b: Point, by: float) -> Point:
    """Ends of upright strokes only: moves ``b`` towards ``a``."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    far = max(abs(dx), abs(dy))
    part = max(0.0, 1.0 - by / far) if far else 0.0
    return a[0] + dx * part, a[1] + dy * part


def _shape(canvas: Canvas, shape: Shape, scale: float) -> None:
    box = _scaled(shape.box, scale)
    fill = shape.fill or (255, 255, 255)
    rng = StableRng(shape.seed)
    if shape.kind in IMAGES:
        x0, y0, x1, y1 = box
        outlined(canvas, box, fill, (70, 70, 70))
        inner = (max(x1 - x0 - 2, 1), max(y1 - y0 - 2, 1))
        canvas.paste(IMAGES[shape.kind](rng, *inner), x0 + 1, y0 + 1)
    elif shape.kind in DRAWINGS:
        DRAWINGS[shape.kind](canvas, box, fill, shape.line, rng)
    else:
        _SOLIDS.get(shape.kind, _box)(canvas, shape, box, scale)


def _box(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    radius = int(shape.radius * scale + 0.5)
    _card(canvas, box, radius if shape.kind != "pill" else 999, shape, scale)


def _card(canvas: Canvas, box: Box, radius: int, shape: Shape, scale: float) -> None:
    x0, y0, x1, y1 = box
    if shape.shadow:
        off = max(1, int(3 * scale + 0.5))
        canvas.box((x0 + off, y0 + off, x1 + off, y1 + off), radius, (205, 205, 205))
    pen = max(1, int(shape.border * scale + 0.5)) if shape.border else 0
    radius = min(radius, (x1 - x0) // 2, (y1 - y0) // 2)
    if pen:
        canvas.box(box, radius, shape.line)
    inner = (x0 + pen, y0 + pen, x1 - pen, y1 - pen)
    canvas.box(inner, max(0, radius - pen), shape.fill or (255, 255, 255))


def _frame(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = box
    radius = int(shape.radius * scale + 0.5)
    if shape.fill:
        canvas.box(box, radius, shape.fill)
    ring: list[Point] = rounded(x0 + 0.5, y0 + 0.5, x1 - 0.5, y1 - 0.5, radius)
    dash = (5.0 * scale, 3.0 * scale) if shape.dashed else None
    canvas.stroke([*ring, ring[0]], 1.0, shape.line, dash)


def _stack(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = box
    step = max(1, int(4 * scale))
    for i in (2, 1, 0):
        card = (x0 + i * step, y0 + (2 - i) * step, x1 - (2 - i) * step, y1 - i * step)
        _card(canvas, card, int(shape.radius * scale * 0.5), shape, scale)


def _slab(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    depth = max(2, min(box[2] - box[0], box[3] - box[1]) // 5)
    cuboid(canvas, box, depth, shape.fill or (255, 255, 255), shape.line)


def _trapezoid(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = box
    pen = max(1.0, shape.border * scale)
    widens = shape.kind.endswith("-widening")
    if shape.kind.startswith("trapezoid-v"):
        first, last = ((x1 - x0) / 6, 0.0) if widens else (0.0, (x1 - x0) / 6)
        ring: list[Point] = [(x0 + first, y0), (x1 - first, y0), (x1 - last, y1), (x0 + last, y1)]
    else:
        first, last = ((y1 - y0) / 6, 0.0) if widens else (0.0, (y1 - y0) / 6)
        ring = [(x0, y0 + first), (x1, y0 + last), (x1, y1 - last), (x0, y1 - first)]
    canvas.polygon(ring, shape.fill or (255, 255, 255))
    canvas.stroke([*ring, ring[0]], pen, shape.line, None)


def _cylinder(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = box
    cap = max(4, min((y1 - y0) // 4, int(12 * scale)))
    fill = shape.fill or (255, 255, 255)
    disc(canvas, (x0, y1 - cap, x1, y1), fill, shape.line)
    outlined(canvas, (x0, y0 + cap // 2, x1, y1 - cap // 2), fill, shape.line)
    canvas.box((x0 + 1, y0 + cap // 2, x1 - 1, y1 - cap // 2), 0, fill)
    disc(canvas, (x0, y0, x1, y0 + cap), mixed(fill, (255, 255, 255), 35), shape.line)


def _sign(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = box
    disc(canvas, (float(x0), float(y0), float(x1), float(y1)), (255, 255, 255), shape.line)
    cx, cy, arm = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * 0.27
    if shape.kind == "times":
        arm *= 0.75
        arms: list[list[Point]] = [
            [(cx - arm, cy - arm), (cx + arm, cy + arm)],
            [(cx - arm, cy + arm), (cx + arm, cy - arm)],
        ]
    else:
        arms = [[(cx - arm, cy), (cx + arm, cy)], [(cx, cy - arm), (cx, cy + arm)]]
    for path in arms:
        canvas.stroke(path, max(1.0, 1.6 * scale), shape.line, None)


def _ellipse(canvas: Canvas, shape: Shape, box: Box, scale: float) -> None:
    x0, y0, x1, y1 = (float(v) for v in box)
    disc(canvas, (x0, y0, x1, y1), shape.fill or (255, 255, 255), shape.line)


_Painter = Callable[[Canvas, Shape, Box, float], None]
_TRAPEZOIDS = ("trapezoid-v", "trapezoid-h", "trapezoid-v-widening", "trapezoid-h-widening")
_SOLIDS: dict[str, _Painter] = {
    "frame": _frame, "stack": _stack, "slab": _slab, "cylinder": _cylinder, "plus": _sign,
    "times": _sign, "ellipse": _ellipse, **dict.fromkeys(_TRAPEZOIDS, _trapezoid),
}  # fmt: skip
