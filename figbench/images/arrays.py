"""Images in memory (PIL, numpy, torch) as RGB uint8 arrays on a white page, with checks.

Used by every public function that takes images. torch is never imported: a tensor is recognised by
its class and converted through its own methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from figbench.errors import UserError
from figbench.images.colour import to_rgb
from figbench.images.limits import DecodeError
from figbench.images.types import RGBImage

ValueRange = tuple[float, float]
"""Lowest and highest value of float images: (0, 1) or (-1, 1)."""

UNIT: ValueRange = (0.0, 1.0)
RANGES: tuple[ValueRange, ...] = (UNIT, (-1.0, 1.0))
TOLERANCE = 1e-4
"""Float images may leave their range by this share of its width: the rounding of a sampler."""


def as_rgb_images(
    images: Any, name: str = "images", value_range: ValueRange = UNIT
) -> list[RGBImage]:
    """Returns images as a list of RGB uint8 arrays.

    Args:
        images: A PIL image; a uint8 array (h, w, 3) or (n, h, w, 3); a torch tensor (3, h, w) or
            (n, 3, h, w), uint8 or float; or a list of such single images, which may differ in
            size. Grey images may have one channel. PIL images of any mode are converted as files
            are: profile applied, transparency on white.
        name: The argument, for messages.
        value_range: Range of float images, (0, 1) or (-1, 1). Values are scaled to 0..255 and
            rounded to the nearest integer (half to even), as diffusers does.

    Returns:
        Arrays of shape (h, w, 3), contiguous.

    Raises:
        UserError: If there is no image, or a shape, type or value is not as described; the message
            names the argument and the position.
    """
    limits = (float(value_range[0]), float(value_range[1]))
    if limits not in RANGES:
        raise UserError(
            f"value_range: {value_range}, expected (0, 1) or (-1, 1).",
            remedy="Scale the images to one of the two ranges first.",
        )
    if isinstance(images, str | bytes) or images is None:
        raise UserError(
            f"{name}: {type(images).__name__}, expected images.",
            remedy="Files are read by figbench.Figures.from_folder(PATH).",
        )
    if isinstance(images, Sequence):
        items = [(image, f"{name}[{i}]") for i, image in enumerate(images)]
        converted = [_single(image, where, limits) for image, where in items]
    elif _dimensions(images) == 4:
        converted = _batch(images, name, limits)
    else:
        converted = [_single(images, name, limits)]
    if not converted:
        raise UserError(f"{name}: empty, expected at least one image.")
    return converted


def is_tensor(value: Any) -> bool:
    """Tells whether a value is a torch tensor, without importing torch."""
    return any(base.__module__ == "torch" and base.__name__ == "Tensor" for base in _bases(value))


def _bases(value: Any) -> tuple[type, ...]:
    return type(value).__mro__


def _dimensions(value: Any) -> int:
    return int(getattr(value, "ndim", 0))


def _batch(images: Any, name: str, limits: ValueRange) -> list[RGBImage]:
    array = _to_numpy(images, name)
    if is_tensor(images):
        array = np.moveaxis(array, 1, -1)
    pixels = _pixels(array, name, limits, torch_layout=is_tensor(images))
    return [np.ascontiguousarray(image) for image in pixels]


def _single(image: Any, name: str, limits: ValueRange) -> RGBImage:
    if isinstance(image, Image.Image):
        try:
            return np.ascontiguousarray(to_rgb(image))
        except DecodeError as error:
            raise UserError(f"{name}: {error.reason}.") from None
    dimensions = _dimensions(image)
    if dimensions not in (2, 3):
        raise UserError(
            f"{name}: {_described(image)}, expected one image.",
            remedy="Give a PIL image, a uint8 array (height, width, 3) or a torch tensor "
            "(3, height, width).",
        )
    array = _to_numpy(image, name)
    if dimensions == 3 and is_tensor(image):
        array = np.moveaxis(array, 0, -1)
    if dimensions == 2:
        array = array[:, :, None]
    pixels = _pixels(array, name, limits, torch_layout=is_tensor(image))
    return np.ascontiguousarray(pixels)


def _to_numpy(value: Any, name: str) -> npt.NDArray[Any]:
    if is_tensor(value):
        tensor = value.detach().cpu()
        if tensor.is_floating_point():
            tensor = tensor.float()
        return np.asarray(tensor.numpy())
    if not isinstance(value, np.ndarray):
        raise UserError(
            f"{name}: {type(value).__name__}, expected a PIL image, numpy array or torch tensor."
        )
    return value


def _pixels(
    array: npt.NDArray[Any], name: str, limits: ValueRange, *, torch_layout: bool
) -> npt.NDArray[np.uint8]:
    layout = "(n, 3, height, width)" if torch_layout else "(n, height, width, 3)"
    if array.shape[-1] not in (1, 3) or 0 in array.shape:
        shape = array.shape
        if torch_layout:
            shape = (*array.shape[:-3], array.shape[-1], *array.shape[-3:-1])
        raise UserError(f"{name}: shape {shape}, expected {layout} or one image of it.")
    if array.dtype == np.uint8:
        pixels = array
    elif array.dtype.kind == "f" and torch_layout:
        pixels = _from_float(array, name, limits)
    else:
        remedy = (
            "For float images give a torch tensor (n, 3, height, width), or convert: "
            "(array * 255).round().astype('uint8')."
        )
        expected = "uint8 or float" if torch_layout else "uint8"
        raise UserError(f"{name}: dtype {array.dtype}, expected {expected}.", remedy=remedy)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _from_float(array: npt.NDArray[Any], name: str, limits: ValueRange) -> npt.NDArray[np.uint8]:
    low, high = limits
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise UserError(f"{name}: {bad} values are NaN or infinite.")
    smallest, largest = float(array.min()), float(array.max())
    slack = TOLERANCE * (high - low)
    if smallest < low - slack or largest > high + slack:
        raise UserError(
            f"{name}: values from {smallest:.4g} to {largest:.4g}, outside value_range "
            f"({low:g}, {high:g}).",
            remedy=_range_remedy(smallest, largest),
        )
    scaled = (array.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def _range_remedy(smallest: float, largest: float) -> str:
    if smallest >= -1.0 - TOLERANCE and largest <= 1.0 + TOLERANCE:
        return "State the range of the images: value_range=(-1, 1)."
    if smallest >= 0 and largest > 2 and largest <= 255:
        return "Convert images of 0..255 with .to(torch.uint8)."
    return "Clip or scale the images first."


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return (
        f"{type(value).__name__} of shape {tuple(shape)}"
        if shape is not None
        else (type(value).__name__)
    )
