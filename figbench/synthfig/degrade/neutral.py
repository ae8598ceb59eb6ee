"""Changes that must not count: another palette, font, valid layout, position or encoding."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from figbench.images.types import RGBImage
from figbench.synthfig.degrade.base import Flaw
from figbench.synthfig.degrade.parts import bounds, labels, text
from figbench.synthfig.drawing.canvas import Colour
from figbench.synthfig.drawing.drawings import mixed
from figbench.synthfig.drawing.text import width_of
from figbench.synthfig.layout.node import ICONS, SIGNS
from figbench.synthfig.make import restyle
from figbench.synthfig.scene import Item, Scene, Shape, Text
from figbench.synthfig.style import Paint, palette, palette_names

_FONTS = ("sans", "times", "serif", "mono", "texsans", "wide")
_WHITE: Colour = (255, 255, 255)


def other_palette(scene: Scene, variant: float, rng: np.random.Generator) -> Scene:
    """Paints the same drawing in another palette, drawn from those that styles use."""
    style, content = scene.style, scene.content
    if style is None or content is None:
        return scene
    offers = [name for name in palette_names() if palette(name, False) != style.paints]
    order = rng.permutation(len(offers))
    paints = palette(offers[order[int(variant) % len(offers)]], False)
    roles = {i: module.role for i, module in enumerate(content.modules)}
    new_style = replace(style, paints=paints)
    swap: dict[Colour, Colour] = {}
    for old, new in zip(style.paints, paints, strict=True):
        swap[mixed(old.fill, _WHITE, 62)] = mixed(new.fill, _WHITE, 62)
        swap[mixed(old.line, old.fill, 20)] = mixed(new.line, new.fill, 20)
    items: list[Item] = []
    for item in scene.items:
        kind, _, tail = item.part.partition(":")
        role = roles.get(int(tail)) if kind in ("node", "label") and tail else None
        if role is not None:
            item = _painted(item, style.paint(role), new_style.paint(role))
        elif isinstance(item, Shape) and kind == "frame" and style.group_tint:
            fill = swap.get(item.fill, item.fill) if item.fill else None
            item = replace(item, fill=fill, line=swap.get(item.line, item.line))
        elif isinstance(item, Shape) and kind == "legend":
            for old, new in zip(style.paints, paints, strict=True):
                if item.fill == old.fill and item.line == old.line:
                    item = replace(item, fill=new.fill, line=new.line)
                    break
        items.append(item)
    return replace(scene, items=tuple(items), style=new_style)


def _painted(item: Item, old: Paint, new: Paint) -> Item:
    if isinstance(item, Text):
        return replace(item, colour=new.text) if item.colour == old.text else item
    if isinstance(item, Shape):
        with_line = item.kind in ICONS | SIGNS
        line = new.fill if item.line == old.fill and not with_line else new.line
        return replace(item, fill=new.fill, line=line)
    return item


def other_font(scene: Scene, variant: float, rng: np.random.Generator) -> Scene:
    """Sets every label in another font, smaller where it would be wider than before."""
    faces = [face for face in _FONTS if scene.style is None or face != scene.style.face]
    face = faces[int(variant) % len(faces)]
    items = list(scene.items)
    for rows in labels(scene).values():
        old = bounds(scene, rows)
        lines = [text(scene, i) for i in rows]
        turned = lines[0].turned
        room = (old[3] - old[1]) if turned else (old[2] - old[0])
        wide = max(width_of(line.markup, face, line.size) for line in lines) + 3
        size = lines[0].size if wide <= room + 4 else int(lines[0].size * (room + 4) / wide)
        for i, line in zip(rows, lines, strict=True):
            items[i] = replace(line, face=face, size=max(size, 8))
    return replace(scene, items=tuple(items))


def other_layout(scene: Scene, variant: float, rng: np.random.Generator) -> Scene:
    """Draws the same content once more in another style and layout."""
    seeds = rng.integers(2**61, size=8)
    return restyle(scene, int(seeds[int(variant)]))


def shift(image: RGBImage, pixels: float, rng: np.random.Generator) -> RGBImage:
    """Moves the drawing right and down on a page of the same size; new edges are its corner."""
    step = int(pixels)
    out = np.empty_like(image)
    out[:] = image[0, 0]
    out[step:, step:] = image[:-step, :-step]
    return out


def pad(image: RGBImage, share: float, rng: np.random.Generator) -> RGBImage:
    """Adds a margin of ``share`` of each side's length, in the colour of the corner."""
    high, wide = image.shape[:2]
    dy, dx = round(high * share), round(wide * share)
    out = np.empty((high + 2 * dy, wide + 2 * dx, 3), np.uint8)
    out[:] = image[0, 0]
    out[dy : dy + high, dx : dx + wide] = image
    return out


_ENCODINGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("BMP", ".bmp", {}),
    ("TIFF", ".tif", {"compression": "tiff_lzw"}),
    ("WEBP", ".webp", {"lossless": True}),
    ("JPEG", ".jpg", {"quality": 95, "subsampling": 0}),
    ("WEBP", ".webp", {"quality": 95}),
)


def reencode(image: RGBImage, variant: float) -> tuple[bytes, str]:
    """Writes the figure in another format: lossless BMP, TIFF, WebP; JPEG and WebP of 95."""
    name, suffix, options = _ENCODINGS[int(variant)]
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, name, **options)
    return buffer.getvalue(), suffix


_VARIANTS = (0, 1, 2, 3, 4)

FLAWS = (
    Flaw("palette", "neutral", "another palette", "variant", _VARIANTS, scene=other_palette,
         ordered=False),
    Flaw("font", "neutral", "another font", "variant", _VARIANTS, scene=other_font,
         ordered=False),
    Flaw("layout", "neutral", "another valid layout", "variant", _VARIANTS, scene=other_layout,
         ordered=False),
    Flaw("shift", "neutral", "shifted", "px", (1, 2, 4, 8, 16), image=shift),
    Flaw("padding", "neutral", "padded", "share a side", (0.01, 0.02, 0.05, 0.1, 0.15),
         image=pad),
    Flaw("encoding", "neutral", "another file format", "variant", _VARIANTS, file=reencode,
         ordered=False),
)  # fmt: skip
