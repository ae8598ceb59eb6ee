"""Labels of arrows: each next to its arrow, without contact to anything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from figbench.synthfig.layout.grid import Grid
from figbench.synthfig.layout.node import NoRoomError
from figbench.synthfig.layout.route import Path
from figbench.synthfig.method.content import Content
from figbench.synthfig.scene import Box, Stroke, Text
from figbench.synthfig.style import Style


def lay_out_notes(
    content: Content,
    style: Style,
    grid: Grid,
    titles: Sequence[Text],
    paths: dict[int, Path],
    strokes: Sequence[Stroke],
) -> list[Text]:
    """Returns the positioned labels of all links.

    Args:
        content: The content.
        style: The style.
        grid: Positioned nodes and frames.
        titles: Titles of the frames.
        paths: Path of each link, by number.
        strokes: Drawn arrows.

    Raises:
        NoRoomError: If a label has no free position.
    """
    taken = [n.box for n in grid.nodes] + [t.box for t in titles]
    lines = [
        (int(min(a[0], b[0])), int(min(a[1], b[1])), int(max(a[0], b[0])), int(max(a[1], b[1])))
        for stroke in strokes
        for a, b in pairwise(stroke.path)
    ]
    edges = [edge for frame in grid.frames for edge in _edges(frame.box)]
    notes: list[Text] = []
    size = max(12, grid.size - 1)
    for i, path in paths.items():
        if not content.links[i].text:
            continue
        for note in _seats(path, content.links[i].text, style, size):
            box = note.box
            if not (
                any(touch(box, other, 3) for other in taken)
                or any(touch(box, line, 2 + style.pen) for line in lines + edges)
                or _near_head(box, paths.values(), style.head_size)
            ):
                notes.append(replace(note, part=f"note:{i}"))
                taken.append(box)
                break
        else:
            raise NoRoomError
    return notes


def _near_head(box: Box, paths: Iterable[Path], size: int) -> bool:
    half = size + 2
    return any(
        touch(box, (p[-1][0] - half, p[-1][1] - half, p[-1][0] + half, p[-1][1] + half), 0)
        or touch(box, (p[0][0] - half, p[0][1] - half, p[0][0] + half, p[0][1] + half), 0)
        for p in paths
    )


def _seats(path: Path, markup: str, style: Style, size: int) -> list[Text]:
    pieces = sorted(
        pairwise(path),
        key=lambda ab: -abs(ab[0][0] - ab[1][0]) - abs(ab[0][1] - ab[1][1]),
    )
    seats = []
    centred = Text(markup, style.face, size, 0, 0, style.ink)
    x0, y0, x1, y1 = centred.box
    off = style.pen + 4
    for (ax, ay), (bx, by) in pieces:
        for part in (50, 38, 62, 28, 72):
            mx, my = ax + (bx - ax) * part // 100, ay + (by - ay) * part // 100
            if ay == by:
                spots = ((mx, my - off - y1), (mx, my + off + 1 - y0))
            else:
                spots = (
                    (mx + off + 1 - x0, my - (y0 + y1) // 2),
                    (mx - off - x1, my - (y0 + y1) // 2),
                )
            seats += [Text(markup, style.face, size, x, y, style.ink) for x, y in spots]
    return seats


def _edges(frame: Box) -> list[Box]:
    x0, y0, x1, y1 = frame
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def touch(a: Box, b: Box, slack: int) -> bool:
    """Returns whether two boxes are nearer than a distance.

    Args:
        a: First box.
        b: Second box.
        slack: Distance in pixels; negative to permit an overlap.
    """
    return (
        a[0] < b[2] + slack and b[0] < a[2] + slack and a[1] < b[3] + slack and b[1] < a[3] + slack
    )
