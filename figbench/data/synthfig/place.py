"""From logical columns and rows to pixels: sizes, gaps, frames."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.data.synthfig.content import Content, Group, Module
from figbench.data.synthfig.dice import Dice
from figbench.data.synthfig.scene import Box
from figbench.data.synthfig.style import Style
from figbench.data.synthfig.text import width_of

LEADING = 1.2
ICONS = frozenset(
    ("photo", "heatmap", "points", "frames", "doc", "tokens", "bars", "mask", "boxes", "noise",
     "curve", "graph", "grid", "layers")
)  # fmt: skip
"""Looks that carry their label beneath instead of inside."""
SIGNS = frozenset(("plus", "times"))


class NoRoomError(Exception):
    """This content does not fit in this style; another attempt is made."""


@dataclass(slots=True)
class Node:
    """A module with a shape and a size; ``body`` is the shape, ``box`` includes the label.

    ``badge`` is the height kept inside the body, above the label, for a small drawing.
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


@dataclass(frozen=True, slots=True)
class Frame:
    """A group's box; ``seat`` is where its title stands: ``top``, ``bottom`` or ``side``."""

    box: Box
    title: str
    seat: str


@dataclass(slots=True)
class Grid:
    """Everything placed but the arrows."""

    nodes: list[Node]
    frames: list[Frame]
    width: int
    height: int
    size: int


def shape_of(module: Module, style: Style) -> str:
    """Returns the shape in which the style draws a module."""
    if module.look != "auto":
        return module.look
    if module.role == "coder":
        return style.coder
    if module.role == "feature":
        return style.feature
    return "pill" if module.role == "loss" and style.radius > 3 else style.module


def _measure(module: Module, style: Style, size: int) -> Node:
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


def _equalise(nodes: list[Node], style: Style) -> None:
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


