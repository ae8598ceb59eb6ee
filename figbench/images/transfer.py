"""Colour signals of PNG other than a profile: gAMA and cICP, to sRGB as a browser shows them.

Matrices and curves: IEC 61966-2-1 (sRGB), SMPTE EG 432-1 (Display P3), ITU-T H.273 (cICP codes).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from figbench.images.limits import DecodeError
from figbench.images.types import RGBImage

SRGB_GAMMA = 0.45455
_TO_SRGB = {
    1: None,
    12: (
        (1.2249401763, -0.2249401763, 0.0),
        (-0.0420569547, 1.0420569547, 0.0),
        (-0.0196375546, -0.0786360456, 1.0982736001),
    ),
    9: (
        (1.6604910021, -0.5876411388, -0.0728498633),
        (-0.1245504745, 1.1328998971, -0.0083494226),
        (-0.0181507634, -0.1005788980, 1.1187296614),
    ),
}
"""Linear light of BT.709, Display P3 and BT.2020 primaries to that of sRGB."""
_LINEAR, _SRGB = (8,), (13,)
_BT709 = (1, 6, 14, 15)
_HDR = {16: "PQ", 18: "HLG"}


def from_gamma(pixels: RGBImage, gamma: float) -> RGBImage:
    """Returns pixels whose file has PNG's ``gAMA`` in sRGB.

    Args:
        pixels: Shape (height, width, 3), uint8.
        gamma: The exponent that the file states, 0.45455 for sRGB.

    Returns:
        Pixels, shape (height, width, 3), uint8.
    """
    if not 0.01 < gamma < 10 or abs(gamma - SRGB_GAMMA) < 0.005:
        return pixels
    ramp = (np.arange(256) / 255.0) ** (1 / gamma)
    table = np.rint(_encoded(ramp) * 255).astype(np.uint8)
    return table[pixels]


def from_cicp(pixels: RGBImage, cicp: tuple[int, int, int, int]) -> RGBImage:
    """Returns pixels whose file has PNG's ``cICP`` in sRGB.

    Args:
        pixels: Shape (height, width, 3), uint8.
        cicp: Primaries, transfer function, matrix and range, as ITU-T H.273 numbers them.

    Returns:
        Pixels, shape (height, width, 3), uint8.

    Raises:
        DecodeError: If the colours are of a kind that is not converted (HDR, other primaries).
    """
    primaries, transfer, matrix, full = cicp
    curve = _curve(transfer)
    if primaries not in _TO_SRGB or curve is None or matrix != 0 or full != 1:
        name = _HDR.get(transfer, f"code {primaries}/{transfer}/{matrix}/{full}")
        raise DecodeError("unsupported", f"colours of cICP ({name}) are not read; save it as sRGB")
    to_srgb = _TO_SRGB[primaries]
    if to_srgb is None and transfer in _SRGB:
        return pixels
    linear = curve[pixels]
    if to_srgb is not None:
        linear = linear @ np.array(to_srgb, dtype=np.float64).T
    return np.rint(_encoded(linear.clip(0, 1)) * 255).astype(np.uint8)


def _curve(transfer: int) -> npt.NDArray[np.float64] | None:
    ramp = np.arange(256) / 255.0
    if transfer in _LINEAR:
        return ramp
    if transfer in _SRGB or transfer in _BT709:
        return np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4)
    if transfer in (4, 5):
        return ramp ** (2.2 if transfer == 4 else 2.8)
    return None


def _encoded(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    high = 1.055 * np.maximum(linear, 1e-12) ** (1 / 2.4) - 0.055
    encoded: npt.NDArray[np.float64] = np.where(linear <= 0.0031308, linear * 12.92, high)
    return encoded
