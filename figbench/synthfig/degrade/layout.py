"""Flaws of layout: the parts and their links stay, their positions change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from figbench.synthfig.degrade.base import Flaw, part_of
from figbench.synthfig.degrade.parts import bodies, centre, inside_page, moved_box, number
from figbench.synthfig.scene import Item, Scene, Shape, Stroke, Text

Moves = dict[int, tuple[int, int]]


def displace(scene: Scene, pixels: float, rng: np.random.Generator) -> Scene:
    """Moves every box with its label by ``pixels`` in a random direction; arrow ends follow."""
    moves: Moves = {}
    for i, body in bodies(scene).items():
        angle = rng.random() * 2 * np.pi
        step = round(pixels * np.cos(angle)), round(pixels * np.sin(angle))
        moves[i] = inside_page(scene, body.box, *step)
    return _moved(scene, moves)


def overlap(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Moves a share of the boxes onto their nearest neighbour, 70% of the way; arrows follow."""
    own = bodies(scene)
    moves: Moves = {}
    for i in part_of(sorted(own), share, rng):
        x, y = centre(own[i].box)
        others = [centre(own[k].box) for k in own if k != i and k not in moves]
        if others:
            near = min(others, key=lambda c: abs(c[0] - x) + abs(c[1] - y))
            moves[i] = round((near[0] - x) * 0.7), round((near[1] - y) * 0.7)
    return _moved(scene, moves)


def _moved(scene: Scene, moves: Moves) -> Scene:
    items: list[Item] = []
    for item in scene.items:
        kind = item.part.partition(":")[0]
        if kind in ("node", "badge", "label"):
            dx, dy = moves.get(number(item.part), (0, 0))
            if isinstance(item, Text):
                item = replace(item, x=item.x + dx, y=item.y + dy)
            elif isinstance(item, Shape):
                item = replace(item, box=moved_box(item.box, dx, dy))
        elif isinstance(item, Stroke) and item.ends:
            first, last = (moves.get(end, (0, 0)) for end in item.ends)
            path = list(item.path)
            path[0] = (path[0][0] + first[0], path[0][1] + first[1])
            path[-1] = (path[-1][0] + last[0], path[-1][1] + last[1])
            item = replace(item, path=tuple(path))
        items.append(item)
    return replace(scene, items=tuple(items))


def mirror(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Mirrors the layout left to right in a share of the figures; letters stay readable."""
    if rng.random() >= share:
        return scene
    items: list[Item] = []
    for item in scene.items:
        if isinstance(item, Text):
            items.append(replace(item, x=scene.width - item.x))
        elif isinstance(item, Stroke):
            items.append(replace(item, path=tuple((scene.width - x, y) for x, y in item.path)))
        else:
            x0, y0, x1, y1 = item.box
            items.append(replace(item, box=(scene.width - x1, y0, scene.width - x0, y1)))
    return replace(scene, items=tuple(items))


FLAWS = (
    Flaw("boxes-displaced", "layout", "boxes displaced", "px", (4, 10, 20, 40, 80),
         scene=displace),
    Flaw("boxes-overlapping", "layout", "boxes overlapping", "share of boxes",
         (0.1, 0.25, 0.5, 0.75, 1.0), scene=overlap),
    Flaw("layout-mirrored", "layout", "layout mirrored", "share of figures",
         (0.2, 0.4, 0.6, 0.8, 1.0), scene=mirror),
)  # fmt: skip
