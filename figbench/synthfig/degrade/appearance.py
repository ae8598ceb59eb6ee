"""Flaws of appearance: what the figure says stays, its pixels are worse."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from figbench.images.types import RGBImage
from figbench.synthfig.degrade.base import Flaw
from figbench.synthfig.degrade.models import blur
from figbench.synthfig.scene import Item, Scene, Shape, Stroke


def blurred(image: RGBImage, radius: float, rng: np.random.Generator) -> RGBImage:
    """Applies a Gaussian blur of ``radius`` pixels."""
    return blur(image, radius)


def jpeg(image: RGBImage, quality: float, rng: np.random.Generator) -> RGBImage:
    """Compresses as JPEG of the given quality (1 to 95) and decodes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(quality))
    return np.asarray(Image.open(buffer).convert("RGB"))


def noise(image: RGBImage, sd: float, rng: np.random.Generator) -> RGBImage:
    """Adds Gaussian noise with a standard deviation in grey levels of 255."""
    noisy = image + sd * rng.standard_normal(image.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def low_contrast(image: RGBImage, contrast: float, rng: np.random.Generator) -> RGBImage:
    """Pulls every pixel towards white: ``contrast`` is what remains of its distance."""
    pale = 255.0 - contrast * (255.0 - image.astype(np.float64))
    return np.rint(pale).astype(np.uint8)


def thicken(scene: Scene, extra: float, rng: np.random.Generator) -> Scene:
    """Draws arrows and outlines with a pen wider by ``extra`` pixels."""
    more = int(extra)
    items: list[Item] = []
    for item in scene.items:
        if isinstance(item, Stroke):
            item = replace(item, pen=item.pen + more)
        elif isinstance(item, Shape) and item.part.startswith("node:"):
            item = replace(item, border=item.border + more)
        items.append(item)
    return replace(scene, items=tuple(items))


FLAWS = (
    Flaw("blur", "appearance", "Gaussian blur", "radius in px", (0.5, 1.0, 2.0, 3.0, 4.0),
         image=blurred),
    Flaw("jpeg", "appearance", "JPEG", "quality", (75, 40, 20, 10, 5), image=jpeg),
    Flaw("noise", "appearance", "noise", "sd of 255", (4, 10, 20, 40, 80), image=noise),
    Flaw("line-width", "appearance", "lines too thick", "px", (1, 2, 3, 5, 8), scene=thicken),
    Flaw("low-contrast", "appearance", "low contrast", "share", (0.8, 0.6, 0.4, 0.25, 0.12),
         image=low_contrast),
)  # fmt: skip
