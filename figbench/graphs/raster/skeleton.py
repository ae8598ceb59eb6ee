"""Thin lines in a mask as a graph: segments of a skeleton between ends and junctions."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]
Pixel = tuple[int, int]

_SPUR = 17
"""Longest branch, in pixels, that is a corner of an arrow head or of a thick line."""
_TIP = 9.0
"""Farthest tip of an arrow head from its node, in pixels."""
_LINK = 26.0
"""Longest gap between two ends that face each other, in pixels."""
_TURN = 60.0
"""Cost of a turn by 90 degrees at a junction, in pixels of way."""


@dataclass(slots=True)
class Segment:
    """A line without branches; ``first`` and ``last`` are the numbers of its joints."""

    path: list[Pixel]
    first: int
    last: int

    @property
    def length(self) -> float:
        """Length of the path in pixels."""
        return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(self.path))


@dataclass(slots=True)
class Lines:
    """Segments and the joints between them.

    Attributes:
        segments: All segments by number.
        joints: Position of each joint, an end or a junction.
    """

    segments: dict[int, Segment] = field(default_factory=dict)
    joints: dict[int, Pixel] = field(default_factory=dict)

    def at(self) -> dict[int, list[int]]:
        """Returns the numbers of the segments at each joint; a loop stands twice."""
        out: dict[int, list[int]] = {joint: [] for joint in self.joints}
        for i, segment in self.segments.items():
            out[segment.first].append(i)
            out[segment.last].append(i)
        return out

    def ends(self) -> list[int]:
        """Returns the joints at which exactly one segment ends."""
        return [joint for joint, segments in self.at().items() if len(segments) == 1]


def trace_lines(ink: Mask, far: npt.NDArray[np.float32]) -> Lines:
    """Returns the segments of the ink's skeleton, without spurs.

    Args:
        ink: uint8 mask, height x width.
        far: Distance of each pixel from the nearest node; a spur that reaches one is a tip.
    """
    from skimage.morphology import skeletonize

    thin: Any = skeletonize
    lines = _split(np.asarray(thin(ink > 0), np.uint8))
    for _ in range(3):
        if not _prune(lines, far):
            break
        _merge(lines)
    return lines


def _split(skeleton: Mask) -> Lines:
    around = cv2.filter2D(skeleton, cv2.CV_16S, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT)
    forks = ((skeleton > 0) & (around - 1 > 2)).astype(np.uint8)
    grown = cv2.dilate(forks, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    count, knots, _, centres = cv2.connectedComponentsWithStats(grown, connectivity=8)
    lines = Lines(joints={i: _pixel(centres[i]) for i in range(1, count)})
    rest = np.where(grown > 0, 0, skeleton).astype(np.uint8)
    total, labels = cv2.connectedComponents(rest, connectivity=8)
    ys, xs = np.nonzero(rest)
    order = np.argsort(labels[ys, xs], kind="stable")
    bounds = np.searchsorted(labels[ys, xs][order], np.arange(1, total + 1))
    for number, (low, high) in enumerate(pairwise([*bounds, len(order)])):
        pixels = list(zip(xs[order[low:high]].tolist(), ys[order[low:high]].tolist(), strict=True))
        if not pixels:
            continue
        path = _ordered(pixels)
        ends = [_knot(knots, point) for point in (path[0], path[-1])]
        for k, point in ((0, path[0]), (1, path[-1])):
            if not ends[k]:
                ends[k] = len(lines.joints) + 1
                lines.joints[ends[k]] = point
        if ends[0] == ends[1] and len(path) < 3 * _SPUR:
            continue
        lines.segments[number] = Segment(path, ends[0], ends[1])
    return lines


def _pixel(point: Any) -> Pixel:
    return round(float(point[0])), round(float(point[1]))


def _knot(knots: Any, point: Pixel) -> int:
    x, y = point
    window = knots[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
    return int(window.max())


def _ordered(pixels: list[Pixel]) -> list[Pixel]:
    """Pixels of a line without branches, from one end to the other."""
    left = set(pixels)

    def near(p: Pixel) -> list[Pixel]:
        return [
            (p[0] + dx, p[1] + dy)
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
            if (p[0] + dx, p[1] + dy) in left
        ]

    start = next((p for p in pixels if len(near(p)) <= 1), pixels[0])
    path, left = [start], left - {start}
    while following := near(path[-1]):
        path.append(following[0])
        left.discard(following[0])
    return path


def _prune(lines: Lines, far: npt.NDArray[np.float32]) -> bool:
    """Removes short branches with a free end; returns whether there were any."""
    at = lines.at()
    spurs = [
        i
        for i, s in lines.segments.items()
        if s.length < _SPUR and (len(at[s.first]) == 1) != (len(at[s.last]) == 1)
    ]
    tips: dict[int, tuple[float, int]] = {}
    for i in spurs:
        segment = lines.segments[i]
        free, joint = segment.first, segment.last
        if len(at[free]) > 1:
            free, joint = joint, free
        x, y = lines.joints[free]
        if far[y, x] <= _TIP:
            tips[joint] = min(tips.get(joint, (_TIP, i)), (float(far[y, x]), i))
    spared = {i for _, i in tips.values()}
    spurs = [i for i in spurs if i not in spared]
    for i in spurs:
        segment = lines.segments.pop(i)
        lines.joints.pop(segment.first if len(at[segment.first]) == 1 else segment.last)
    for joint in [joint for joint, segments in lines.at().items() if not segments]:
        del lines.joints[joint]
    return bool(spurs)


def _merge(lines: Lines) -> None:
    """Joins the two segments of a joint that has no third."""
    at = lines.at()
    for joint in list(at):
        numbers = at[joint]
        if len(numbers) == 2 and numbers[0] != numbers[1]:
            join(lines, joint, *numbers)
            at = {**at, **lines.at()}


def join(lines: Lines, joint: int, first: int, second: int) -> None:
    """Replaces two segments that meet at a joint by a single segment.

    Args:
        lines: Changed in place: the second segment and the joint are removed.
        joint: Number of the joint.
        first: Number of a segment at the joint, which becomes the single segment.
        second: Number of the other segment.
    """
    a, b = lines.segments[first], lines.segments.pop(second)
    ahead = a.path if a.last == joint else a.path[::-1]
    behind = b.path if b.first == joint else b.path[::-1]
    start = a.first if a.last == joint else a.last
    end = b.last if b.first == joint else b.first
    lines.segments[first] = Segment([*ahead, *behind], start, end)
    del lines.joints[joint]


def link_ends(lines: Lines, fixed: Iterable[int], gaps: Mask) -> None:
    """Closes gaps between ends that face each other: dashes at corners, labels on lines.

    Args:
        lines: Changed in place.
        fixed: Joints that stay ends.
        gaps: Mask of texts; across it a gap may be as long as the text.
    """
    held = set(fixed)
    ends = [joint for joint in lines.ends() if joint not in held]
    at = lines.at()
    pairs = []
    for i, a in enumerate(ends):
        for b in ends[i + 1 :]:
            first, second = lines.segments[at[a][0]], lines.segments[at[b][0]]
            cost = _facing(lines, a, b, first, second, gaps)
            if cost is not None and first is not second:
                pairs.append((cost, a, b))
    joined: set[int] = set()
    for _, a, b in sorted(pairs):
        if a in joined or b in joined:
            continue
        joined |= {a, b}
        number = next(i for i, s in lines.segments.items() if b in (s.first, s.last))
        other = next(i for i, s in lines.segments.items() if a in (s.first, s.last))
        if number == other:
            continue
        segment = lines.segments[number]
        segment.first = a if segment.first == b else segment.first
        segment.last = a if segment.last == b else segment.last
        del lines.joints[b]
        join(lines, a, other, number)


def _facing(
    lines: Lines, a: int, b: int, first: Segment, second: Segment, gaps: Mask
) -> float | None:
    """Cost of joining two ends, None where they do not face each other."""
    (ax, ay), (bx, by) = lines.joints[a], lines.joints[b]
    far = hypot(bx - ax, by - ay)
    most = _LINK
    if _LINK < far < 160:
        t = np.linspace(0.1, 0.9, 17)
        xs, ys = (ax + t * (bx - ax)).astype(int), (ay + t * (by - ay)).astype(int)
        most = far + 1 if gaps[ys, xs].mean() > 0.6 else _LINK
    if far > most or far == 0:
        return None
    along = (bx - ax) / far, (by - ay) / far
    first_way, second_way = leaving(first, a, 10), leaving(second, b, 10)
    # Directions point from the line outwards.
    ahead = first_way[0] * along[0] + first_way[1] * along[1]
    back = -(second_way[0] * along[0] + second_way[1] * along[1])
    if far <= 5:
        return far + 5
    limit = 0.9 if far > _LINK else 0.5
    return far * (3 - ahead - back) if min(ahead, back) > limit else None


def leaving(segment: Segment, joint: int, reach: int = 12) -> tuple[float, float]:
    """Returns the unit direction in which a segment leaves through a joint.

    Args:
        segment: With an end at the joint.
        joint: Number of the joint.
        reach: Pixels of the path from which the direction is taken.
    """
    path = segment.path if segment.last == joint else segment.path[::-1]
    (ax, ay), (bx, by) = path[max(len(path) - 1 - reach, 0)], path[-1]
    length = hypot(bx - ax, by - ay) or 1.0
    return (bx - ax) / length, (by - ay) / length


def ways(
    lines: Lines, start: int, at: dict[int, list[int]]
) -> dict[int, tuple[float, list[Pixel]]]:
    """Returns the cheapest way from a joint to every other; turns at junctions cost extra.

    Args:
        lines: Segments and joints.
        start: The joint to start from.
        at: Of ``lines.at()``.
    """
    best: dict[int, tuple[float, list[Pixel]]] = {}
    visited: set[tuple[int, int]] = set()
    queue: list[tuple[float, int, int, int, list[Pixel]]] = [(0.0, 0, start, -1, [])]
    count = 0
    while queue and count < 20_000:
        cost, _, joint, through, path = heapq.heappop(queue)
        if (joint, through) in visited:
            continue
        visited.add((joint, through))
        if joint not in best:
            best[joint] = (cost, path)
        for number in at[joint]:
            if number == through:
                continue
            segment = lines.segments[number]
            turn = 0.0
            if through >= 0:
                into = leaving(lines.segments[through], joint)
                out = leaving(segment, joint)
                turn = _TURN * (1 + into[0] * out[0] + into[1] * out[1])
            forward = segment.first == joint
            step = segment.path if forward else segment.path[::-1]
            end = segment.last if forward else segment.first
            count += 1
            new = cost + len(step) + turn
            heapq.heappush(queue, (new, count, end, number, [*path, *step]))
    return best
