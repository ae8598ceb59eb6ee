"""Shapes of a drawing: overlapping outlines that are one shape, with the words that they carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from figbench.graphs.drawing import Drawing, Words, area, centre, common, holds, union
from figbench.graphs.model import Box, Kind


@dataclass
class Shape:
    """A shape of a drawing: a node, a frame or a legend.

    Attributes:
        box: Of the outlines, joined.
        kind: Kind of node.
        keys: Ids of the outlines in their document.
        text: Text that the document assigns to the outlines.
        lines: Words inside.
        caption: Words below a bare outline.
        touched: Whether an end of a line is at the shape.
        frame: Whether it holds nodes.
        legend: Whether it is a legend.
    """

    box: Box
    kind: Kind
    keys: set[str]
    text: str = ""
    lines: list[Words] = field(default_factory=list)
    caption: list[Words] = field(default_factory=list)
    touched: bool = False
    frame: bool = False
    legend: bool = False

    @property
    def extent(self) -> Box:
        """Box of the shape and its caption."""
        out = self.box
        for words in self.caption:
            out = union(out, words.box)
        return out

    @property
    def label(self) -> str:
        """Text of the shape, read from top to bottom."""
        lines = sorted(self.lines + self.caption, key=lambda w: (w.box[1] + w.box[3], w.box[0]))
        return " ".join(text for text in [self.text, *(w.text for w in lines)] if text)


def merged_boxes(drawing: Drawing) -> list[Box]:
    """Returns the boxes of a drawing's outlines after those of one shape have been joined."""
    return [shape.box for shape in merged_shapes(drawing)]


def merged_shapes(drawing: Drawing) -> list[Shape]:
    """Joins outlines that overlap without one holding the other: stacks, cuboids, cylinders."""
    page = drawing.width * drawing.height
    shapes = [
        Shape(o.box, o.kind, {o.key} - {""}, o.text)
        for o in drawing.outlines
        if 0 < area(o.box) < 0.97 * page
    ]
    merged = True
    while merged:
        merged = False
        for i, first in enumerate(shapes):
            for second in shapes[i + 1 :]:
                first_words, second_words = _worded(first, drawing), _worded(second, drawing)
                apart = bool(first_words - second_words and second_words - first_words)
                if not apart and _is_same_shape(first.box, second.box):
                    first.box = union(first.box, second.box)
                    first.keys |= second.keys
                    first.text = " ".join(t for t in (first.text, second.text) if t)
                    if "icon" in (first.kind, second.kind):
                        first.kind = "icon"
                    shapes.remove(second)
                    merged = True
                    break
            if merged:
                break
    return shapes


def _is_same_shape(first: Box, second: Box) -> bool:
    small, large = sorted((first, second), key=area)
    share = common(small, large) / area(small)
    if share >= 0.985:
        return area(small) >= 0.82 * area(large)
    if share >= 0.5:
        return True
    # Faces of a cuboid touch along a side of equal length.
    return area(small) < 0.5 * area(large) and _flush(first, second)


def _worded(shape: Shape, drawing: Drawing) -> set[int]:
    """Which words stand in a shape; its own text counts as words of its own."""
    inside = {i for i, w in enumerate(drawing.words) if holds(shape.box, centre(w.box))}
    return inside | ({-1 - id(shape)} if shape.text else set())


def _flush(first: Box, second: Box) -> bool:
    wide = min(first[2] - first[0], second[2] - second[0])
    high = min(first[3] - first[1], second[3] - second[1])
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    gap = -0.02 * max(wide, high) - 0.5
    return (across >= 0.8 * wide and down >= gap) or (down >= 0.8 * high and across >= gap)
