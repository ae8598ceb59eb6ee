"""Flaws of structure: boxes, arrows, words on arrows and frames that say something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from figbench.synthfig.degrade.base import Flaw, part_of
from figbench.synthfig.degrade.parts import (
    arrows,
    bodies,
    bounds,
    centre,
    changed,
    connect,
    labels,
    number,
    stroke,
    text,
)
from figbench.synthfig.scene import Box, Item, Scene, Shape, Stroke, Text

_TRIES = 60
_WORDS = ("Adapter", "Router", "Buffer", "Sampler", "Filter", "Planner", "Ranker", "Cache")


def remove_nodes(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Leaves out a share of the boxes with their labels and their arrows; one box stays."""
    gone = set(part_of(sorted(bodies(scene)), share, rng)[: len(bodies(scene)) - 1])
    lost = {
        item.part.replace("edge:", "note:")
        for item in scene.items
        if isinstance(item, Stroke) and item.ends and gone.intersection(item.ends)
    }
    lost |= {f"{kind}:{i}" for kind in ("node", "label", "badge") for i in gone}
    lost |= {part.replace("note:", "edge:") for part in lost if part.startswith("note:")}
    return changed(scene, {}, [i for i, item in enumerate(scene.items) if item.part in lost])


def add_nodes(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Adds boxes with names that are not of this method, each with an arrow from a true box."""
    own = bodies(scene)
    count = int(np.floor(share * len(own) + rng.random()))
    pattern = next((item for item in scene.texts if item.part.startswith("label:")), None)
    arrow = next((item for item in scene.items if isinstance(item, Stroke)), None)
    if pattern is None or arrow is None:
        return scene
    taken = [item.box for item in scene.items if not isinstance(item, Stroke)]
    taken = [box for box in taken if (box[2] - box[0]) < scene.width * 0.4]
    added: list[Item] = []
    shapes = list(own.values())
    for k in range(count):
        model = shapes[int(rng.integers(len(shapes)))]
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        box = _free_box(scene, taken, rng)
        taken.append(box)
        cx, cy = centre(box)
        new = max(own, default=0) + 1 + k
        source = sorted(own)[int(rng.integers(len(own)))]
        path = connect(own[source].box, box)
        added += [
            replace(arrow, path=path, part=f"edge:{1000 + k}", ends=(source, new), both=False),
            Shape("box", box, model.fill or (255, 255, 255), (60, 60, 60), 1, part=f"node:{new}"),
            replace(pattern, markup=word, x=round(cx), y=round(cy + pattern.size * 0.3),
                    colour=(15, 15, 15), part=f"label:{new}"),
        ]  # fmt: skip
    return changed(scene, {}, (), added)


def _free_box(scene: Scene, taken: list[Box], rng: np.random.Generator) -> Box:
    wide, high = 74, 30
    best: tuple[float, Box] | None = None
    for _ in range(_TRIES):
        x = int(rng.integers(4, max(scene.width - wide - 4, 5)))
        y = int(rng.integers(4, max(scene.height - high - 4, 5)))
        box = (x, y, x + wide, y + high)
        overlap = sum(
            max(0, min(box[2], t[2]) - max(box[0], t[0]))
            * max(0, min(box[3], t[3]) - max(box[1], t[1]))
            for t in taken
        )
        if best is None or overlap < best[0]:
            best = (overlap, box)
        if overlap == 0:
            break
    if best is None:
        raise AssertionError("unreachable")
    return best[1]


def remove_arrows(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Leaves out a share of the arrows with the words on them."""
    gone = part_of(arrows(scene), share, rng)
    notes = {stroke(scene, i).part.replace("edge:", "note:") for i in gone}
    drop = [i for i, item in enumerate(scene.items) if item.part in notes]
    return changed(scene, {}, [*gone, *drop])


def add_arrows(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Adds straight arrows between boxes that have none, ``share`` times the number of arrows."""
    own, existing = bodies(scene), arrows(scene)
    if not existing or len(own) < 2:
        return scene
    linked = {frozenset(stroke(scene, i).ends or ()) for i in existing}
    pairs = [(a, b) for a in own for b in own if a != b and frozenset((a, b)) not in linked]
    count = int(np.floor(share * len(existing) + rng.random()))
    pattern = replace(stroke(scene, existing[0]), both=False, dashed=False)
    order = rng.permutation(len(pairs))[:count]
    added = [
        replace(pattern, path=connect(own[a].box, own[b].box), part=f"edge:{2000 + k}", ends=(a, b))
        for k, (a, b) in enumerate(pairs[i] for i in order)
    ]
    return changed(scene, {}, (), added)


def reverse_arrows(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Puts the head of a share of the one-way arrows at their other end."""
    single_headed = [i for i in arrows(scene) if not stroke(scene, i).both]
    new: dict[int, Item] = {}
    for i in part_of(single_headed, share, rng):
        item = stroke(scene, i)
        if item.ends:
            new[i] = replace(item, path=item.path[::-1], ends=(item.ends[1], item.ends[0]))
    return changed(scene, new)


def reattach_arrows(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Leads a share of the arrows to another box, in a straight line."""
    own = bodies(scene)
    new: dict[int, Item] = {}
    for i in part_of(arrows(scene), share, rng):
        item = stroke(scene, i)
        others = [k for k in sorted(own) if item.ends and k not in item.ends]
        if item.ends and others:
            target = others[int(rng.integers(len(others)))]
            path = connect(own[item.ends[0]].box, own[target].box)
            new[i] = replace(item, path=path, ends=(item.ends[0], target))
    return changed(scene, new)


def swap_edge_labels(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Moves a share of the words on arrows to other arrows, each beside its middle."""
    notes = list(labels(scene, ("note",)).values())
    strokes = {number(stroke(scene, i).part): stroke(scene, i) for i in arrows(scene)}
    new: dict[int, Item] = {}
    for rows in part_of(notes, share, rng):
        item = text(scene, rows[0])
        others = [k for k in sorted(strokes) if k != number(item.part)]
        if others:
            k = others[int(rng.integers(len(others)))]
            path = strokes[k].path
            x, y = path[len(path) // 2]
            before = path[len(path) // 2 - 1]
            half = (bounds(scene, rows)[2] - bounds(scene, rows)[0]) // 2
            dx = half + 6 if x == before[0] else 0
            position = round((x + before[0]) / 2 + dx), round((y + before[1]) / 2 - 5)
            new[rows[0]] = replace(item, x=position[0], y=position[1], part=f"note:{k}")
    return changed(scene, new)


def break_groups(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Draws a share of the frames around half of their boxes, cut across the longer side."""
    frames = [
        i
        for i, item in enumerate(scene.items)
        if isinstance(item, Shape) and item.part.startswith("frame:")
    ]
    new: dict[int, Item] = {}
    for i in part_of(frames, share, rng):
        item = scene.items[i]
        if isinstance(item, Shape):
            x0, y0, x1, y1 = item.box
            if x1 - x0 >= y1 - y0:
                box = (x0, y0, (x0 + x1) // 2, y1)
            else:
                box = (x0, y0, x1, (y0 + y1) // 2)
            new[i] = replace(item, box=box)
            title = item.part.replace("frame:", "title:")
            for k, other in enumerate(scene.items):
                if isinstance(other, Text) and other.part == title:
                    new[k] = _into(other, item.box, box)
    return changed(scene, new)


def _into(title: Text, old: Box, new: Box) -> Text:
    if title.turned:
        return title
    x = round((new[0] + new[2]) / 2)
    return replace(title, x=x, y=title.y if title.y < new[3] else title.y - (old[3] - new[3]))


_SHARE = (0.1, 0.25, 0.5, 0.75, 1.0)

FLAWS = (
    Flaw("nodes-removed", "structure", "boxes removed", "share of boxes",
         (0.1, 0.2, 0.35, 0.5, 0.75), scene=remove_nodes),
    Flaw("nodes-added", "structure", "boxes added", "share of boxes",
         (0.1, 0.2, 0.35, 0.5, 0.75), scene=add_nodes),
    Flaw("arrows-removed", "structure", "arrows removed", "share of arrows", _SHARE,
         scene=remove_arrows),
    Flaw("arrows-added", "structure", "arrows added", "share of arrows", _SHARE,
         scene=add_arrows),
    Flaw("arrows-reversed", "structure", "arrows reversed", "share of arrows", _SHARE,
         scene=reverse_arrows),
    Flaw("arrows-reattached", "structure", "arrows led to other boxes", "share of arrows", _SHARE,
         scene=reattach_arrows),
    Flaw("edge-labels-swapped", "structure", "words on wrong arrows", "share of words",
         (0.2, 0.4, 0.6, 0.8, 1.0), scene=swap_edge_labels),
    Flaw("groups-broken", "structure", "frames around half of their boxes", "share of frames",
         (0.2, 0.4, 0.6, 0.8, 1.0), scene=break_groups),
)  # fmt: skip
