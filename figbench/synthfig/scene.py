"""A scene: the items of a figure with positions in pixels, not drawn yet."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.data.types import TextLine
from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.drawing.raster import Point
from figbench.synthfig.drawing.text import plain, width_of
from figbench.synthfig.method.content import Content
from figbench.synthfig.style import Style

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; x1 and y1 just outside."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled shape: ``kind`` decides how ``render`` draws it; ``seed`` varies images.

    ``part`` names the part of the figure: ``node:i`` (body of module i), ``badge:i`` (small
    drawing inside it), ``frame:i`` (group i), ``legend``, or empty.
    """

    kind: str
    box: Box
    fill: Colour | None
    line: Colour
    border: int = 1
    radius: int = 0
    shadow: bool = False
    dashed: bool = False
    seed: int = 0
    part: str = ""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, with an arrow head at the end and optionally at the start.

    ``part`` is ``edge:i`` (link i); ``ends`` are the modules that it leaves and reaches.
    """

    path: tuple[Point, ...]
    pen: int
    colour: Colour
    head: str = ""
    head_size: int = 9
    dashed: bool = False
    both: bool = False
    part: str = ""
    ends: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One line of a label, centred on ``x``, its baseline on row ``y``.

    ``part`` is ``label:i`` (of module i), ``title:i`` (of group i), ``note:i`` (on link i),
    ``legend`` or empty.
    """

    markup: str
    face: str
    size: int
    x: int
    y: int
    colour: Colour
    turned: bool = False
    part: str = ""

    @property
    def box(self) -> Box:
        """Returns the pixels that the text may touch."""
        half = width_of(self.markup, self.face, self.size) / 2 + self.size / 10
        up = self.size * (1.0 if "^" in self.markup else 0.86)
        down = self.size * (0.42 if "_" in self.markup else 0.27)
        if self.turned:
            return (
                int(self.x - up), int(self.y - half - 1), int(self.x + down + 1),
                int(self.y + half + 2),
            )  # fmt: skip
        return (
            int(self.x - half - 1), int(self.y - up), int(self.x + half + 2),
            int(self.y + down + 1),
        )  # fmt: skip


Item = Shape | Stroke | Text


@dataclass(frozen=True, slots=True)
class Scene:
    """A figure before it is drawn.

    Attributes:
        width: Native width in pixels.
        height: Native height in pixels.
        items: In drawing order.
        caption: Starts with ``Figure k:``.
        paragraphs: Body paragraphs that mention the figure.
        background: Page colour.
        content: Its content; None for the parametric scenes of ``simple``.
        style: Its style; None for the parametric scenes.
    """

    width: int
    height: int
    items: tuple[Item, ...]
    caption: str
    paragraphs: tuple[str, ...] = ()
    background: Colour = (255, 255, 255)
    content: Content | None = None
    style: Style | None = None

    @property
    def texts(self) -> tuple[Text, ...]:
        """The text items, in drawing order."""
        return tuple(item for item in self.items if isinstance(item, Text))

    @property
    def labels(self) -> tuple[TextLine, ...]:
        """The exact texts with their boxes (clockwise from the top left), confidence 1."""
        lines = []
        for text in self.texts:
            x0, y0, x1, y1 = text.box
            lines.append(TextLine(plain(text.markup), ((x0, y0), (x1, y0), (x1, y1), (x0, y1))))
        return tuple(lines)
