"""Small parametric figures for training nano models: legible at 64 x 64 pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from numpy.random import Generator

from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Box, Item, Scene, Shape, Stroke, Text

SIDE = 64

COLOURS: dict[str, Colour] = {
    "red": (226, 74, 66), "blue": (66, 126, 214), "green": (84, 172, 92),
    "yellow": (250, 210, 70), "orange": (245, 150, 50), "purple": (150, 96, 190),
    "grey": (170, 170, 170), "pink": (246, 160, 190),
}  # fmt: skip
LABELS = ("A", "B", "C", "D", "G", "E", "x", "z", "y", "CNN", "RNN", "Enc", "Dec", "Net", "GAN",
           "FC", "Q", "K", "V", "In", "Out")  # fmt: skip
SHAPES = {"box": "box", "rounded box": "round", "circle": "ellipse"}

_Boxes = tuple[Box, ...]
LAYOUTS: dict[int, tuple[tuple[str, _Boxes], ...]] = {
    1: (("", ((10, 16, 54, 48),)), ("", ((16, 12, 48, 52),))),
    2: (
        ("from left to right", ((3, 20, 26, 44), (38, 20, 61, 44))),
        ("from top to bottom", ((12, 3, 52, 25), (12, 39, 52, 61))),
    ),
    3: (
        ("from left to right", ((1, 24, 17, 40), (24, 24, 40, 40), (47, 24, 63, 40))),
        ("from top to bottom", ((14, 1, 50, 15), (14, 25, 50, 39), (14, 49, 50, 63))),
    ),
    4: (("clockwise", ((3, 5, 26, 25), (38, 5, 61, 25), (38, 39, 61, 59), (3, 39, 26, 59))),),
}


def make_simple_scene(rng: Generator | StableRng | int) -> Scene:
    """Returns one to four coloured shapes joined by arrows, one or two of them labelled.

    Args:
        rng: A seed, or a generator that supplies one.

    Returns:
        A scene of 64 x 64 pixels; its caption states colours, shapes, labels and order.
    """
    if isinstance(rng, Generator):
        rng = int(rng.integers(2**62))
    if not isinstance(rng, StableRng):
        rng = StableRng(rng)
    count = rng.choice((1, 2, 2, 3, 3, 4))
    order, boxes = rng.choice(LAYOUTS[count])
    colours = rng.sample(tuple(COLOURS), count)
    kinds = [rng.choice(tuple(SHAPES)) for _ in boxes]
    labels = _labels(rng, boxes, kinds)
    items: list[Item] = [
        replace(_arrow(a, b), part=f"edge:{i}", ends=(i, i + 1))
        for i, (a, b) in enumerate(pairwise(boxes))
    ]
    for i, (box, colour, kind) in enumerate(zip(boxes, colours, kinds, strict=True)):
        shape = SHAPES[kind]
        radius = 5 if shape == "round" else 0
        items.append(Shape(shape, box, COLOURS[colour], (30, 30, 30), 1, radius, part=f"node:{i}"))
    items += [
        replace(label_text(boxes[i], label, colours[i]), part=f"label:{i}")
        for i, label in labels.items()
    ]
    return Scene(SIDE, SIDE, tuple(items), _caption(colours, kinds, labels, order))


def fitting_labels(box: Box, kind: str) -> tuple[str, ...]:
    """Returns the labels that fit into a shape.

    Args:
        box: The shape's box.
        kind: ``box``, ``rounded box`` or ``circle``.
    """
    room = (box[2] - box[0]) - (7 if kind == "circle" else 4)
    return tuple(word for word in LABELS if width_of(word, "sans-bold", 11) <= room)


def _labels(rng: StableRng, boxes: _Boxes, kinds: list[str]) -> dict[int, str]:
    labelled = rng.sample(range(len(boxes)), min(len(boxes), rng.integer(1, 2)))
    words = rng.shuffled(LABELS)
    out = {}
    for i in sorted(labelled):
        fitting = fitting_labels(boxes[i], kinds[i])
        out[i] = next(word for word in words if word in fitting)
        words.remove(out[i])
    return out


def label_text(box: Box, text: str, colour: str) -> Text:
    """Returns the label in the middle of a shape.

    Args:
        box: The shape's box.
        text: One of :data:`LABELS`.
        colour: Name of the shape's colour, which decides whether the ink is black or white.
    """
    x0, y0, x1, y1 = box
    ink = (255, 255, 255) if colour in ("red", "blue", "purple") else (0, 0, 0)
    return Text(text, "sans-bold", 11, (x0 + x1) // 2, (y0 + y1) // 2 + 4, ink)


def _arrow(a: Box, b: Box) -> Stroke:
    middle_x, middle_y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
    if a[1] == b[1]:
        ends = (a[2], b[0]) if b[0] > a[0] else (a[0], b[2])
        path = ((float(ends[0]), middle_y), (float(ends[1]), middle_y))
    else:
        path = ((middle_x, float(a[3])), (middle_x, float(b[1])))
    return Stroke(path, 2, (0, 0, 0), "triangle", 6)


def _caption(colours: list[str], kinds: list[str], labels: dict[int, str], order: str) -> str:
    parts = []
    for i, (colour, kind) in enumerate(zip(colours, kinds, strict=True)):
        article = "an" if colour == "orange" else "a"
        named = f" labelled {labels[i]}" if i in labels else ""
        parts.append(f"{article} {colour} {kind}{named}")
    text = ", then ".join(parts)
    arrows = f", joined by arrows {order}" if order else ""
    return f"Figure 1: {text[0].upper()}{text[1:]}{arrows}."
