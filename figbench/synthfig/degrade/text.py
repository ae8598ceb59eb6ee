"""Flaws of text: the drawing stays, the labels are wrong, misplaced, absent or hard to read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from figbench.images.types import RGBImage
from figbench.synthfig.degrade.base import Flaw, part_of
from figbench.synthfig.degrade.models import garbled
from figbench.synthfig.degrade.parts import bounds, centre, changed, labels
from figbench.synthfig.degrade.parts import text as text_at
from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.render import render_scene
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Item, Scene, Text

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SYLLABLES = ("ter", "lo", "quin", "mar", "ves", "pol", "dra", "nix", "bel", "cor", "fam", "gut")
_TRIES = 20


def swap_characters(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Replaces a share of the letters by others that are not wider."""
    swaps = {
        (i, j)
        for i, j in part_of(
            [
                (i, j)
                for rows in labels(scene).values()
                for i in rows
                for j, char in enumerate(text_at(scene, i).markup)
                if char.isalpha()
            ],
            share,
            rng,
        )
    }
    new: dict[int, Item] = {}
    for i in sorted({i for i, _ in swaps}):
        item = text_at(scene, i)
        chars = list(item.markup)
        for j in sorted(j for k, j in swaps if k == i):
            chars[j] = _other_letter(chars[j], item, rng)
        new[i] = replace(item, markup="".join(chars))
    return changed(scene, new)


def _other_letter(char: str, item: Text, rng: np.random.Generator) -> str:
    limit = width_of(char, item.face, item.size)
    for _ in range(_TRIES):
        other = _LETTERS[int(rng.integers(26))]
        other = other.upper() if char.isupper() else other
        if other != char and width_of(other, item.face, item.size) <= limit:
            return other
    return "i" if char != "i" else "l"


def garble_labels(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Permutes and replaces the letters of a share of the labels."""
    new: dict[int, Item] = {}
    for rows in part_of(list(labels(scene).values()), share, rng):
        for i in rows:
            new[i] = garbled(text_at(scene, i), StableRng(int(rng.integers(2**62))))
    return changed(scene, new)


def shuffle_labels(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Passes a share of the boxes' labels on to the next box in a random circle.

    A label that does not fit its new box is drawn smaller, to at least 60%.
    """
    owners = list(labels(scene, ("label",)).values())
    circle = part_of(owners, share, rng)
    if len(circle) < 2:
        return scene
    new: dict[int, Item] = {}
    drop: set[int] = set()
    for giver, taker in zip(circle, [*circle[1:], circle[0]], strict=True):
        new |= _moved_label(scene, giver, taker)
    return changed(scene, new, drop)


def _moved_label(scene: Scene, giver: list[int], taker: list[int]) -> dict[int, Item]:
    source, target = bounds(scene, giver), bounds(scene, taker)
    room = max(target[2] - target[0] + 14, 30)
    scale = max(0.6, min(1.0, room / max(source[2] - source[0], 1)))
    (ax, ay), (bx, by) = centre(source), centre(target)
    pattern = text_at(scene, taker[0])
    return {
        i: replace(
            item,
            x=round(bx + (item.x - ax) * scale),
            y=round(by + (item.y - ay) * scale),
            size=max(7, round(item.size * scale)),
            colour=pattern.colour,
            part=pattern.part,
        )
        for i in giver
        for item in (text_at(scene, i),)
    }


def remove_labels(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Leaves out a share of the labels."""
    gone = part_of(list(labels(scene).values()), share, rng)
    return changed(scene, {}, [i for rows in gone for i in rows])


def invent_labels(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """Adds words that are in no caption to free spots, ``share`` times the number of labels."""
    owners = list(labels(scene).values())
    if not owners:
        return scene
    count = int(np.floor(share * len(owners) + rng.random()))
    pattern = text_at(scene, owners[0][0])
    taken = [item.box for item in scene.items if not hasattr(item, "path")]
    added: list[Item] = []
    for k in range(count):
        pick = rng.integers(len(_SYLLABLES), size=3)
        word = "".join(_SYLLABLES[i] for i in pick).capitalize()
        for _ in range(_TRIES * 4):
            item = replace(
                pattern,
                markup=word,
                size=12,
                colour=(30, 30, 30),
                turned=False,
                x=int(rng.integers(30, max(scene.width - 30, 31))),
                y=int(rng.integers(14, max(scene.height - 6, 15))),
                part=f"invented:{k}",
            )
            box = item.box
            free = all(
                box[0] > t[2] or box[2] < t[0] or box[1] > t[3] or box[3] < t[1] for t in taken
            )
            if free:
                break
        taken.append(item.box)
        added.append(item)
    return changed(scene, {}, (), added)


def shrink_labels(scene: Scene, factor: float, rng: np.random.Generator) -> Scene:
    """Draws every label smaller around its centre."""
    new: dict[int, Item] = {}
    for rows in labels(scene).values():
        cx, cy = centre(bounds(scene, rows))
        for i in rows:
            item = text_at(scene, i)
            size = max(3, round(item.size * factor))
            x, y = round(cx + (item.x - cx) * factor), round(cy + (item.y - cy) * factor)
            new[i] = replace(item, size=size, x=x, y=y)
    return changed(scene, new)


def blur_labels(scene: Scene, radius: float, rng: np.random.Generator) -> RGBImage:
    """Renders the scene with the ink of its texts blurred and everything else sharp."""
    from scipy.ndimage import gaussian_filter

    bare = render_scene(changed(scene, {}, [i for rows in labels(scene).values() for i in rows]))
    full = render_scene(scene)
    ink = full.astype(np.float32) - bare
    soft = gaussian_filter(ink, sigma=(radius, radius, 0))
    return np.clip(np.rint(bare + soft), 0, 255).astype(np.uint8)


_SHARE = (0.1, 0.25, 0.5, 0.75, 1.0)

FLAWS = (
    Flaw("text-characters", "text", "characters swapped", "share of letters",
         (0.05, 0.15, 0.35, 0.7, 1.0), scene=swap_characters),
    Flaw("text-garbled", "text", "labels garbled", "share of labels", _SHARE,
         scene=garble_labels),
    Flaw("text-shuffled", "text", "labels in wrong boxes", "share of boxes",
         (0.25, 0.4, 0.6, 0.8, 1.0), scene=shuffle_labels),
    Flaw("text-removed", "text", "labels removed", "share of labels", _SHARE,
         scene=remove_labels),
    Flaw("text-invented", "text", "labels invented", "share of labels", _SHARE,
         scene=invent_labels),
    Flaw("text-shrunk", "text", "labels shrunk", "size",
         (0.85, 0.7, 0.55, 0.4, 0.3), scene=shrink_labels),
    Flaw("text-blurred", "text", "labels blurred alone", "radius in px",
         (0.5, 1.0, 1.5, 2.5, 4.0), rendered=blur_labels),
)  # fmt: skip
