"""Arrows in an image: pieces of ink between nodes, their ends, heads and ways."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import hypot
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from figbench.graphs.drawing import Drawing, Outline, Point, Stroke, Words, area, centre, common
from figbench.graphs.model import Box
from figbench.graphs.raster_shapes import Shapes
from figbench.graphs.shapes import merged_boxes

Mask = npt.NDArray[np.uint8]
Pixel = tuple[int, int]
_TOUCH = 20
_GAP = 19
_TURN = 14.0
_WIDEST_HEAD = 27


def trace_strokes(shapes: Shapes, words: Sequence[Words]) -> list[Stroke]:
    """Returns the arrows of an image as strokes between points on nodes.

    Dashes and gaps at frame borders are closed along rows and columns. Every connected piece of
    ink that touches two nodes or more is thinned; a contact where the ink is much thicker than
    elsewhere carries a head. In a piece with several contacts each head is traced back to the tail
    that is cheapest to reach, turns costing extra.
    """
    ink = _bridged(shapes.ink)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    bodies = _bodies(shapes.nodes, words, (ink.shape[0], ink.shape[1]))
    thick = np.asarray(cv2.distanceTransform(ink, cv2.DIST_L2, 5), np.float32)
    out: list[Stroke] = []
    for i in range(1, count):
        x, y, wide, high, size = (int(v) for v in stats[i])
        if size < 20 or max(wide, high) < 8:
            continue
        window = labels[y : y + high, x : x + wide] == i
        out += _piece(window, thick[y : y + high, x : x + wide], (x, y), bodies, shapes.near)
    return out


def _bridged(ink: Mask) -> Mask:
    """Closes gaps along rows and columns, between runs that lie in one line."""
    out = ink.copy()
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    for shape, run in (((1, _GAP), (1, 5)), ((_GAP, 1), (5, 1))):
        lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(run, np.uint8))
        thin = np.where(thick > 0, 0, lines).astype(np.uint8)
        closed = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones(shape, np.uint8))
        out = np.maximum(out, closed).astype(np.uint8)
    return out


def _bodies(nodes: Sequence[Outline], words: Sequence[Words], size: tuple[int, int]) -> list[Box]:
    """Boxes at which arrows may end: whole nodes with the captions right below them."""
    out: list[Box] = []
    merged = merged_boxes(Drawing(size[1], size[0], nodes, words))
    for box in merged:
        others = [o for o in merged if o is not box and area(o) > area(box)]
        if any(common(box, other) > 0.9 * area(box) for other in others):
            continue
        x0, y0, x1, bottom = box
        for entry in sorted(words, key=lambda w: w.box[1]):
            high = entry.box[3] - entry.box[1]
            near = -0.5 * high < entry.box[1] - bottom < 0.7 * high
            if near and abs(centre(entry.box)[0] - (x0 + x1) / 2) < max(4.0, 0.4 * high):
                bottom = entry.box[3]
        out.append((x0, y0, x1, bottom))
    return out


def _piece(
    window: npt.NDArray[np.bool_],
    thick: npt.NDArray[np.float32],
    corner: Pixel,
    bodies: list[Box],
    near: Mask,
) -> list[Stroke]:
    from skimage.morphology import skeletonize

    ys, xs = np.nonzero(window)
    gx, gy = xs + corner[0], ys + corner[1]
    thin: Any = skeletonize
    skeleton = np.asarray(thin(window), np.bool_)
    pen = float(np.median(thick[skeleton])) if skeleton.any() else 1.0
    contacts: list[tuple[int, Pixel, bool]] = []
    for k, (x0, y0, x1, y1) in enumerate(bodies):
        far = np.maximum(np.maximum(x0 - gx, gx - x1), 0) ** 2.0
        far = far + np.maximum(np.maximum(y0 - gy, gy - y1), 0) ** 2.0
        close = far <= _TOUCH**2
        if not close.any():
            continue
        touching = np.zeros(window.shape, bool)
        touching[ys[close], xs[close]] = True
        for spot in _clusters(touching):
            nearest = min(spot, key=lambda p: _gap(p, corner, bodies[k]))
            end = nearest[0] + corner[0], nearest[1] + corner[1]
            head = _spreads(end, bodies[k], near, pen) or _has_head(nearest, thick, pen)
            contacts.append((k, nearest, head))
    if len({k for k, _, _ in contacts}) < 2:
        return []
    return _strokes(skeleton, contacts, corner)


def _clusters(close: npt.NDArray[np.bool_]) -> list[list[Pixel]]:
    """Groups of touching pixels: one group an arrow's end."""
    grown = cv2.dilate(close.astype(np.uint8), np.ones((5, 5), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8)
    out = []
    for i in range(1, count):
        ys, xs = np.nonzero((labels == i) & close)
        if len(xs) >= 3:
            out.append(list(zip(xs.tolist(), ys.tolist(), strict=True)))
    return out


def _gap(pixel: Pixel, corner: Pixel, box: Box) -> float:
    x, y = pixel[0] + corner[0], pixel[1] + corner[1]
    return hypot(max(box[0] - x, 0, x - box[2]), max(box[1] - y, 0, y - box[3]))


def _spreads(end: Pixel, box: Box, near: Mask, pen: float) -> bool:
    """Whether the ink at an end, across the way to its node, is wider than the line behind it.

    Filled and open heads are both wide within some 15 pixels of the outline; the line is thin
    from 22 pixels on, else something else runs there and nothing can be said.

    Args:
        end: Last pixel of the line.
        box: Of the node.
        near: Ink up to the outlines of nodes.
        pen: Half of the line's width, pixels.
    """
    x, y = end
    gaps = {
        (-1, 0): abs(x - box[0]),
        (1, 0): abs(x - box[2]),
        (0, -1): abs(y - box[1]),
        (0, 1): abs(y - box[3]),
    }
    dx, dy = min(gaps, key=lambda way: gaps[way])
    if not (box[0] <= x <= box[2]) and box[1] <= y <= box[3]:
        dx, dy = (-1 if x < box[0] else 1), 0
    elif not (box[1] <= y <= box[3]) and box[0] <= x <= box[2]:
        dx, dy = 0, (-1 if y < box[1] else 1)
    widths = [_across(near, (x + t * dx, y + t * dy), (dy, dx)) for t in range(-7, 29)]
    # Ink along the whole side is the outline or the shadow of the node.
    head = max((w for w in widths[:23] if w <= _WIDEST_HEAD), default=0)
    line = max(widths[29:])
    plain = 2 * pen + 2
    return head >= plain + 5 and 0 < line <= plain + 3


def _across(near: Mask, at: Pixel, way: Pixel, reach: int = 16) -> int:
    """Extent of the ink across a line at one of its pixels, 0 without ink."""
    high, wide = near.shape
    spots = [
        k
        for k in range(-reach, reach + 1)
        if 0 <= at[0] + k * way[0] < wide
        and 0 <= at[1] + k * way[1] < high
        and near[at[1] + k * way[1], at[0] + k * way[0]]
    ]
    return spots[-1] - spots[0] + 1 if spots else 0


def _has_head(end: Pixel, thick: npt.NDArray[np.float32], pen: float, reach: int = 24) -> bool:
    """Whether the ink near an end is much thicker than the line, or spreads as an open V does."""
    x, y = end
    y0, x0 = max(y - reach, 0), max(x - reach, 0)
    near = thick[y0 : y + reach + 1, x0 : x + reach + 1]
    yy, xx = np.mgrid[y0 : y0 + near.shape[0], x0 : x0 + near.shape[1]]
    far = np.hypot(xx - x, yy - y)
    inside = near[far <= reach]
    if inside.max(initial=0.0) >= max(1.8 * pen, pen + 1.4):
        return True
    # Extent across the line, 4 to 14 pixels behind the end: an open head is wider than its pen.
    band = (far > 4) & (far < 14) & (near > 0)
    if band.sum() < 4:
        return False
    spread = min(np.ptp(xx[band]), np.ptp(yy[band]))
    return bool(spread > 4 * pen + 4)


def _strokes(
    window: npt.NDArray[np.bool_], contacts: list[tuple[int, Pixel, bool]], corner: Pixel
) -> list[Stroke]:
    heads = [i for i, (_, _, head) in enumerate(contacts) if head]
    tails = [i for i, (_, _, head) in enumerate(contacts) if not head]
    pairs: set[tuple[int, int]] = set()
    ways: dict[tuple[int, int], list[Pixel]] = {}
    starts = heads or tails
    points = np.argwhere(window)[:, ::-1]
    if not len(points):
        return []
    anchors = [_nearest(points, p) for _, p, _ in contacts]
    for start in starts:
        reached = _trace(window, anchors[start], anchors)
        others = [i for i in (tails if heads else contacts_range(contacts)) if i in reached]
        others = [i for i in others if i != start and contacts[i][0] != contacts[start][0]]
        if not others and heads:
            others = [i for i in heads if i in reached and contacts[i][0] != contacts[start][0]]
        if not others:
            continue
        best = min(others, key=lambda i: reached[i][0])
        pairs.add((best, start))
        for i in others:
            ways[i, start] = reached[i][1]
    for tail in tails if heads else ():
        if not any(tail == a for a, _ in pairs):
            choices = [(len(ways[a, b]), b) for a, b in ways if a == tail]
            if choices:
                pairs.add((tail, min(choices)[1]))
    out: list[Stroke] = []
    done: set[frozenset[int]] = set()
    for a, b in sorted(pairs):
        if frozenset((a, b)) in done:
            continue
        done.add(frozenset((a, b)))
        way = [contacts[a][1], *_thinned(ways[a, b]), contacts[b][1]]
        path = tuple(_moved(p, corner) for p in way)
        out.append(Stroke(path, head=contacts[b][2], tail=contacts[a][2]))
    return out


def _nearest(points: npt.NDArray[np.int64], pixel: Pixel) -> Pixel:
    far = np.hypot(points[:, 0] - pixel[0], points[:, 1] - pixel[1])
    x, y = points[far.argmin()]
    return int(x), int(y)


def contacts_range(contacts: Sequence[object]) -> range:
    """Returns the indices of contacts."""
    return range(len(contacts))


def _moved(pixel: Pixel, corner: Pixel) -> Point:
    return float(pixel[0] + corner[0]), float(pixel[1] + corner[1])


def _thinned(path: list[Pixel]) -> list[Pixel]:
    points = cv2.approxPolyDP(np.array(path[::-1], np.int32)[:, None], 3.0, False)[:, 0]
    out = [(int(x), int(y)) for x, y in points]
    return out if len(out) > 1 else [path[-1], path[0]]


def _trace(
    window: npt.NDArray[np.bool_], start: Pixel, goals: list[Pixel], step: int = 2
) -> dict[int, tuple[float, list[Pixel]]]:
    """Cheapest ways through ink from a pixel to each goal; a change of direction costs extra."""
    high, wide = window.shape
    ways = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    best: dict[tuple[int, int, int], float] = {}
    came: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    queue: list[tuple[float, tuple[int, int, int]]] = [(0.0, (*start, -1))]
    reached: dict[int, tuple[float, list[Pixel]]] = {}
    left = {i: p for i, p in enumerate(goals) if p != start}
    visits = 0
    while queue and left and visits < 400_000:
        cost, state = heapq.heappop(queue)
        if cost > best.get(state, float("inf")):
            continue
        visits += 1
        x, y, way = state
        for i, (gx, gy) in list(left.items()):
            if abs(gx - x) <= step and abs(gy - y) <= step:
                path = [(x, y)]
                at = state
                while at in came:
                    at = came[at]
                    path.append((at[0], at[1]))
                reached[i] = (cost, path[::-1])
                del left[i]
        for k, (dx, dy) in enumerate(ways):
            nx, ny = x + dx, y + dy
            if not (0 <= nx < wide and 0 <= ny < high and window[ny, nx]):
                continue
            turn = 0.0
            if way >= 0 and k != way:
                ox, oy = ways[way]
                cosine = (ox * dx + oy * dy) / (hypot(ox, oy) * hypot(dx, dy))
                turn = _TURN * (1 - cosine)
            new = cost + hypot(dx, dy) + turn
            following = (nx, ny, k)
            if new < best.get(following, float("inf")):
                best[following] = new
                came[following] = state
                heapq.heappush(queue, (new, following))
    return reached
