"""Routing of arrows between nodes: candidate paths, of which the cheapest is taken."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from figbench.synthfig.layout.grid import Grid
from figbench.synthfig.layout.node import SIGNS, Node, NoRoomError
from figbench.synthfig.method.content import Link
from figbench.synthfig.scene import Box

Path = tuple[tuple[int, int], ...]

_View = tuple[int, int, int, int, int, int]
"""Centre x, y and the ports left, top, right, bottom; the axes may be exchanged."""

_CLEAR = 5


class Router:
    """Routes links one after the other around nodes, texts and earlier arrows.

    Args:
        grid: Nodes and frames.
        links: All links that will be routed.
        keep_out: Boxes of texts that no arrow may cross.
        shortest: Least length of a straight arrow.
    """

    def __init__(
        self, grid: Grid, links: Sequence[Link], avoid: Sequence[Box], shortest: int
    ) -> None:
        self.nodes = grid.nodes
        self.boxes = [node.box for node in grid.nodes]
        self.captions = [node.caption for node in grid.nodes]
        self.views = [[_view(node, flip) for node in grid.nodes] for flip in (False, True)]
        self.frames = [frame.box for frame in grid.frames]
        self.avoid = list(avoid)
        self.shortest = shortest
        self.forks = Counter(link.source for link in links)
        self.joins = Counter(link.target for link in links)
        self.routes: list[tuple[Link, Path]] = []

    def route(self, link: Link) -> Path:
        """Returns the cheapest path of a link.

        Raises:
            NoRoomError: If every candidate meets a node, a text or the line of another arrow.
        """
        fork, join = self.forks[link.source] > 1, self.joins[link.target] > 1
        fan = "fork" if fork else "join" if join else ""
        best: tuple[float, Path] | None = None
        for i, path in enumerate(candidates(self.views, link.source, link.target, fan)):
            cost = len(path) * 12 + i / 8
            corner = len(path) == 3 and self.nodes[link.target].shape not in SIGNS
            cost += 14 * corner
            if best and cost >= best[0]:
                continue
            cost += _length(path) / 16
            if (best and cost >= best[0]) or not self._free(link, path):
                continue
            crossings = self._crossings(link, path)
            cost += 60 * crossings
            if best is None or cost < best[0]:
                best = (cost, path)
                if not crossings and not corner:
                    break
        if best is None:
            raise NoRoomError
        self.routes.append((link, best[1]))
        return best[1]

    def _free(self, link: Link, path: Path) -> bool:
        first, last, last_point = path[1], path[-2], path[-1]
        ends = (_length((path[0], first)), _length((last, path[-1])))
        if ends[1] < self.shortest or ends[0] < 4:
            return False
        for a, b in itertools.pairwise(path):
            x0, x1 = min(a[0], b[0]), max(a[0], b[0])
            y0, y1 = min(a[1], b[1]), max(a[1], b[1])
            own = (self.captions[link.source], self.captions[link.target])
            if any(c[0] < c[2] and _meets(c, x0, y0, x1, y1, 3) for c in own):
                return False
            for i, box in enumerate(self.boxes):
                own_node = i in (link.source, link.target)
                if _meets(box, x0, y0, x1, y1, -1 if own_node else _CLEAR) and not (
                    own_node and _only_body_edge(self.nodes[i], x0, y0, x1, y1)
                ):
                    return False
            heads = b is last_point or (link.kind == "share" and a is path[0])
            slack = 8 if heads else 3
            if any(_meets(box, x0, y0, x1, y1, slack) for box in self.avoid):
                return False
            if any(_rides(frame, x0, y0, x1, y1) for frame in self.frames):
                return False
            if self._shares_line(link, a, b) or self._meets_head(link, x0, y0, x1, y1):
                return False
        return True

    def _shares_line(self, link: Link, a: tuple[int, int], b: tuple[int, int]) -> bool:
        """Two arrows may share a line only when they leave or reach the same node."""
        for other, path in self.routes:
            kin = link.source == other.source or link.target == other.target
            for c, d in itertools.pairwise(path):
                if kin and link.kind == other.kind:
                    continue
                for axis in (0, 1):
                    if a[axis] == b[axis] and c[axis] == d[axis] and abs(a[axis] - c[axis]) < 7:
                        along = 1 - axis
                        low = max(min(a[along], b[along]), min(c[along], d[along]))
                        if low - 6 < min(max(a[along], b[along]), max(c[along], d[along])):
                            return True
        return False

    def _meets_head(self, link: Link, x0: int, y0: int, x1: int, y1: int) -> bool:
        """No arrow crosses the head of another, unless they share a node."""
        return any(
            _meets((tip[0], tip[1], tip[0], tip[1]), x0, y0, x1, y1, self.shortest - 4)
            for other, path in self.routes
            for tip in path[-1:]
            if other.target != link.target and other.source != link.source
        )

    def _crossings(self, link: Link, path: Path) -> int:
        count = 0
        for other, routed in self.routes:
            kin = link.source == other.source or link.target == other.target
            for a, b in itertools.pairwise(path):
                for c, d in itertools.pairwise(routed):
                    if not kin and _cross(a, b, c, d):
                        count += 1
        return count


def candidates(
    views: Sequence[Sequence[_View]], source: int, target: int, fan: str = ""
) -> Iterator[Path]:
    """Yields upright paths from one node to another: straight, L, Z, then around.

    Args:
        views: All nodes, with the axes unchanged and exchanged.
        source: Number of the node at the start.
        target: Number of the node at the end.
        fan: ``fork`` to turn at one line for all arrows of a source, ``join`` for a target.
    """
    for flip, nodes in enumerate(views):
        for path in _straight(nodes[source], nodes[target]):
            yield _flipped(path) if flip else path
    for flip, nodes in enumerate(views):
        for path in _bent(nodes[source], nodes[target], fan):
            yield _flipped(path) if flip else path
    for flip, nodes in enumerate(views):
        for path in _around(nodes[source], nodes[target], nodes):
            yield _flipped(path) if flip else path


def _flipped(path: Path) -> Path:
    return tuple((y, x) for x, y in path)


def _view(node: Node, flip: bool) -> _View:
    left, top, right, _ = node.body
    bottom = node.box[3]
    if flip:
        return node.y, node.x, top, left, bottom, right
    return node.x, node.y, left, top, right, bottom


def _straight(a: _View, b: _View) -> Iterator[Path]:
    out, end = (a[4], b[2]) if b[0] > a[0] else (a[2], b[4])
    if abs(a[1] - b[1]) <= 1 and (end - out) * (b[0] - a[0]) > 0:
        yield (out, b[1]), (end, b[1])


def _bent(a: _View, b: _View, fan: str) -> Iterator[Path]:
    """Paths that leave sideways: to the top or bottom of the target, or to its side."""
    ax, ay, left, _, right, _ = a
    bx, by, far_left, far_top, far_right, far_bottom = b
    out = right if bx > ax else left
    if (bx - out) * (bx - ax) > 0:
        for x in (bx, bx - 12, bx + 12):
            yield (out, ay), (x, ay), (x, far_top if by > ay else far_bottom)
    end = far_left if bx > ax else far_right
    if (end - out) * (bx - ax) > 0:
        step = 20 if bx > ax else -20
        bus = {"fork": [out + step], "join": [end - step]}.get(fan, [])
        parts = (50, 35, 65, 22, 78, 12, 88)
        for x in bus + [out + (end - out) * part // 100 for part in parts]:
            for shift in (0, -9, 9):
                yield (out, ay), (x, ay), (x, by + shift), (end, by + shift)
                if shift:
                    yield (out, ay + shift), (x, ay + shift), (x, by), (end, by)


def _around(a: _View, b: _View, nodes: Sequence[_View]) -> Iterator[Path]:
    """Paths that leave and arrive on the same side, beyond everything between."""
    low, high = min(a[0], b[0]), max(a[0], b[0])
    between = [n for n in nodes if n[2] < high and n[4] > low]
    same = [n for n in between if abs(n[1] - a[1]) < 8 or abs(n[1] - b[1]) < 8]
    shift = (a[4] - a[2]) // 4, (b[4] - b[2]) // 4
    for obstacles in (same, between) if len(same) < len(between) else (between,):
        for side, port in ((-1, 3), (1, 5)):
            ports = [side * n[port] for n in obstacles] + [side * a[port], side * b[port]]
            for off in (12, 18, 26, 36):
                level = side * (max(ports) + off)
                for i in (0, 1, -1):
                    x, far = a[0] + i * shift[0], b[0] - i * shift[1]
                    yield (x, a[port]), (x, level), (far, level), (far, b[port])


def _length(path: Path) -> int:
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in itertools.pairwise(path))


def _meets(box: Box, x0: int, y0: int, x1: int, y1: int, slack: int) -> bool:
    return (
        x0 < box[2] + slack and x1 > box[0] - slack and y0 < box[3] + slack and y1 > box[1] - slack
    )


def _only_body_edge(node: Node, x0: int, y0: int, x1: int, y1: int) -> bool:
    """A label wider than its icon is passed beside the icon, where nothing is drawn."""
    left, top, right, bottom = node.body
    return (x0 >= right or x1 <= left) and y0 > top and y1 < bottom


def _rides(frame: Box, x0: int, y0: int, x1: int, y1: int) -> bool:
    """Whether an upright piece runs along a frame's edge instead of crossing it."""
    if x0 == x1:
        return min(abs(x0 - frame[0]), abs(x0 - frame[2])) < 5 and y0 < frame[3] and y1 > frame[1]
    return min(abs(y0 - frame[1]), abs(y0 - frame[3])) < 5 and x0 < frame[2] and x1 > frame[0]


def _cross(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> bool:
    return (
        min(a[0], b[0]) <= max(c[0], d[0])
        and min(c[0], d[0]) <= max(a[0], b[0])
        and min(a[1], b[1]) <= max(c[1], d[1])
        and min(c[1], d[1]) <= max(a[1], b[1])
    )
