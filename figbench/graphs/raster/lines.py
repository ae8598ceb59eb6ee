"""Arrows in an image: lines between nodes, their ends, heads and ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Stroke, Words
from figbench.graphs.raster.shapes import Shapes
from figbench.graphs.raster.skeleton import Lines, Pixel, leaving, link_ends, trace_lines, ways
from figbench.graphs.raster.upright import HEAD

Mask = npt.NDArray[np.uint8]
_REACH = 30
"""Farthest end of a line from its node, in pixels."""
_GAP = 19


@dataclass(frozen=True, slots=True)
class Contact:
    """An end of a line at a node: its joint, the node's number and whether it has a head."""

    joint: int
    node: int
    head: bool


def trace_strokes(shapes: Shapes, words: Sequence[Words]) -> list[Stroke]:
    """Returns the arrows of an image as strokes between nodes.

    Dashes are closed, the ink is thinned to segments between ends and junctions. Each end near a
    node is a contact, and carries a head where the ink spreads. Each head is traced back to the
    tail that is cheapest to reach, turns at junctions costing extra; so is each unused tail.

    Args:
        shapes: Nodes and ink.
        words: Texts with boxes in pixels and keys.
    """
    if not shapes.owners.any():
        return []
    ink = _bridged(shapes.ink)
    far, nearest = _nearest(shapes.owners)
    lines = trace_lines(ink, far)
    keys = {k: node.key for k, node in enumerate(shapes.nodes, start=1)}
    text = np.zeros(ink.shape, np.uint8)
    for k, entry in enumerate(words, start=len(keys) + 1):
        x0, y0, x1, y1 = (max(int(v), 0) for v in entry.box)
        text[y0:y1, x0:x1] = 1
        keys[k] = entry.key
    pen = _pen(ink, lines)
    contacts = _contacts(lines, far, nearest, shapes.ink, pen)
    link_ends(lines, [c.joint for c in contacts], text)
    contacts = [c for c in contacts if c.joint in lines.joints]
    return _strokes(lines, contacts, keys)


def _bridged(ink: Mask) -> Mask:
    """Closes gaps along rows and columns, between runs that lie in one line."""
    out = ink.copy()
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    for shape, run in (((1, _GAP), (1, 5)), ((_GAP, 1), (5, 1))):
        pieces = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(run, np.uint8))
        thin = np.where(thick > 0, 0, pieces).astype(np.uint8)
        closed = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones(shape, np.uint8))
        out = np.maximum(out, closed).astype(np.uint8)
    return out


def _pen(ink: Mask, lines: Lines) -> float:
    """Width of the lines in pixels."""
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    values = [depth[y, x] for s in lines.segments.values() for x, y in s.path if ink[y, x]]
    return max(2 * float(np.median(values)) - 1, 1.0) if values else 2.0


