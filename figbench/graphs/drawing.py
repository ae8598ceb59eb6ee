"""Marks of a drawing without meaning yet: outlines, words and strokes, in units of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot

from figbench.graphs.model import Box, Kind

Point = tuple[float, float]


@dataclass(slots=True)
class Outline:
    """A closed shape or a picture; ``key`` is its id in the document, ``text`` its own label."""

    box: Box
    kind: Kind = "box"
    key: str = ""
    text: str = ""


@dataclass(slots=True)
class Words:
    """A line or paragraph of text.

    Attributes:
        text: The characters.
        box: In units of the page.
        key: Id in the document.
        size: Font size in units of the page; 0 where it is not stated.
        colour: Paint of the text as the document writes it; empty where it is not stated.
    """

    text: str
    box: Box
    key: str = ""
    size: float = 0.0
    colour: str = ""


@dataclass(slots=True)
class Stroke:
    """An open line; ``head`` and ``tail`` say whether its last and first point have an arrow head.

    ``source`` and ``target`` are keys of outlines where the document attaches the ends.
    """

    path: tuple[Point, ...]
    head: bool = False
    tail: bool = False
    source: str = ""
    target: str = ""
    label: str = ""


@dataclass(slots=True)
class Drawing:
    """All marks of a page of ``width`` times ``height``."""

    width: float
    height: float
    outlines: Sequence[Outline] = field(default_factory=list)
    words: Sequence[Words] = field(default_factory=list)
    strokes: Sequence[Stroke] = field(default_factory=list)


def area(box: Box) -> float:
    """Returns the area of a box."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def union(first: Box, second: Box) -> Box:
    """Returns the smallest box around two."""
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def common(first: Box, second: Box) -> float:
    """Returns the area of the intersection."""
    return area(
        (
            max(first[0], second[0]),
            max(first[1], second[1]),
            min(first[2], second[2]),
            min(first[3], second[3]),
        )
    )


def centre(box: Box) -> Point:
    """Returns the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def holds(box: Box, point: Point, slack: float = 0.0) -> bool:
    """Returns whether a point lies in a grown box, its border included.

    Args:
        box: x0, y0, x1, y1 in units of the page.
        point: x, y in the same unit.
        slack: Growth of the box on each side, in the same unit.
    """
    return (
        box[0] - slack <= point[0] <= box[2] + slack
        and box[1] - slack <= point[1] <= box[3] + slack
    )


def distance(box: Box, point: Point) -> float:
    """Returns how far a point lies outside of a box; 0 inside."""
    across = max(box[0] - point[0], 0.0, point[0] - box[2])
    down = max(box[1] - point[1], 0.0, point[1] - box[3])
    return hypot(across, down)


def border_distance(box: Box, point: Point) -> float:
    """Returns how far a point lies from the border of a box, inside or outside."""
    outside = distance(box, point)
    if outside:
        return outside
    return min(point[0] - box[0], box[2] - point[0], point[1] - box[1], box[3] - point[1])


def path_distance(box: Box, path: Sequence[Point], steps: int = 12) -> float:
    """Returns the smallest distance from a box to points along a path; 0 inside the box.

    Args:
        box: x0, y0, x1, y1 in units of the page.
        path: Points (x, y) in the same unit, joined by straight pieces.
        steps: Number of intervals into which each piece is divided.

    Returns:
        In the same unit; infinite for a path of fewer than two points.
    """
    best = float("inf")
    for (ax, ay), (bx, by) in pairwise(path):
        for i in range(steps + 1):
            t = i / steps
            best = min(best, distance(box, (ax + (bx - ax) * t, ay + (by - ay) * t)))
    return best
