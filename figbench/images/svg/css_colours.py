"""CSS colours and custom properties, resolved to what the SVG renderer reads (``#rrggbb``).

CSS Color 4 and 5: ``oklch``, ``oklab``, ``lab``, ``lch``, ``color()``, ``color-mix``,
``light-dark`` (the light one: a figure lies on a white page) and ``var``. Matrices: B. Ottosson,
"A perceptual color space for image processing" (2020); CSS Color 4, section 18.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_CALL = re.compile(
    r"(?<![\w-])(light-dark|color-mix|oklch|oklab|lch|lab|hwb|color|rgba?|hsla?|var)\("
)
_OKLAB_LMS = (
    (1, 0.3963377774, 0.2158037573),
    (1, -0.1055613458, -0.0638541728),
    (1, -0.0894841775, -1.2914855480),
)
_LMS_RGB = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
_RGB_LMS = tuple(map(tuple, np.linalg.inv(np.array(_LMS_RGB))))
_LMS_OKLAB = tuple(map(tuple, np.linalg.inv(np.array(_OKLAB_LMS))))
_D50_RGB = (
    (3.1341358, -1.6173863, -0.4906619),
    (-0.9787955, 1.9161415, 0.0334540),
    (0.0719553, -0.2289768, 1.4053860),
)
_P3_RGB = (
    (1.2249401763, -0.2249401763, 0),
    (-0.0420569547, 1.0420569547, 0),
    (-0.0196375546, -0.0786360456, 1.0982736001),
)
_D50 = (0.9642956, 1.0, 0.8251046)
Rgba = tuple[float, float, float, float]


class UnresolvedError(ValueError):
    """A value that cannot be resolved; the message names it."""


def resolve(value: str, variables: Mapping[str, str], depth: int = 0) -> str:
    """Returns a CSS value with every variable and colour function resolved.

    Args:
        value: The value as the document has it.
        variables: Values of the custom properties by name.
        depth: Number of variables that refer to this one.

    Raises:
        UnresolvedError: If a variable has no value or a function is not read.
    """
    if depth > 20:
        raise UnresolvedError(f"'{value[:60]}' refers to itself")
    match = _CALL.search(value)
    if match is None:
        return value
    end = _closing(value, match.end())
    inner = value[match.end() : end]
    call, name = value[match.start() : end + 1], match[1]
    if name == "var":
        own, _, fallback = inner.partition(",")
        replacement: str | None = variables.get(own.strip())
        if replacement is None:
            replacement = fallback.strip() or None
        if replacement is None:
            raise UnresolvedError(f"'{call[:60]}' has no value")
        new = resolve(replacement, variables, depth + 1)
    elif name == "light-dark":
        new = resolve(_arguments(inner)[0].strip(), variables, depth + 1)
    else:
        new = _text(_colour(name, resolve(inner, variables, depth + 1), call))
    rest = value[end + 1 :]
    return value[: match.start()] + new + resolve(rest, variables, depth + 1)


def _closing(value: str, start: int) -> int:
    level = 1
    for at in range(start, len(value)):
        level += {"(": 1, ")": -1}.get(value[at], 0)
        if not level:
            return at
    raise UnresolvedError(f"'{value[:60]}' lacks a bracket")


def _arguments(inner: str) -> list[str]:
    pieces, level, last = [], 0, 0
    for at, char in enumerate(inner):
        level += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not level:
            pieces.append(inner[last:at])
            last = at + 1
    return [*pieces, inner[last:]]


def _text(rgba: Rgba) -> str:
    red, green, blue = (round(255 * min(1, max(0, channel))) for channel in rgba[:3])
    if rgba[3] >= 1:
        return f"#{red:02x}{green:02x}{blue:02x}"
    return f"rgba({red},{green},{blue},{max(0.0, rgba[3]):.4g})"


def _colour(name: str, inner: str, call: str) -> Rgba:
    if name == "color-mix":
        return _mixed(inner, call)
    return parse_colour(f"{name}({inner})")


def parse_colour(text: str) -> Rgba:
    """Returns red, green, blue and alpha in 0..1 (sRGB).

    Raises:
        UnresolvedError: If it is no colour that is read.
    """
    from tinycss2 import color4

    colour: Any = color4.parse_color(text.strip())
    if colour is None or isinstance(colour, str):
        raise UnresolvedError(f"the colour '{text[:60]}' is not read")
    values = [0.0 if channel is None else float(channel) for channel in colour.coordinates]
    alpha = float(colour.alpha)
    if colour.space in ("srgb", "hsl", "hwb"):
        red, green, blue = tuple(colour.to("srgb").coordinates)[:3]
        return red, green, blue, alpha
    linear = _linear(colour.space, values)
    if linear is None:
        raise UnresolvedError(f"the colour '{text[:60]}' is not read")
    red, green, blue = map(_encode, linear)
    return red, green, blue, alpha


def _linear(model: str, values: list[float]) -> list[float] | None:
    if model in ("oklch", "lch"):
        angle = math.radians(values[2])
        values = [values[0], values[1] * math.cos(angle), values[1] * math.sin(angle)]
        model = model.replace("lch", "lab")
    if model == "oklab":
        cones = np.array(_OKLAB_LMS) @ values
        return [float(channel) for channel in np.array(_LMS_RGB) @ cones**3]
    if model == "lab":
        light = (values[0] + 16) / 116
        scaled = (light + values[1] / 500, light, light - values[2] / 200)
        xyz = [
            white * (channel**3 if channel > 6 / 29 else 3 * (6 / 29) ** 2 * (channel - 4 / 29))
            for white, channel in zip(_D50, scaled, strict=True)
        ]
        return [float(channel) for channel in np.array(_D50_RGB) @ xyz]
    if model == "srgb-linear":
        return values
    if model == "display-p3":
        return [float(channel) for channel in np.array(_P3_RGB) @ list(map(_decode, values))]
    return None


def _encode(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _decode(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _mixed(inner: str, call: str) -> Rgba:
    first, *colours = _arguments(inner)
    name = "".join(first.strip().removeprefix("in ").split()[:1])
    if len(colours) != 2 or name not in ("srgb", "srgb-linear", "oklab"):
        raise UnresolvedError(f"'{call[:80]}' is not read")
    (left, first_share), (right, second_share) = map(_weighted, colours)
    if first_share is None:
        first_share = 1 - second_share if second_share is not None else 0.5
    if second_share is None:
        second_share = 1 - first_share
    total = first_share + second_share
    if total <= 0:
        raise UnresolvedError(f"'{call[:80]}' mixes nothing")
    weight, fade = first_share / total, min(1.0, total)
    alpha = left[3] * weight + right[3] * (1 - weight)
    channels = [
        (a * left[3] * weight + b * right[3] * (1 - weight)) / (alpha or 1)
        for a, b in zip(_to(name, left), _to(name, right), strict=True)
    ]
    red, green, blue = (
        channels if name == "srgb" else map(_encode, _linear(name, channels) or channels)
    )
    return red, green, blue, alpha * fade


def _weighted(text: str) -> tuple[Rgba, float | None]:
    match = re.search(r"(?:^|\s)(\d+(?:\.\d+)?)%\s*$|^\s*(\d+(?:\.\d+)?)%\s", text)
    if match is None:
        return parse_colour(text), None
    colour = text[: match.start()] + text[match.end() :]
    return parse_colour(colour), float(match[1] or match[2]) / 100


def _to(model: str, colour: Rgba) -> list[float]:
    if model == "srgb":
        return list(colour[:3])
    linear = [_decode(channel) for channel in colour[:3]]
    if model == "srgb-linear":
        return linear
    cones = np.cbrt(np.array(_RGB_LMS) @ linear)
    return [float(channel) for channel in np.array(_LMS_OKLAB) @ cones]