def _nearest(
    owners: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Distance of each pixel from the nearest node, and that node's number."""
    far, labels = cv2.distanceTransformWithLabels(
        (owners == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(int(labels.max()) + 1, np.int32)
    covered = owners > 0
    numbers[labels[covered]] = owners[covered]
    return np.asarray(far, np.float32), numbers[labels]


def _contacts(
    lines: Lines,
    far: npt.NDArray[np.float32],
    nearest: npt.NDArray[np.int32],
    ink: Mask,
    pen: float,
) -> list[Contact]:
    at = lines.at()
    out = []
    for joint in lines.ends():
        segment = lines.segments[at[joint][0]]
        x, y = _outermost(lines.joints[joint], leaving(segment, joint), ink)
        if far[y, x] > _REACH:
            continue
        if len(segment.path) < 6:
            continue
        out.append(Contact(joint, int(nearest[y, x]), _has_head(lines, joint, at, ink, pen)))
    return out


def _outermost(end: Pixel, way: tuple[float, float], ink: Mask) -> Pixel:
    """Returns the last pixel of the ink beyond the end of a line: the tip of its head."""
    high, wide = ink.shape
    for step in range(HEAD, 0, -1):
        x, y = round(end[0] + step * way[0]), round(end[1] + step * way[1])
        if 0 <= x < wide and 0 <= y < high and _inked(end, (x, y), ink):
            return x, y
    return end


def _inked(start: Pixel, stop: Pixel, ink: Mask) -> bool:
    count = max(abs(stop[0] - start[0]), abs(stop[1] - start[1])) + 1
    xs = np.linspace(start[0], stop[0], count).round().astype(int)
    ys = np.linspace(start[1], stop[1], count).round().astype(int)
    return bool(ink[ys, xs].all())


def _has_head(lines: Lines, joint: int, at: dict[int, list[int]], ink: Mask, pen: float) -> bool:
    """Whether the ink at the end of a line spreads across it, as filled and open heads do."""
    segment = lines.segments[at[joint][0]]
    path = segment.path if segment.last == joint else segment.path[::-1]
    # The direction is taken from the line before the head, whose own skeleton may lean, and from
    # a shorter piece where the line bends before the head.
    count = len(path)
    spans = ((min(count, 40), 16), (26, 10)) if count >= 26 else ((count, count // 2),)
    return any(_spreads(path, path[-far], path[-near], ink, pen) for far, near in spans)


def _spreads(path: list[Pixel], start: Pixel, stop: Pixel, ink: Mask, pen: float) -> bool:
    x, y = stop
    dx, dy = float(x - start[0]), float(y - start[1])
    length = hypot(dx, dy)
    if length < 3:
        return False
    dx, dy = dx / length, dy / length
    end = hypot(path[-1][0] - x, path[-1][1] - y)
    reach = 44
    y0, x0 = max(y - reach, 0), max(x - reach, 0)
    ys, xs = np.nonzero(ink[y0 : y + reach + 1, x0 : x + reach + 1])
    along = (xs + x0 - x) * dx + (ys + y0 - y) * dy
    across = -(xs + x0 - x) * dy + (ys + y0 - y) * dx
    near = (along > end - 22) & (along < end + 22) & (np.abs(across) < HEAD / 2)
    # Widths on both sides of the line, in steps along it. Another line that crosses is as wide
    # over its own pen only.
    steps = 0
    for step in range(int(end) - 22, int(end) + 22, 2):
        band = near & (along >= step) & (along < step + 2)
        if not band.any():
            continue
        left, right = -float(across[band].min()), float(across[band].max())
        steps += min(left, right) >= pen / 2 + 1 and left + right >= pen + 5
    return steps >= 2


def _strokes(lines: Lines, contacts: list[Contact], keys: dict[int, str]) -> list[Stroke]:
    at = lines.at()
    reached_from = {c.joint: ways(lines, c.joint, at) for c in contacts}
    heads = [c for c in contacts if c.head]
    tails = [c for c in contacts if not c.head]
    pairs: list[tuple[Contact, Contact]] = []

    def nearest(start: Contact, goals: list[Contact]) -> Contact | None:
        reached = [
            c for c in goals if c.joint in reached_from[start.joint] and c.node != start.node
        ]
        return min(reached, key=lambda c: reached_from[start.joint][c.joint][0], default=None)

    for head in heads:
        start = nearest(head, tails) or nearest(head, heads)
        if start is not None:
            pairs.append((start, head))
    used = {c.joint for pair in pairs for c in pair}
    for tail in tails:
        if tail.joint not in used:
            end = nearest(tail, heads) or nearest(tail, tails)
            if end is not None:
                pairs.append((tail, end))
    out: list[Stroke] = []
    done: set[frozenset[int]] = set()
    for tail, head in pairs:
        pair = frozenset((tail.joint, head.joint))
        if pair in done:
            continue
        done.add(pair)
        way = [lines.joints[tail.joint], *_thinned(reached_from[tail.joint][head.joint][1])]
        way.append(lines.joints[head.joint])
        out.append(
            Stroke(
                tuple((float(x), float(y)) for x, y in way),
                head=head.head,
                tail=tail.head,
                source=keys[tail.node],
                target=keys[head.node],
            )
        )
    return out


def _thinned(path: list[Pixel]) -> list[Pixel]:
    if len(path) < 3:
        return path
    points = cv2.approxPolyDP(np.array(path, np.int32)[:, None], 3.0, False)[:, 0]
    return [(int(x), int(y)) for x, y in points]
