"""Content and style to a scene: shapes, arrows and labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from figbench.synthfig.drawing.drawings import mixed
from figbench.synthfig.drawing.raster import Point, quadratic
from figbench.synthfig.layout.grid import Grid, lay_out
from figbench.synthfig.layout.node import ICONS, LEADING, SIGNS, Node, NoRoomError
from figbench.synthfig.layout.notes import lay_out_notes, touch
from figbench.synthfig.layout.route import Path, Router
from figbench.synthfig.method.content import Content
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Box, Item, Scene, Shape, Stroke, Text
from figbench.synthfig.style import Style

_MARGIN = 10


def compose(content: Content, style: Style, rng: StableRng) -> Scene:
    """Lays a content out in a style; the scene has no caption yet.

    Args:
        content: What the figure shows.
        style: How it looks.
        rng: Source of the random choices.

    Raises:
        NoRoomError: If it does not fit, or an arrow or label has no free position.
    """
    grid = lay_out(content, style, rng)
    titles = _titles(grid, style)
    router = Router(grid, content.links, [title.box for title in titles], style.head_size + 5)
    order = sorted(range(len(content.links)), key=lambda i: content.links[i].kind != "flow")
    paths = {i: router.route(content.links[i]) for i in order}
    dashed_skip = rng.chance(0.5)
    strokes = []
    words = [t.box for t in titles] + [n.caption for n in grid.nodes if n.beneath]
    for i, path in paths.items():
        kind = content.links[i].kind
        ends = (grid.nodes[content.links[i].source], grid.nodes[content.links[i].target])
        dashed = kind in ("share", "loss") or (kind == "skip" and dashed_skip)
        points = _bent(_reach(path, *ends, style), style, words)
        link = content.links[i]
        strokes.append(
            replace(
                _stroke(points, style, dashed, kind == "share"),
                part=f"edge:{i}",
                ends=(link.source, link.target),
            )
        )
    notes = lay_out_notes(content, style, grid, titles, paths, strokes)
    items: list[Item] = [*_frames(grid, style), *strokes]
    for i, node in enumerate(grid.nodes):
        items += _owned(_draw_node(node, style, grid.size, rng), i)
    items += [*titles, *notes]
    return _crop(items, content, style, grid.size)


def _owned(items: Sequence[Item], module: int) -> list[Item]:
    """Names the items of one module: body first, then perhaps a badge, and the label."""
    out: list[Item] = []
    for item in items:
        name = "label" if isinstance(item, Text) else "badge" if out else "node"
        out.append(replace(item, part=f"{name}:{module}"))
    return out


def _titles(grid: Grid, style: Style) -> list[Text]:
    out = []
    size = grid.size
    for i, frame in enumerate(grid.frames):
        x0, y0, x1, y1 = frame.box
        turned = frame.seat == "side"
        x = x0 + 5 + size if turned else (x0 + x1) // 2
        y = {"top": y0 + 5 + size, "bottom": y1 - 8, "side": (y0 + y1) // 2}[frame.seat]
        out.append(Text(frame.title, style.bold, size, x, y, style.ink, turned, f"title:{i}"))
    return out


def _frames(grid: Grid, style: Style) -> list[Shape]:
    line = (120, 120, 120) if style.group_fill else style.ink
    frames = []
    for i, frame in enumerate(grid.frames):
        fill, edge = style.group_fill, line
        if style.group_tint:
            paint = style.paints[style.order[-1 - i % 6]]
            fill, edge = mixed(paint.fill, (255, 255, 255), 62), mixed(paint.line, paint.fill, 20)
        dashed = style.group_dash
        frames.append(
            Shape("frame", frame.box, fill, edge, 1, style.radius, dashed=dashed, part=f"frame:{i}")
        )
    return frames


def _draw_node(node: Node, style: Style, size: int, rng: StableRng) -> list[Item]:
    paint = style.paint(node.module.role)
    shape = node.shape
    kind = shape
    if shape == "trapezoid":
        widens = any(word in node.module.name for word in ("Decoder", "Generator"))
        kind += ("-v" if style.transposed else "-h") + ("-widening" if widens else "")
    line = paint.line if style.border or shape in ICONS | SIGNS else paint.fill
    items: list[Item] = [
        Shape(
            kind, node.body, paint.fill, line, max(style.border, int(shape in SIGNS | ICONS)),
            style.radius, shadow=style.shadow and shape in ("box", "pill"),
            seed=rng.word() >> 1,
        )
    ]  # fmt: skip
    label_inside = shape not in ICONS
    x0, y0, x1, y1 = node.body
    if node.badge:
        wide = min(x1 - x0 - 12, size * 4)
        left, high = (x0 + x1 - wide) // 2, (y0 + y1 - node.label_height - node.badge) // 2
        badge = (left, high - 2, left + wide, high + node.badge - 4)
        white = (255, 255, 255)
        items.append(Shape(style.badge, badge, white, line, 1, 0, seed=rng.word() >> 1))
    cx, top = (x0 + x1) // 2, y1 + 2
    slab = min(x1 - x0, y1 - y0) // 10
    if label_inside:
        shift_x, shift_y = {"slab": (-slab, slab), "stack": (-4, 4)}.get(shape, (0, 0))
        shift_y += size // 3 if shape == "cylinder" else 0
        cx += shift_x
        top = (y0 + y1 - node.label_height + node.badge) // 2 + shift_y
    for i, markup in enumerate(node.module.lines):
        y = top + int(size * (0.98 + i * LEADING))
        colour = paint.text if label_inside else style.ink
        items.append(Text(markup, style.face, size, cx, y, colour))
    return items


def _reach(path: Path, source: Node, target: Node, style: Style) -> list[Point]:
    """Moves ends onto slanted sides of trapezoids."""
    points: list[Point] = [(float(x), float(y)) for x, y in path]
    slant_axis = 0 if style.transposed else 1
    for node, end, inner in ((source, 0, 1), (target, -1, -2)):
        if node.shape != "trapezoid" or path[end][1 - slant_axis] != path[inner][1 - slant_axis]:
            continue
        sign = 1 if path[end][slant_axis] > path[inner][slant_axis] else -1
        x, y = points[end]
        deep = _slant(node, style) * sign / 2
        points[end] = (x + deep, y) if slant_axis == 0 else (x, y + deep)
    return points


def _slant(node: Node, style: Style) -> float:
    """Returns the inset of a trapezoid's short side in pixels, as ``render`` draws it."""
    x0, y0, x1, y1 = node.body
    return ((x1 - x0) if style.transposed else (y1 - y0)) / 6


