"""Size of each module and position of its label."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.method.content import Module
from figbench.synthfig.scene import Box
from figbench.synthfig.style import Style

LEADING = 1.2
ICONS = frozenset(
    ("photo", "heatmap", "points", "frames", "doc", "tokens", "bars", "mask", "boxes", "noise",
     "curve", "graph", "grid", "layers")
)  # fmt: skip
"""Looks whose label is below the body instead of inside."""
SIGNS = frozenset(("plus", "times"))


class NoRoomError(Exception):
    """The content does not fit in the style; the caller makes another attempt."""


@dataclass(slots=True)
class Node:
    """A module with a shape and a size; ``body`` is the shape, ``box`` includes the label.

    ``badge`` is the height inside the body, above the label, that a small drawing takes.
    """

    module: Module
    shape: str
    body_width: int
    body_height: int
    label_width: int
    label_height: int
    badge: int = 0
    x: int = 0
    y: int = 0

    @property
    def beneath(self) -> int:
        """Height that the label takes below the body."""
        return self.label_height + 5 if self.shape in ICONS else 0

    @property
    def width(self) -> int:
        """Full width with the label."""
        return max(self.body_width, self.label_width if self.shape in ICONS else 0)

    @property
    def body(self) -> Box:
        """The shape's box; (x, y) is its centre."""
        x0, y0 = self.x - self.body_width // 2, self.y - self.body_height // 2
        return x0, y0, x0 + self.body_width, y0 + self.body_height

    @property
    def caption(self) -> Box:
        """The box of a label beneath; empty for one inside."""
        _, _, _, y1 = self.body
        half = self.label_width // 2 + 1 if self.beneath else 0
        return self.x - half, y1 + 1, self.x + half, y1 + max(self.beneath - 4, 1)

    @property
    def box(self) -> Box:
        """The box of shape and label."""
        x0, y0, x1, y1 = self.body
        half = self.width // 2
        return min(x0, self.x - half), y0, max(x1, self.x + half + 1), y1 + self.beneath


def shape_of(module: Module, style: Style) -> str:
    """Returns the shape in which the style draws a module."""
    if module.look != "auto":
        return module.look
    if module.role == "coder":
        return style.coder
    if module.role == "feature":
        return style.feature
    return "pill" if module.role == "loss" and style.radius > 3 else style.module


def measure(module: Module, style: Style, size: int) -> Node:
    """Returns the node of a module, large enough for its label in the shape of the style.

    Args:
        module: The module.
        style: The style.
        size: Label size in pixels per em.
    """
    shape = shape_of(module, style)
    wide = max((int(width_of(t, style.face, size)) + 3 for t in module.lines), default=0)
    deep = size // 4 if module.lines and "_" in module.lines[-1] else 0
    high = int(len(module.lines) * size * LEADING) + 1 + deep
    pad = style.pad
    if shape in SIGNS:
        return Node(module, shape, size + 7, size + 7, 0, 0)
    if shape in ICONS:
        body = {
            "photo": (size * 4, size * 3), "frames": (size * 4, size * 3),
            "doc": (size * 5 // 2, size * 3), "tokens": (size * 4, size),
            "boxes": (size * 4, size * 3), "layers": (size * 4, size * 7 // 2),
            "curve": (size * 4, size * 5 // 2), "bars": (size * 7 // 2, size * 5 // 2),
        }.get(shape, (size * 3, size * 3))  # fmt: skip
        return Node(module, shape, *body, wide, high)
    extra = {
        "slab": (size, size * 3 // 2), "stack": (8, 8),
        "cylinder": (0, size), "pill": (size, 0),
    }.get(shape, (0, 0))  # fmt: skip
    badge = size * 2 if style.badge and module.role == "coder" and shape in ("box", "pill") else 0
    broad, tall = wide + 2 * pad + extra[0], high + 2 * pad + extra[1] + badge
    if shape == "trapezoid" and style.transposed:
        broad = max(broad, (wide + 8) * 100 // 70)
    elif shape == "trapezoid":
        tall = max(tall, (high + 6) * 100 // 66)
    return Node(module, shape, broad, tall, wide, high, badge)


def equalise(nodes: list[Node], style: Style) -> None:
    """Gives boxes of one role one size, in styles that do so."""
    if not style.uniform:
        return
    for role in ("module", "coder"):
        same = [n for n in nodes if n.module.role == role and n.shape not in ICONS | SIGNS]
        if same:
            widest = max(n.body_width for n in same)
            highest = max(n.body_height for n in same)
            for node in same:
                node.body_width = max(node.body_width, min(widest, node.body_width * 2))
                node.body_height = highest
