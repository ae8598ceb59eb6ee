"""Marks become a graph by geometry: which outline is a node, a frame or a legend; who joins whom.

Readers of SVG, PPTX, TikZ and pixels share this. Rules, in order: overlapping outlines are one
node; an outline around nodes is a frame; words inside an outline are its label, words below a
bare outline its caption, words at a frame's edge its title, words beside a line the line's label;
an end of a line belongs to the nearest node within 2.5% of the diagonal.
"""

from __future__ import annotations

from math import hypot

from figbench.graphs.drawing import (
    Drawing,
    Outline,
    Stroke,
    Words,
    area,
    border_distance,
    centre,
    common,
    distance,
    holds,
    path_distance,
)
from figbench.graphs.joins import NodeCandidate, edge_of, joined_nodes, middle, paragraphs
from figbench.graphs.limits import MAX_NODES, GraphError
from figbench.graphs.model import Box, FigureGraph, Group, Node
from figbench.graphs.shapes import Shape, merged_shapes

__all__ = ["Drawing", "Outline", "Stroke", "Words", "resolve"]

REACH = 0.025
"""Farthest end of a line from its node, as a share of the diagonal."""
_INSIDE = 0.9


def resolve(drawing: Drawing) -> FigureGraph:
    """Returns the graph that the marks of a page state.

    Raises:
        GraphError: When there are more than ``MAX_NODES`` outlines or words.
    """
    if max(len(drawing.outlines), len(drawing.words)) > MAX_NODES:
        raise GraphError(f"the drawing has more than {MAX_NODES:,} shapes or texts.")
    return _Resolver(drawing).graph()


