"""Scene to a PPTX slide: shapes with text, text boxes, images and connectors."""

from __future__ import annotations

import io
from typing import Any

from figbench.io.optional import require
from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.drawing.text import plain
from figbench.synthfig.export.svg import image_png, is_image
from figbench.synthfig.scene import Box, Scene, Shape, Stroke, Text

_UNIT = 12700
"""EMU per scene pixel: one point."""


def scene_pptx(scene: Scene, *, attached: bool = True) -> bytes:
    """Returns the scene as a presentation of one slide.

    Args:
        scene: Of ``make_scene``.
        attached: Whether connectors are attached to their shapes; else their ends only touch.

    Raises:
        UserError: When python-pptx is not installed.
    """
    require("pptx", purpose="Writing PPTX documents")
    from pptx import Presentation
    from pptx.util import Emu

    presentation = Presentation()
    presentation.slide_width = Emu(scene.width * _UNIT)
    presentation.slide_height = Emu(scene.height * _UNIT)
    shapes = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes
    bodies: dict[str, Any] = {}
    labels: dict[str, list[Text]] = {}
    for text in scene.texts:
        labels.setdefault(text.part, []).append(text)
    for item in scene.items:
        if isinstance(item, Shape):
            lines = labels.get(item.part.replace("node:", "label:"), [])
            has_text = not is_image(item) and item.part.startswith("node:")
            bodies[item.part] = _shape(shapes, item, lines if has_text else [])
    for item in scene.items:
        if isinstance(item, Stroke):
            _connector(shapes, item, bodies, attached)
        elif isinstance(item, Text):
            owner = bodies.get(item.part.replace("label:", "node:"))
            if (
                owner is None
                or not getattr(owner, "has_text_frame", False)
                or not item.part.startswith("label:")
            ):
                _label(shapes, item)
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def _emu(box: Box) -> tuple[int, int, int, int]:
    return box[0] * _UNIT, box[1] * _UNIT, (box[2] - box[0]) * _UNIT, (box[3] - box[1]) * _UNIT


def _colour(format_: Any, colour: Colour) -> None:
    from pptx.dml.color import RGBColor

    kind: Any = RGBColor
    format_.rgb = kind(*colour)


def _shape(shapes: Any, item: Shape, lines: list[Text]) -> Any:
    from pptx.enum.shapes import MSO_SHAPE

    if is_image(item):
        return shapes.add_picture(io.BytesIO(image_png(item)), *_emu(item.box))
    kinds = {
        "ellipse": MSO_SHAPE.OVAL, "plus": MSO_SHAPE.OVAL, "times": MSO_SHAPE.OVAL,
        "cylinder": MSO_SHAPE.CAN, "slab": MSO_SHAPE.CUBE, "pill": MSO_SHAPE.ROUNDED_RECTANGLE,
        "frame": MSO_SHAPE.RECTANGLE,
    }  # fmt: skip
    kind = MSO_SHAPE.TRAPEZOID if item.kind.startswith("trapezoid") else MSO_SHAPE.RECTANGLE
    shape = shapes.add_shape(kinds.get(item.kind, kind), *_emu(item.box))
    if item.fill:
        shape.fill.solid()
        _colour(shape.fill.fore_color, item.fill)
    else:
        shape.fill.background()
    _colour(shape.line.color, item.line)
    if lines:
        shape.text_frame.text = "\n".join(plain(line.markup) for line in lines)
    return shape


def _label(shapes: Any, text: Text) -> None:
    box = shapes.add_textbox(*_emu(text.box))
    box.text_frame.text = plain(text.markup)


def _connector(shapes: Any, stroke: Stroke, bodies: dict[str, Any], attached: bool) -> None:
    from pptx.enum.shapes import MSO_CONNECTOR
    from pptx.oxml.ns import qn

    (ax, ay), (bx, by) = stroke.path[0], stroke.path[-1]
    start, end = (int(ax * _UNIT), int(ay * _UNIT)), (int(bx * _UNIT), int(by * _UNIT))
    line = shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *start, *end)
    if attached and stroke.ends:
        for connect, module in zip(
            (line.begin_connect, line.end_connect), stroke.ends, strict=True
        ):
            body = bodies.get(f"node:{module}")
            if body is not None:
                connect(body, 0)
        line.begin_x, line.begin_y, line.end_x, line.end_y = *start, *end
    _colour(line.line.color, stroke.colour)
    outline = line.line._get_or_add_ln()
    for tag, present in (("a:headEnd", stroke.both), ("a:tailEnd", bool(stroke.head))):
        if present:
            outline.append(outline.makeelement(qn(tag), {"type": "triangle"}))
