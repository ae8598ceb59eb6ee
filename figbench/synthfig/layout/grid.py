"""Logical columns and rows to pixels: sizes, gaps, frames."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.layout.node import ICONS, SIGNS, Node, NoRoomError, equalise, measure
from figbench.synthfig.method.content import Content, Group
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Box
from figbench.synthfig.style import Style


@dataclass(frozen=True, slots=True)
class Frame:
    """Box of a group; ``seat`` is the position of its title: ``top``, ``bottom`` or ``side``."""

    box: Box
    title: str
    seat: str


@dataclass(slots=True)
class Grid:
    """Positioned nodes and frames, without the arrows."""

    nodes: list[Node]
    frames: list[Frame]
    width: int
    height: int
    size: int


def lay_out(content: Content, style: Style, rng: StableRng) -> Grid:
    """Positions modules and frames on the page.

    Args:
        content: The content.
        style: The style.
        rng: Source of the aspect.

    Raises:
        NoRoomError: If the figure would be too large for legible labels.
    """
    size = style.size
    for _ in range(3):
        grid = _Plan(content, style, size).arrange(None, None)
        longest = max(grid.width, grid.height)
        ideal = size * style.target / longest
        if longest < style.target * 0.82 and size < 19:
            size = min(19, max(size + 1, int(ideal * 0.92)))
        elif longest > style.target and size > 12:
            size = max(12, min(size - 1, int(ideal)))
        else:
            break
    grid = _Plan(content, style, size).arrange(None, None)
    if max(grid.width, grid.height) > style.target + 40:
        raise NoRoomError
    width, height = grid.width, grid.height
    if width >= height:
        width = max(width, style.target)
        height = max(height, width * rng.integer(50, 62) // 100)
    else:
        height = max(height, style.target)
        width = max(width, height * rng.integer(50, 62) // 100)
    return _Plan(content, style, size).arrange(width, height)


class _Plan:
    """Column and row tracks with the gaps that frames and labels need."""

    def __init__(self, content: Content, style: Style, size: int) -> None:
        self.content, self.style, self.size = content, style, size
        self.nodes = [measure(module, style, size) for module in content.modules]
        equalise(self.nodes, style)
        flip = style.transposed
        self.cells = [(m.row, m.col) if flip else (m.col, m.row) for m in content.modules]
        self.cols = max(c for c, _ in self.cells) + 1
        self.rows = max(r for _, r in self.cells) + 1
        self.title = int(size * 1.45)
        seats = [self._seat(group) for group in content.groups]
        beside = "side" in seats
        self.seats = ["side" if beside and seat == "bottom" else seat for seat in seats]

    def _seat(self, group: Group) -> str:
        """Returns a title position that no straight arrow into or out of the frame crosses."""
        cells = [self.cells[m] for m in group.members]
        middle = (min(c for c, _ in cells) + max(c for c, _ in cells)) / 2
        rows = [r for _, r in cells]
        top = bottom = False
        for link in self.content.links:
            is_member = [link.source in group.members, link.target in group.members]
            if is_member[0] == is_member[1]:
                continue
            ends = (link.source, link.target) if is_member[0] else (link.target, link.source)
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
        """Enlarges the nodes by two thirds of the spare room, at most by three quarters."""
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
            title_width = int(width_of(group.title, self.style.bold, self.size)) + 26
            room = title_width - (y1 - y0 if seat == "side" else x1 - x0)
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
        self._require_apart(out)
        return out

    def _require_apart(self, frames: list[Frame]) -> None:
        """Refuses frames that overlap each other or nodes of other groups."""
        for frame, group in zip(frames, self.content.groups, strict=True):
            others = [n.box for i, n in enumerate(self.nodes) if i not in group.members]
            others += [other.box for other in frames if other is not frame]
            if any(_overlap(frame.box, box) for box in others):
                raise NoRoomError


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] + 6 and b[0] < a[2] + 6 and a[1] < b[3] + 6 and b[1] < a[3] + 6


def _tracks(
    before: list[int], after: list[int], gaps: list[int], minimum: int | None
) -> tuple[list[int], int]:
    """Returns the track centres and the total, with spare room shared among the inner gaps."""
    total = sum(before) + sum(after) + sum(gaps)
    inner = max(len(gaps) - 2, 1)
    spare = max((minimum or 0) - total, 0)
    share = spare // inner if len(gaps) > 2 else 0
    centres, at = [], gaps[0] + (spare - share * inner) // 2
    for i, (low, high) in enumerate(zip(before, after, strict=True)):
        centres.append(at + low)
        at += low + high + gaps[i + 1] + (share if i + 1 < len(before) else 0)
    return centres, max(total, minimum or 0)
