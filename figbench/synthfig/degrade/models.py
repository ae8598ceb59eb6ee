"""Flawed copies of a set, each with one known flaw: what a benchmark must be able to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from figbench.errors import UserError
from figbench.images.types import RGBImage
from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.make import restyle
from figbench.synthfig.render import render_scene
from figbench.synthfig.rng import StableRng
from figbench.synthfig.scene import Item, Scene, Text

_GARBLE, _REDRAW = 21, 22
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

FLAWS = {
    "redrawn": "the same content in another hand: only the drawing differs",
    "garbled": "letters of every label permuted and replaced",
    "blurred": "Gaussian blur that leaves the layout visible",
    "mode-dropped": "a few figures repeated against every caption",
}
"""What ``degraded`` can do, with a line for people."""


def garble(scene: Scene, seed: int) -> Scene:
    """Returns the scene with the letters of every label permuted and in part replaced.

    No label becomes wider, so the layout still holds.
    """
    rng = StableRng(seed, _GARBLE)
    items: list[Item] = []
    for item in scene.items:
        items.append(garbled(item, rng) if isinstance(item, Text) else item)
    return replace(scene, items=tuple(items))


def garbled(text: Text, rng: StableRng) -> Text:
    """Returns the text with its letters permuted and in part replaced, not wider than before."""
    markup = text.markup
    for _ in range(20):
        letters = [i for i, char in enumerate(markup) if char.isalnum()]
        moved = rng.shuffled([markup[i] for i in letters])
        chars = list(markup)
        for i, char in zip(letters, moved, strict=True):
            swap = char.isalpha() and (rng.chance(0.4) or len(letters) < 3)
            chars[i] = rng.choice(_LETTERS) if swap else char
        other = "".join(chars)
        fits = width_of(other, text.face, text.size) <= width_of(markup, text.face, text.size)
        if fits and other != markup:
            return replace(text, markup=other)
    return replace(text, markup="".join("i" if c.isalpha() else c for c in markup))


def blur(image: RGBImage, radius: float = 2.5) -> RGBImage:
    """Returns the image under a Gaussian blur of ``radius`` pixels, same shape."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def mode_dropped(scenes: Sequence[Scene], seed: int, distinct: int = 4) -> list[Scene]:
    """Returns as many scenes, few of them different, under captions of other figures.

    Args:
        scenes: The reference.
        seed: The remaining scenes are drawn in another hand, so that none is a copy.
        distinct: Number of different scenes, at most; at least 1 and fewer than a quarter.
    """
    if distinct < 1:
        raise UserError(f"Cannot keep {distinct} distinct figures.", remedy="Keep at least 1.")
    count = max(1, min(distinct, len(scenes) // 4))
    restyled = [restyle(scene, seed) for scene in scenes[:count]]
    return [
        replace(restyled[(i + 1) % count], caption=scene.caption, paragraphs=scene.paragraphs)
        for i, scene in enumerate(scenes)
    ]


def degraded(flaw: str, scenes: Sequence[Scene], seed: int) -> Iterator[RGBImage]:
    """Yields one image per scene, shape (h, w, 3), with a flaw of ``FLAWS``, in order.

    Args:
        flaw: ``redrawn``, ``garbled``, ``blurred`` or ``mode-dropped``.
        scenes: The reference.
        seed: Of the flaws.

    Raises:
        UserError: When the flaw is unknown.
    """
    if flaw not in FLAWS:
        raise UserError(f"Unknown flaw {flaw!r}.", remedy=f"Known: {', '.join(FLAWS)}.")
    dropped = mode_dropped(scenes, seed) if flaw == "mode-dropped" else ()
    for i, scene in enumerate(scenes):
        if flaw == "redrawn":
            yield render_scene(restyle(scene, StableRng(seed, i, _REDRAW).word() >> 2))
        elif flaw == "garbled":
            yield render_scene(garble(scene, StableRng(seed, i, _GARBLE).word() >> 2))
        elif flaw == "blurred":
            yield blur(render_scene(scene))
        else:
            yield render_scene(dropped[i])