def _bent(path: Sequence[Point], style: Style, words: Sequence[Box]) -> list[Point]:
    """Rounds corners as far as the style requires and nearby labels permit."""
    preferred = {"sharp": 0.0, "rounded": 7.0, "curved": 26.0}[style.corners]
    for radius in (preferred, 7.0):
        points = bend(path, radius, style.head_size + 3.0)
        near = [(int(x) - 3, int(y) - 3, int(x) + 3, int(y) + 3) for x, y in points]
        if not any(touch(spot, box, 0) for spot in near for box in words):
            return points
    return list(path)


def _stroke(points: Sequence[Point], style: Style, dashed: bool, both: bool) -> Stroke:
    return Stroke(tuple(points), style.pen, style.ink, style.head, style.head_size, dashed, both)


def bend(path: Sequence[Point], radius: float, straight_end: float) -> list[Point]:
    """Rounds the corners of an axis-parallel path, with room for the arrow head at its end.

    Args:
        path: Points in pixels.
        radius: Radius of the corners in pixels.
        straight_end: Length in pixels that stays straight at the end.
    """
    out: list[Point] = [path[0]]
    for i in range(1, len(path) - 1):
        before, corner, after = path[i - 1], path[i], path[i + 1]
        first = abs(corner[0] - before[0]) + abs(corner[1] - before[1])
        second = abs(after[0] - corner[0]) + abs(after[1] - corner[1])
        room_in = first / 2 if i > 1 else first
        room_out = second / 2 if i < len(path) - 2 else second - straight_end
        r = min(radius, room_in, room_out)
        if r < 2:
            out.append(corner)
            continue
        start = _towards(corner, before, r / first)
        out.append(start)
        out += quadratic(start, corner, _towards(corner, after, r / second), 6)
    return [*out, path[-1]]


def _towards(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _legend(content: Content, style: Style, size: int, left: int, top: int) -> list[Item]:
    items: list[Item] = []
    x = left + 8
    size = max(12, size - 1)
    for role, words in content.legend:
        paint = style.paint(role)
        swatch = (x, top + 7, x + size + 4, top + 7 + size)
        items.append(Shape("box", swatch, paint.fill, paint.line, 1, 0, part="legend"))
        text = Text(words, style.face, size, 0, 0, style.ink)
        half = -text.box[0]
        x += size + 10 + half
        base = top + 7 + int(size * 0.85)
        items.append(Text(words, style.face, size, x, base, style.ink, part="legend"))
        x += half + 16
    if items:
        box = (left, top, x - 6, top + size + 14)
        frame = Shape("frame", box, None, (150, 150, 150), 1, 0, part="legend")
        items.insert(0, frame)
    return items


def _extent(items: Sequence[Item]) -> Box:
    boxes: list[tuple[float, float, float, float]] = []
    for item in items:
        if isinstance(item, Stroke):
            xs, ys = [p[0] for p in item.path], [p[1] for p in item.path]
            boxes.append((min(xs) - 4, min(ys) - 4, max(xs) + 4, max(ys) + 4))
        else:
            boxes.append(item.box)
    return (
        int(min(b[0] for b in boxes)), int(min(b[1] for b in boxes)),
        int(max(b[2] for b in boxes)) + 1, int(max(b[3] for b in boxes)) + 1,
    )  # fmt: skip


def _moved(item: Item, dx: int, dy: int) -> Item:
    if isinstance(item, Stroke):
        path = tuple((x + dx, y + dy) for x, y in item.path)
        return replace(item, path=path)
    if isinstance(item, Text):
        return replace(item, x=item.x + dx, y=item.y + dy)
    x0, y0, x1, y1 = item.box
    return replace(item, box=(x0 + dx, y0 + dy, x1 + dx, y1 + dy))


def _crop(items: list[Item], content: Content, style: Style, size: int) -> Scene:
    """Adds the legend and trims the page to its content, with 1/2 <= aspect <= 2."""
    x0, y0, x1, y1 = _extent(items)
    if content.legend:
        items = items + _legend(content, style, size, x0, y1 + 10)
        x0, y0, x1, y1 = _extent(items)
    width, height = x1 - x0 + 2 * _MARGIN, y1 - y0 + 2 * _MARGIN
    wide, high = max(width, (height + 1) // 2), max(height, (width + 1) // 2)
    if max(wide, high) > 600:
        raise NoRoomError
    dx, dy = _MARGIN - x0 + (wide - width) // 2, _MARGIN - y0 + (high - height) // 2
    moved = tuple(_moved(item, dx, dy) for item in items)
    return Scene(wide, high, moved, "", content=content, style=style)
