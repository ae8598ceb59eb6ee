"""Small images inside figures: photographs, heat maps, noise, masks, grids.

Each function takes a generator, a width and a height in pixels, and returns a uint8 array of shape
(height, width, 3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from figbench.images.types import RGBImage
from figbench.synthfig.drawing.canvas import Canvas, Colour
from figbench.synthfig.drawing.raster import ellipse
from figbench.synthfig.rng import StableRng

_RAMPS: tuple[tuple[Colour, ...], ...] = (
    ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)),
    ((0, 0, 131), (0, 128, 255), (128, 255, 128), (255, 128, 0), (128, 0, 0)),
    ((255, 255, 255), (222, 235, 247), (158, 202, 225), (66, 146, 198), (8, 81, 156)),
    ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)),
)
_SCENES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((120, 170, 225), (205, 225, 245), (70, 120, 60), (40, 80, 45)),
    ((245, 170, 110), (250, 220, 170), (90, 70, 90), (50, 40, 60)),
    ((90, 120, 160), (180, 195, 215), (150, 130, 100), (95, 80, 65)),
    ((150, 195, 230), (225, 240, 250), (215, 190, 140), (170, 140, 95)),
    ((60, 80, 120), (150, 150, 180), (60, 90, 100), (30, 50, 65)),
)


def _field(rng: StableRng, width: int, height: int, cells: int) -> npt.NDArray[np.float64]:
    """Smooth values in 0..1: a coarse random grid, interpolated bilinearly."""
    coarse = np.array([rng.unit() for _ in range((cells + 1) ** 2)]).reshape(cells + 1, cells + 1)
    x = np.arange(width) * (cells / max(width, 1))
    y = np.arange(height) * (cells / max(height, 1))
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    u, v = (y - i)[:, None], (x - j)[None, :]
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    top = coarse[i][:, j] * (1 - v) + coarse[i][:, j + 1] * v
    low = coarse[i + 1][:, j] * (1 - v) + coarse[i + 1][:, j + 1] * v
    return np.asarray(top * (1 - u) + low * u)


def _ramp(values: npt.NDArray[np.float64], ramp: tuple[Colour, ...]) -> RGBImage:
    stops = np.array(ramp, np.float64)
    at = np.minimum(values, 0.9999) * (len(stops) - 1)
    low = np.floor(at).astype(int)
    part = (at - low)[..., None]
    return np.asarray(np.rint(stops[low] * (1 - part) + stops[low + 1] * part), np.uint8)


def heatmap(rng: StableRng, width: int, height: int) -> RGBImage:
    """A smooth field in a colour ramp."""
    return _ramp(_field(rng, width, height, rng.integer(2, 4)), rng.choice(_RAMPS))


def noise(rng: StableRng, width: int, height: int) -> RGBImage:
    """Grey noise, one value per pixel."""
    words = np.array([rng.word() for _ in range((width * height + 7) // 8)], np.uint64)
    grey = words.view(np.uint8)[: width * height].reshape(height, width)
    return np.repeat((grey // 2 + 64)[..., None], 3, axis=2).astype(np.uint8)


def grid(rng: StableRng, width: int, height: int) -> RGBImage:
    """Square cells of a matrix in a colour ramp."""
    cells = rng.integer(4, 6)
    values = np.array([rng.unit() for _ in range(cells * cells)]).reshape(cells, cells)
    rows, cols = np.arange(height) * cells // height, np.arange(width) * cells // width
    return _ramp(values, rng.choice(_RAMPS[1:]))[rows][:, cols]


def photo(rng: StableRng, width: int, height: int) -> RGBImage:
    """A landscape or a head before a backdrop, roughly shaded: a stand-in for a photograph."""
    sky, haze, near, dark = rng.choice(_SCENES)
    y = np.linspace(0, 1, height)[:, None, None]
    page = np.rint(np.array(sky) * (1 - y) + np.array(haze) * y) + np.zeros((1, width, 1))
    canvas = Canvas(width, height)
    canvas.pixels = page.astype(np.uint8)
    if rng.chance(0.35):
        _portrait(canvas, rng, near, dark)
    else:
        _landscape(canvas, rng, near, dark)
    texture = (_field(rng, width, height, 8) - 0.5) * 44
    return np.clip(canvas.pixels + np.rint(texture)[..., None], 0, 255).astype(np.uint8)


def _landscape(canvas: Canvas, rng: StableRng, near: Colour, dark: Colour) -> None:
    height, width = canvas.pixels.shape[:2]
    sun, radius = rng.integer(width // 6, width * 5 // 6), height * 0.11
    canvas.polygon(ellipse(sun - radius, 4, sun + radius, 4 + 2 * radius), (255, 244, 205))
    for colour, level in ((near, 0.5), (dark, 0.74)):
        peak = rng.integer(0, width)
        ridge = []
        for x in range(0, width + 5, 5):
            away = (x - peak) / width
            ridge_level = level + 0.5 * away * away - 0.06 * rng.unit()
            ridge.append((float(x), height * ridge_level))
        canvas.polygon([(0.0, float(height)), *ridge, (width + 5.0, float(height))], colour)


def _portrait(canvas: Canvas, rng: StableRng, near: Colour, dark: Colour) -> None:
    height, width = canvas.pixels.shape[:2]
    cx = width / 2 + rng.integer(-3, 3)
    skin = rng.choice(((236, 200, 170), (190, 140, 105), (120, 82, 60), (225, 180, 150)))
    canvas.polygon(ellipse(cx - width * 0.36, height * 0.68, cx + width * 0.36, height * 1.5), near)
    canvas.polygon(ellipse(cx - width * 0.2, height * 0.12, cx + width * 0.2, height * 0.62), dark)
    canvas.polygon(
        ellipse(cx - width * 0.16, height * 0.22, cx + width * 0.16, height * 0.76), skin
    )
    for side in (-1, 1):
        x = cx + side * width * 0.065
        canvas.polygon(ellipse(x - 1.5, height * 0.42, x + 1.5, height * 0.42 + 3), (40, 30, 30))


def mask(rng: StableRng, width: int, height: int) -> RGBImage:
    """Flat regions, as a segmentation map."""
    colours = rng.sample(
        ((128, 64, 128), (220, 20, 60), (0, 0, 142), (107, 142, 35), (70, 130, 180), (250, 170, 9)),
        3,
    )  # fmt: skip
    field = _field(rng, width, height, 3)
    bands = (field > 0.42).astype(int) + (field > 0.6).astype(int)
    return np.asarray(np.array(colours, np.uint8)[bands])


def boxes(rng: StableRng, width: int, height: int) -> RGBImage:
    """A photograph with two detection boxes."""
    canvas = Canvas(width, height)
    canvas.pixels = photo(rng, width, height)
    for colour in ((255, 60, 60), (80, 255, 80)):
        x, y = rng.integer(2, width // 2), rng.integer(3, height // 2)
        x1, y1 = x + width // 3 + rng.integer(0, 4), y + height // 3 + rng.integer(0, 4)
        ring = [(x, y), (x1, y), (x1, y1), (x, y1), (x, y)]
        canvas.stroke([(float(a), float(b)) for a, b in ring], 1.5, colour, None)
    return canvas.pixels


IMAGES = {
    "photo": photo, "heatmap": heatmap, "noise": noise, "grid": grid, "mask": mask,
    "boxes": boxes,
}  # fmt: skip
"""Looks that are images and fill their box."""