class _Resolver:
    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.reach = REACH * hypot(drawing.width, drawing.height)
        self.shapes = merged_shapes(drawing)
        self.words = [words for words in drawing.words if words.text.strip()]
        heights = sorted(min(w.box[3] - w.box[1], w.box[2] - w.box[0]) for w in self.words)
        self.line = heights[len(heights) // 2] if heights else 0.02 * drawing.height
        self.ends = [p for stroke in drawing.strokes for p in (stroke.path[0], stroke.path[-1])]
        self.titles: dict[int, list[Words]] = {}
        self.labels: dict[int, list[Words]] = {}
        self.loose: list[Words] = []

    def graph(self) -> FigureGraph:
        self._touch()
        self._find_frames()
        self._find_legends()
        free = self._fill()
        free = self._captions(free)
        self._assign_rest(free)
        return self._assemble()

    def _touch(self) -> None:
        attached = {key for s in self.drawing.strokes for key in (s.source, s.target) if key}
        for shape in self.shapes:
            shape.touched = bool(shape.keys & attached) or any(
                border_distance(shape.box, end) <= self.reach / 3 for end in self.ends
            )

    def _inner(self, outer: Shape) -> list[Shape]:
        return [
            s
            for s in self.shapes
            if s is not outer
            and area(s.box) < 0.9 * area(outer.box)
            and common(s.box, outer.box) >= _INSIDE * area(s.box)
        ]

    def _find_frames(self) -> None:
        for shape in sorted(self.shapes, key=lambda s: area(s.box)):
            inner = self._inner(shape)
            shape.frame = any(
                s.frame
                or s.text
                or any(holds(s.box, centre(w.box)) for w in self.words)
                or (s.touched and not self._own_words(shape, inner))
                or (s.touched and not shape.touched)
                for s in inner
            )

    def _own_words(self, shape: Shape, inner: list[Shape]) -> bool:
        """Whether words stand in a shape, centred, outside of the shapes within."""
        middle = centre(shape.box)[0]
        return bool(shape.text) or any(
            holds(shape.box, centre(w.box))
            and not any(holds(s.box, centre(w.box)) for s in inner)
            and abs(centre(w.box)[0] - middle) < self.line
            for w in self.words
        )

    def _find_legends(self) -> None:
        """A box around small bare boxes that each have words to their right is a legend."""
        for shape in self.shapes:
            if shape.touched:
                continue
            entries = [s for s in self._inner(shape) if not s.touched and self._beside(s)]
            if len(entries) >= 2:
                shape.legend = True
                for inner in entries:
                    inner.legend = True
        for shape in [s for s in self.shapes if s.legend]:
            self.words = [w for w in self.words if not holds(shape.box, centre(w.box))]

    def _beside(self, shape: Shape) -> bool:
        y = centre(shape.box)[1]
        return any(
            -2 <= w.box[0] - shape.box[2] < 1.5 * self.line
            and abs(centre(w.box)[1] - y) < self.line
            for w in self.words
        )

    def _fill(self) -> list[Words]:
        """Words inside shapes become labels; returns the others."""
        free = []
        for words in self.words:
            holders = [
                s
                for s in self.shapes
                if not s.frame
                and not s.legend
                and common(words.box, s.box) >= 0.6 * area(words.box)
            ]
            if holders:
                min(holders, key=lambda s: area(s.box)).lines.append(words)
            else:
                free.append(words)
        self._drop_decoration()
        return free

    def _drop_decoration(self) -> None:
        """Bare shapes inside a labelled node are part of its drawing."""
        solid = [s for s in self.shapes if not s.frame and (s.lines or s.text)]
        self.shapes = [
            s
            for s in self.shapes
            if s.frame
            or s.lines
            or s.text
            or not any(
                common(s.box, other.box) >= _INSIDE * area(s.box)
                for other in solid
                if other is not s
            )
        ]

    def _captions(self, free: list[Words]) -> list[Words]:
        """Lines right below a bare shape, centred on it, are its caption."""
        rest = sorted(free, key=lambda w: w.box[1])
        for _ in range(4):
            remaining = []
            for words in rest:
                above = [s for s in self.shapes if self._is_caption(words, s)]
                if above:
                    nearest = min(above, key=lambda s: words.box[1] - s.extent[3])
                    nearest.caption.append(words)
                else:
                    remaining.append(words)
            if len(remaining) == len(rest):
                break
            rest = remaining
        return rest

    def _is_caption(self, words: Words, shape: Shape) -> bool:
        if shape.frame or shape.legend or shape.lines or shape.text:
            return False
        gap = words.box[1] - shape.extent[3]
        high = words.box[3] - words.box[1]
        middle, own = centre(words.box)[0], centre(shape.box)[0]
        most = 0.4 if shape.caption else 0.8
        return -0.45 * high <= gap <= most * high and abs(middle - own) <= max(3.0, 0.5 * self.line)

    def _assign_rest(self, free: list[Words]) -> None:
        """Free words are titles of frames, nodes at ends of lines, or labels of lines."""
        frames = [i for i, s in enumerate(self.shapes) if s.frame]
        beside: list[Words] = []
        for words in paragraphs(free, self.line):
            inside = [i for i in frames if holds(self.shapes[i].box, centre(words.box))]
            inside.sort(key=lambda i: area(self.shapes[i].box))
            title = bool(inside) and self._edge_gap(words, self.shapes[inside[0]].box) <= self.line
            gap = min((path_distance(words.box, s.path) for s in self.drawing.strokes), default=1e9)
            if title and (gap > 1.2 * self.line or self._is_centred(words, inside[0])):
                self.titles.setdefault(inside[0], []).append(words)
            elif self._ends_at(words):
                self.loose.append(words)
            elif gap <= 1.2 * self.line:
                beside.append(words)
        self._label_lines(beside)

    def _label_lines(self, beside: list[Words]) -> None:
        """Assigns words to lines one to one: near, and near the middle of the longest piece."""
        if not beside:
            return
        import numpy as np
        from scipy.optimize import linear_sum_assignment

        strokes = self.drawing.strokes
        middles = [middle(stroke.path) for stroke in strokes]
        cost = np.full((len(beside), len(strokes)), 1e6)
        for i, words in enumerate(beside):
            for k, stroke in enumerate(strokes):
                gap = path_distance(words.box, stroke.path)
                if gap <= 1.2 * self.line:
                    x, y = centre(words.box)
                    cost[i, k] = gap + 0.15 * hypot(middles[k][0] - x, middles[k][1] - y)
        for index, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[index, column] < 1e6:
                self.labels.setdefault(int(column), []).append(beside[int(index)])

    def _is_centred(self, words: Words, frame: int) -> bool:
        x, y = centre(words.box)
        fx, fy = centre(self.shapes[frame].box)
        return min(abs(x - fx), abs(y - fy)) < 3.0

    @staticmethod
    def _edge_gap(words: Words, frame: Box) -> float:
        return min(
            words.box[1] - frame[1],
            frame[3] - words.box[3],
            words.box[0] - frame[0],
            frame[2] - words.box[2],
        )

    def _ends_at(self, words: Words) -> bool:
        """Whether a line ends at free words and at nothing nearer: the words are a node."""
        for end in self.ends:
            gap = distance(words.box, end)
            nodes = [distance(s.extent, end) for s in self.shapes if not s.legend and not s.frame]
            if gap <= 0.6 * self.reach and gap < min(nodes, default=float("inf")):
                return True
        return False

    def _assemble(self) -> FigureGraph:
        candidates: list[NodeCandidate] = []
        for shape in self.shapes:
            if not shape.legend and not shape.frame:
                candidates.append((shape.extent, shape.label, shape.kind, shape.keys))
        bodies = [s.box for s in self.shapes if not s.legend and not s.frame]
        for words in self.loose:
            candidates.append((words.box, words.text, "text", {words.key} - {""}))
            bodies.append(words.box)
        frames = [(i, s) for i, s in enumerate(self.shapes) if s.frame and not s.legend]
        first_frame = len(candidates)
        for i, frame in frames:
            title = " ".join(w.text for w in self.titles.get(i, []))
            candidates.append((frame.box, frame.text or title, "box", frame.keys))
            bodies.append(frame.box)
        edges = []
        for k, stroke in enumerate(self.drawing.strokes):
            pair = joined_nodes(stroke, candidates, first_frame, reach=self.reach, line=self.line)
            if pair is None:
                continue
            label = " ".join([stroke.label, *(w.text for w in self.labels.get(k, []))]).strip()
            edges.append((*pair, stroke, label))
        joined = {end for a, b, *_ in edges for end in (a, b)}
        is_node = [
            (i < first_frame and bool(text or i in joined)) or i in joined
            for i, (_, text, _, _) in enumerate(candidates)
        ]
        nodes = tuple(
            Node(f"n{i}", text, self._share(bodies[i]), kind)
            for i, (_, text, kind, _) in enumerate(candidates)
            if is_node[i]
        )
        groups = []
        for i, (_, frame) in enumerate(frames, start=first_frame):
            members = [
                f"n{k}"
                for k in range(len(candidates))
                if is_node[k] and k != i and holds(frame.box, centre(bodies[k]))
            ]
            if members:
                groups.append(Group(f"g{i}", candidates[i][1], tuple(members)))
        arrows = tuple(edge_of(f"n{a}", f"n{b}", stroke, label) for a, b, stroke, label in edges)
        return FigureGraph(nodes, arrows, tuple(groups), self.drawing.width / self.drawing.height)

    def _share(self, box: Box) -> Box:
        wide, high = self.drawing.width, self.drawing.height
        return box[0] / wide, box[1] / high, box[2] / wide, box[3] / high