def place(content: Content, style: Style, dice: Dice) -> Grid:
    """Puts modules and frames on the page.

    Raises:
        NoRoomError: When the figure would be too large for legible labels.
    """
    size = style.size
    for _ in range(3):
        grid = _Plan(content, style, size).arrange(None, None)
        longest = max(grid.width, grid.height)
        wanted = size * style.target / longest
        if longest < style.target * 0.82 and size < 19:
            size = min(19, max(size + 1, int(wanted * 0.92)))
        elif longest > style.target and size > 11:
            size = max(11, min(size - 1, int(wanted)))
        else:
            break
    grid = _Plan(content, style, size).arrange(None, None)
    if max(grid.width, grid.height) > style.target + 40:
        raise NoRoomError
    width, height = grid.width, grid.height
    if width >= height:
        width = max(width, style.target)
        height = max(height, width * dice.integer(50, 62) // 100)
    else:
        height = max(height, style.target)
        width = max(width, height * dice.integer(50, 62) // 100)
    return _Plan(content, style, size).arrange(width, height)


class _Plan:
    """Column and row tracks with the gaps that frames and labels ask for."""

    def __init__(self, content: Content, style: Style, size: int) -> None:
        self.content, self.style, self.size = content, style, size
        self.nodes = [_measure(module, style, size) for module in content.modules]
        _equalise(self.nodes, style)
        flip = style.transposed
        self.cells = [(m.row, m.col) if flip else (m.col, m.row) for m in content.modules]
        self.cols = max(c for c, _ in self.cells) + 1
        self.rows = max(r for _, r in self.cells) + 1
        self.title = int(size * 1.45)
        self.seats = [self._seat(group) for group in content.groups]

    def _seat(self, group: Group) -> str:
        """Puts a title where no arrow goes straight into or out of the frame."""
        cells = [self.cells[m] for m in group.members]
        middle = (min(c for c, _ in cells) + max(c for c, _ in cells)) / 2
        rows = [r for _, r in cells]
        top = bottom = False
        for link in self.content.links:
            inside = [link.source in group.members, link.target in group.members]
            if inside[0] == inside[1]:
                continue
            ends = (link.source, link.target) if inside[0] else (link.target, link.source)
            (col, _), (far, row) = self.cells[ends[0]], self.cells[ends[1]]
            if col == far and abs(col - middle) < 0.4:
                top, bottom = top or row < min(rows), bottom or row > max(rows)
        return "top" if not top else "bottom" if not bottom else "side"

    def arrange(self, width: int | None, height: int | None) -> Grid:
        """Returns the grid, stretched to a width and height when given."""
        if width and height:
            self._grow(width, height)
        left, right, x_gaps = self._across()
        top, bottom, y_gaps = self._down()
        xs, wide = _tracks(left, right, x_gaps, width)
        ys, high = _tracks(top, bottom, y_gaps, height)
        for node, (col, row) in zip(self.nodes, self.cells, strict=True):
            node.x, node.y = xs[col], ys[row]
        return Grid(self.nodes, self._frames(), wide, high, self.size)

    def _grow(self, width: int, height: int) -> None:
        """Lets the nodes take two thirds of the spare room, up to three quarters of their size."""
        left, right, x_gaps = self._across()
        top, bottom, y_gaps = self._down()
        spare_x = max(width - sum(left) - sum(right) - sum(x_gaps), 0) * 2 // (3 * self.cols)
        spare_y = max(height - sum(top) - sum(bottom) - sum(y_gaps), 0) * 2 // (3 * self.rows)
        for node in self.nodes:
            more_x = min(spare_x, node.body_width * 3 // 4)
            more_y = min(spare_y, node.body_height * 3 // 4)
            if node.shape in ICONS:
                both = min(more_x * 100 // node.body_width, more_y * 100 // node.body_height)
                more_x, more_y = node.body_width * both // 100, node.body_height * both // 100
            if node.shape not in SIGNS:
                node.body_width += min(more_x, 34)
                node.body_height += min(more_y, 40)

    def _across(self) -> tuple[list[int], list[int], list[int]]:
        half = [8] * self.cols
        for node, (col, _) in zip(self.nodes, self.cells, strict=True):
            half[col] = max(half[col], (node.width + 1) // 2 + 1)
        gaps = [12, *[self.style.gap] * (self.cols - 1), 12]
        for group, seat in zip(self.content.groups, self.seats, strict=True):
            at = [self.cells[m][0] for m in group.members]
            gaps[min(at)] += 10 + self.title * (seat == "side")
            gaps[max(at) + 1] += 10
        for link in self.content.links:
            (c0, r0), (c1, r1) = self.cells[link.source], self.cells[link.target]
            if link.text and r0 == r1 and abs(c0 - c1) == 1:
                room = int(width_of(link.text, self.style.face, self.size)) + 22
                gaps[max(c0, c1)] = max(gaps[max(c0, c1)], room)
        return half, half[:], gaps

    def _down(self) -> tuple[list[int], list[int], list[int]]:
        top, bottom = [5] * self.rows, [5] * self.rows
        for node, (_, row) in zip(self.nodes, self.cells, strict=True):
            top[row] = max(top[row], (node.body_height + 1) // 2)
            bottom[row] = max(bottom[row], (node.body_height + 1) // 2 + node.beneath)
        gaps = [12, *[self.style.gap] * (self.rows - 1), 12]
        for group, seat in zip(self.content.groups, self.seats, strict=True):
            at = [self.cells[m][1] for m in group.members]
            gaps[min(at)] += 10 + self.title * (seat == "top")
            gaps[max(at) + 1] += 10 + self.title * (seat == "bottom")
        for link in self.content.links:
            (c0, r0), (c1, r1) = self.cells[link.source], self.cells[link.target]
            if link.text and c0 == c1 and abs(r0 - r1) == 1:
                gaps[max(r0, r1)] = max(gaps[max(r0, r1)], self.size * 2 + 12)
        return top, bottom, gaps

    def _frames(self) -> list[Frame]:
        frames: list[Box] = []
        for group, seat in zip(self.content.groups, self.seats, strict=True):
            boxes = [self.nodes[m].box for m in group.members]
            x0 = min(b[0] for b in boxes) - 9 - self.title * (seat == "side")
            y0 = min(b[1] for b in boxes) - 9 - self.title * (seat == "top")
            x1 = max(b[2] for b in boxes) + 9
            y1 = max(b[3] for b in boxes) + 9 + self.title * (seat == "bottom")
            wanted = int(width_of(group.title, self.style.bold, self.size)) + 26
            room = wanted - (y1 - y0 if seat == "side" else x1 - x0)
            if room > 0 and seat == "side":
                y0, y1 = y0 - room // 2, y1 + (room + 1) // 2
            elif room > 0:
                x0, x1 = x0 - room // 2, x1 + (room + 1) // 2
            frames.append((x0, y0, x1, y1))
        return self._aligned(frames)

    def _aligned(self, boxes: list[Box]) -> list[Frame]:
        """Frames over the same rows get one height, those over the same columns one width."""
        spans = []
        for group in self.content.groups:
            cells = [self.cells[m] for m in group.members]
            spans.append([(min(c[a] for c in cells), max(c[a] for c in cells)) for a in (0, 1)])
        out = []
        for span, group, seat in zip(spans, self.content.groups, self.seats, strict=True):
            in_cols = [b for b, s in zip(boxes, spans, strict=True) if s[0] == span[0]]
            in_rows = [b for b, s in zip(boxes, spans, strict=True) if s[1] == span[1]]
            x0, x1 = min(b[0] for b in in_cols), max(b[2] for b in in_cols)
            y0, y1 = min(b[1] for b in in_rows), max(b[3] for b in in_rows)
            out.append(Frame((x0, y0, x1, y1), group.title, seat))
        self._keep_apart(out)
        return out

    def _keep_apart(self, frames: list[Frame]) -> None:
        """Refuses frames that meet each other or nodes that are not theirs."""
        for frame, group in zip(frames, self.content.groups, strict=True):
            others = [n.box for i, n in enumerate(self.nodes) if i not in group.members]
            others += [other.box for other in frames if other is not frame]
            if any(_overlap(frame.box, box) for box in others):
                raise NoRoomError


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] + 6 and b[0] < a[2] + 6 and a[1] < b[3] + 6 and b[1] < a[3] + 6


def _tracks(
    before: list[int], after: list[int], gaps: list[int], wanted: int | None
) -> tuple[list[int], int]:
    """Returns the track centres and the total, with spare room shared among the inner gaps."""
    total = sum(before) + sum(after) + sum(gaps)
    inner = max(len(gaps) - 2, 1)
    spare = max((wanted or 0) - total, 0)
    share = spare // inner if len(gaps) > 2 else 0
    centres, at = [], gaps[0] + (spare - share * inner) // 2
    for i, (low, high) in enumerate(zip(before, after, strict=True)):
        centres.append(at + low)
        at += low + high + gaps[i + 1] + (share if i + 1 < len(before) else 0)
    return centres, max(total, wanted or 0)
