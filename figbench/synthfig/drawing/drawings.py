"""Line drawings inside figures: plots, documents, tokens, graphs, feature planes."""

from __future__ import annotations

from itertools import pairwise

from figbench.synthfig.drawing.canvas import Canvas, Colour
from figbench.synthfig.drawing.icons import photo
from figbench.synthfig.drawing.raster import Point, ellipse
from figbench.synthfig.rng import StableRng

Corners = tuple[int, int, int, int]

_WHITE = (255, 255, 255)
_DOTS = ((220, 70, 60), (60, 120, 200), (70, 160, 90), (235, 160, 40))


def mixed(a: Colour, b: Colour, percent: int) -> Colour:
    """Returns a mixture of two colours.

    Args:
        a: First colour.
        b: Second colour.
        percent: Share of ``b``, 0 to 100.
    """
    part = 100 - percent
    red, green, blue = ((x * part + y * percent) // 100 for x, y in zip(a, b, strict=True))
    return red, green, blue


def outlined(canvas: Canvas, box: Corners, fill: Colour, line: Colour, pen: int = 1) -> None:
    """Draws a filled rectangle with an outline."""
    canvas.box(box, 0, line)
    x0, y0, x1, y1 = box
    canvas.box((x0 + pen, y0 + pen, x1 - pen, y1 - pen), 0, fill)


def bars(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """A small bar chart on a baseline."""
    x0, y0, x1, y1 = box
    count = rng.integer(4, 6)
    step = (x1 - x0 - 4) // count
    for i in range(count):
        top = y1 - 2 - max(3, int((y1 - y0 - 4) * rng.unit()))
        left = x0 + 3 + i * step
        outlined(canvas, (left, top, left + max(step - 2, 3), y1 - 1), fill, line)
    canvas.stroke([(x0, y0), (x0, y1 - 0.5), (x1, y1 - 0.5)], 1, (60, 60, 60), None)


def curve(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """One or two noisy lines on axes."""
    x0, y0, x1, y1 = box
    for colour in (line, rng.choice(_DOTS))[: rng.integer(1, 2)]:
        level, points = 0.3 + 0.4 * rng.unit(), []
        for x in range(x0 + 3, x1 - 1, 4):
            level = min(0.95, max(0.08, level + (rng.unit() - 0.48) * 0.4))
            points.append((float(x), y1 - 3 - (y1 - y0 - 6) * level))
        canvas.stroke(points, 1.4, colour, None)
    canvas.stroke([(x0, y0), (x0, y1 - 0.5), (x1, y1 - 0.5)], 1, (60, 60, 60), None)


def doc(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """A page with a folded corner and lines of writing."""
    x0, y0, x1, y1 = box
    fold = (x1 - x0) // 4
    outer: list[Point] = [(x0, y0), (x1 - fold, y0), (x1, y0 + fold), (x1, y1), (x0, y1)]
    canvas.polygon(outer, mixed(fill, _WHITE, 70))
    ink = mixed(line, (0, 0, 0), 25)
    canvas.stroke([*outer, outer[0]], 1.2, ink, None)
    canvas.stroke([(x1 - fold, y0), (x1 - fold, y0 + fold), (x1, y0 + fold)], 1, ink, None)
    for y in range(y0 + fold + 5, y1 - 4, 5):
        end = x1 - 5 - (x1 - x0) * rng.integer(0, 4) // 10
        canvas.rectangle(x0 + 5, y, max(end, x0 + 10), y + 1.5, mixed(line, _WHITE, 35))


def tokens(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """A row of cells in shades, as embeddings and tokens are usually drawn."""
    x0, y0, x1, y1 = box
    count = max(3, (x1 - x0) // (y1 - y0))
    for i in range(count):
        left = x0 + (x1 - x0 - 1) * i // count
        right = x0 + (x1 - x0 - 1) * (i + 1) // count + 1
        shade = mixed(fill, rng.choice((_WHITE, line)), rng.integer(0, 55))
        outlined(canvas, (left, y0, right, y1), shade, line)


def points(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """A cloud of coloured dots."""
    x0, y0, x1, y1 = box
    outlined(canvas, box, _WHITE, mixed(line, _WHITE, 40))
    for _ in range(46):
        u, v = rng.unit() + rng.unit() - 1, rng.unit() + rng.unit() - 1
        x = (x0 + x1) / 2 + u * (x1 - x0 - 10) / 2
        y = (y0 + y1) / 2 + v * (y1 - y0 - 10) / 2
        canvas.rectangle(x - 1, y - 1, x + 1, y + 1, _DOTS[(u > 0) + 2 * (v > 0)])


def graph(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """Five or six nodes joined by edges."""
    x0, y0, x1, y1 = box
    seats = ((0.5, 0.1), (0.9, 0.4), (0.74, 0.9), (0.24, 0.88), (0.1, 0.36), (0.5, 0.52))
    radius = (x1 - x0) * 0.1
    spots = [(x0 + (x1 - x0) * u, y0 + (y1 - y0) * v) for u, v in seats]
    for i in range(6):
        for j in range(i):
            if (i + j) % 5 == 1 or rng.chance(0.3):
                canvas.stroke([spots[j], spots[i]], 1.2, (90, 90, 90), None)
    for x, y in spots:
        disc(canvas, (x - radius, y - radius, x + radius, y + radius), fill, line)


def neurons(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """Units of a small perceptron, fully connected."""
    x0, y0, x1, y1 = box
    radius = (y1 - y0) / 9
    spots = []
    for i, count in enumerate((3, rng.integer(2, 4), 2)):
        x = x0 + radius + 1 + (x1 - x0 - 2 * radius - 2) * i / 2
        pitch = (y1 - y0 - 2 * radius) / max(count, 3)
        first = (y0 + y1) / 2 - pitch * (count - 1) / 2
        spots.append([(x, first + pitch * j) for j in range(count)])
    for left, right in pairwise(spots):
        for a in left:
            for b in right:
                canvas.stroke([a, b], 1, mixed(line, fill, 40), None)
    for x, y in (spot for column in spots for spot in column):
        disc(canvas, (x - radius, y - radius, x + radius, y + radius), fill, line)


def disc(
    canvas: Canvas, box: tuple[float, float, float, float], fill: Colour, line: Colour
) -> None:
    """A filled ellipse with an outline."""
    canvas.polygon(ellipse(*box), line)
    x0, y0, x1, y1 = box
    canvas.polygon(ellipse(x0 + 1, y0 + 1, x1 - 1, y1 - 1), fill)


def layers(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """Feature maps as slanted planes, the next smaller than the last."""
    x0, y0, x1, y1 = box
    count = rng.integer(3, 4)
    step = (x1 - x0) // (count + 1)
    for i in range(count):
        shrink = (y1 - y0) * i // 12
        left = x0 + i * step
        plane = (left, y0 + shrink, left + step + step // 2, y1 - shrink)
        cuboid(canvas, plane, step, fill, line)


def cuboid(canvas: Canvas, box: Corners, depth: int, fill: Colour, line: Colour) -> None:
    """A block seen from the front left: face, top and side."""
    x0, y0, x1, y1 = box
    top: list[Point] = [(x0, y0 + depth), (x0 + depth, y0), (x1, y0), (x1 - depth, y0 + depth)]
    side: list[Point] = [(x1 - depth, y0 + depth), (x1, y0), (x1, y1 - depth), (x1 - depth, y1)]
    canvas.polygon(top, mixed(fill, _WHITE, 45))
    canvas.polygon(side, mixed(fill, (0, 0, 0), 16))
    outlined(canvas, (x0, y0 + depth, x1 - depth + 1, y1), fill, line)
    canvas.stroke([*top, top[0]], 1, line, None)
    canvas.stroke([*side, side[0]], 1, line, None)


def frames(canvas: Canvas, box: Corners, fill: Colour, line: Colour, rng: StableRng) -> None:
    """Three overlapping photographs, as clips and sets are usually drawn."""
    x0, y0, x1, y1 = box
    for i in (2, 1, 0):
        left, top = x0 + 5 * i, y0 + 8 - 4 * i
        size = (x1 - x0 - 10, y1 - y0 - 8)
        outlined(canvas, (left, top, left + size[0], top + size[1]), _WHITE, (70, 70, 70))
        canvas.paste(photo(rng, size[0] - 2, size[1] - 2), left + 1, top + 1)


DRAWINGS = {
    "bars": bars, "curve": curve, "doc": doc, "tokens": tokens, "points": points,
    "graph": graph, "layers": layers, "frames": frames,
    "neurons": neurons,
}  # fmt: skip
