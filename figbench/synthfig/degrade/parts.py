"""Parts of a scene by name: labels, bodies and arrows, and scenes with some of them replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from figbench.synthfig.drawing.raster import Point
from figbench.synthfig.scene import Box, Item, Scene, Shape, Stroke, Text

Labels = dict[str, list[int]]


def labels(scene: Scene, kinds: Sequence[str] = ("label", "title", "note", "legend")) -> Labels:
    """Returns the item numbers of each label, line by line, by part name."""
    labels_by_item: Labels = {}
    for i, item in enumerate(scene.items):
        if isinstance(item, Text) and item.part.partition(":")[0] in kinds:
            key = item.part if item.part != "legend" else f"legend#{i}"
            labels_by_item.setdefault(key, []).append(i)
    return labels_by_item


def bodies(scene: Scene) -> dict[int, Shape]:
    """Returns the body of each module by its number."""
    return {
        number(item.part): item
        for item in scene.items
        if isinstance(item, Shape) and item.part.startswith("node:")
    }


def arrows(scene: Scene) -> list[int]:
    """Returns the item numbers of the arrows."""
    return [i for i, item in enumerate(scene.items) if isinstance(item, Stroke) and item.ends]


def stroke(scene: Scene, index: int) -> Stroke:
    """Returns the arrow with an item number of ``arrows``."""
    item = scene.items[index]
    if not isinstance(item, Stroke):
        raise TypeError(f"item {index} is no arrow")
    return item


def text(scene: Scene, index: int) -> Text:
    """Returns the text with an item number of ``labels``."""
    item = scene.items[index]
    if not isinstance(item, Text):
        raise TypeError(f"item {index} is no text")
    return item


def number(part: str) -> int:
    """Returns the number in a part's name: 3 of ``node:3``."""
    return int(part.partition(":")[2])


def changed(
    scene: Scene, new: Mapping[int, Item], drop: Iterable[int] = (), add: Iterable[Item] = ()
) -> Scene:
    """Returns the scene with items replaced, dropped and added on top.

    Args:
        scene: To change.
        new: Replacement by index.
        drop: Indices to leave out.
        add: Items to draw last.
    """
    gone = set(drop)
    items = [new.get(i, item) for i, item in enumerate(scene.items) if i not in gone]
    return replace(scene, items=(*items, *add))


def on_texts(scene: Scene, change: Callable[[Text], Text]) -> Scene:
    """Returns the scene with every text changed."""
    items = (change(item) if isinstance(item, Text) else item for item in scene.items)
    return replace(scene, items=tuple(items))


def bounds(scene: Scene, indices: Sequence[int]) -> Box:
    """Returns the box around texts."""
    boxes = [text(scene, i).box for i in indices]
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


def centre(box: Box) -> Point:
    """Returns the centre of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def moved_box(box: Box, dx: int, dy: int) -> Box:
    """Returns the box moved by whole pixels.

    Args:
        box: Left, top, right, bottom.
        dx: To the right.
        dy: Down.
    """
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def inside_page(scene: Scene, box: Box, dx: int, dy: int) -> tuple[int, int]:
    """Returns the move cut so that the box stays on the page, 4 px from its edge.

    Args:
        scene: Gives the size of the page.
        box: Before the move.
        dx: To the right.
        dy: Down.
    """
    edge = 4
    dx = max(min(dx, scene.width - edge - box[2]), min(edge - box[0], 0))
    dy = max(min(dy, scene.height - edge - box[3]), min(edge - box[1], 0))
    return dx, dy


def connect(source: Box, target: Box) -> tuple[Point, Point]:
    """Returns a straight line between two boxes, from edge to edge along their centres."""
    a, b = centre(source), centre(target)
    return _edge_point(source, a, b), _edge_point(target, b, a)


def _edge_point(box: Box, start: Point, towards: Point) -> Point:
    dx, dy = towards[0] - start[0], towards[1] - start[1]
    wide, high = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    part = min(wide / abs(dx) if dx else float("inf"), high / abs(dy) if dy else float("inf"), 1.0)
    return start[0] + dx * part, start[1] + dy * part
