"""Contrast of WCAG 2.2, colours under colour-vision deficiency, and the colours of a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from figbench.graphs.model import Box
from figbench.images.types import RGBImage

Array = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, severity 1.0; on linear RGB.
DEFICIENCIES: dict[str, Array] = {
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(rgb: npt.ArrayLike) -> Array:
    """Returns linear light, 0 to 1, of sRGB values 0 to 255, of any shape (..., 3)."""
    value = np.asarray(rgb, np.float64) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2).

    Args:
        first: sRGB, three values from 0 to 255.
        second: Likewise.
    """
    weights = np.array([0.2126, 0.7152, 0.0722])
    brighter, darker = sorted((float(linear(c) @ weights) for c in (first, second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def text_contrast(image: RGBImage, box: Box) -> float | None:
    """Returns the contrast ratio of the ink in a box against the background around it.

    The background is the median of the box's border, the ink the mean of the tenth of its pixels
    that differ most: thin letters are darker in print than their antialiased pixels, so that the
    ratio is a lower bound for very small text.

    Args:
        image: uint8, height x width x 3.
        box: Of the text, pixels.

    Returns:
        1 to 21, or None for a box without pixels.
    """
    height, width = image.shape[:2]
    x0, y0 = max(round(box[0]), 0), max(round(box[1]), 0)
    x1, y1 = min(round(box[2]) + 1, width), min(round(box[3]) + 1, height)
    patch = image[y0:y1, x0:x1].astype(np.float64)
    if patch.shape[0] < 3 or patch.shape[1] < 3:
        return None
    border = np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]])
    background = np.median(border, axis=0)
    pixels = patch.reshape(-1, 3)
    far = np.abs(pixels - background).sum(axis=1)
    most = np.argsort(far)[-max(len(far) // 20, 4) :]
    return contrast(pixels[most].mean(axis=0), background)


def simulated(rgb: npt.ArrayLike, deficiency: str) -> Array:
    """Returns colours as a person with a deficiency sees them.

    Args:
        rgb: sRGB from 0 to 255, shape (..., 3).
        deficiency: A key of ``DEFICIENCIES``.

    Returns:
        sRGB from 0 to 255, of the same shape.
    """
    light = np.clip(linear(rgb) @ DEFICIENCIES[deficiency].T, 0.0, 1.0)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(255.0 * curve, np.float64)


def difference(first: npt.ArrayLike, second: npt.ArrayLike) -> Array:
    """Returns the CIEDE2000 difference of sRGB colours (0 to 255), by pairs, shape (...)."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    first_lab, second_lab = (rgb2lab(np.asarray(c, np.float64) / 255.0) for c in (first, second))
    return np.asarray(deltaE_ciede2000(first_lab, second_lab), np.float64)  # type: ignore[no-untyped-call]


def main_colours(
    image: RGBImage, most: int = 12, share: float = 0.002
) -> list[tuple[int, int, int]]:
    """Returns the flat colours of a picture, the most frequent first, the background included.

    Args:
        image: uint8, height x width x 3.
        most: Largest number of colours.
        share: Least share of the pixels.
    """
    height, width = image.shape[:2]
    flat = np.ones((height - 1, width - 1), np.bool_)
    for channel in range(3):
        flat &= image[1:, 1:, channel] == image[:-1, :-1, channel]
    pixels = image[1:, 1:][flat]
    if not len(pixels):
        return []
    codes = (pixels.astype(np.int64) // 4) @ np.array([4096, 64, 1])
    values, counts = np.unique(codes, return_counts=True)
    selected: list[tuple[int, int, int]] = []
    for i in np.argsort(-counts):
        if counts[i] < share * height * width or len(selected) == most:
            break
        red, green, blue = np.median(pixels[codes == values[i]], axis=0)
        colour = int(red), int(green), int(blue)
        if all(float(difference(colour, other)) >= 3.0 for other in selected):
            selected.append(colour)
    return selected
