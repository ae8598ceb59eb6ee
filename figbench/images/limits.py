"""Why a file is not used, and the limits that a file must keep."""

from __future__ import annotations

import os
from dataclasses import dataclass

from figbench.errors import UserError


class DecodeError(Exception):
    """A file that is not a usable figure.

    Attributes:
        code: Short stable reason, e.g. ``truncated``.
        reason: One sentence for a person.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before it is decoded.

    Each can be set in the environment, as ``FIGBENCH_MAX_BYTES`` and so on.

    Attributes:
        max_bytes: Of the file.
        max_pixels: Width times height.
        min_side: Shorter side in pixels.
        max_aspect: Longer side over shorter side.
    """

    max_bytes: int = 256 * 2**20
    max_pixels: int = 100_000_000
    min_side: int = 2
    max_aspect: float = 50.0

    @classmethod
    def from_environment(cls) -> Limits:
        """Returns the limits with what ``FIGBENCH_*`` variables change.

        Raises:
            UserError: If a variable is not a positive number.
        """
        default = cls()
        return cls(
            max_bytes=int(_setting("MAX_BYTES", default.max_bytes)),
            max_pixels=int(_setting("MAX_PIXELS", default.max_pixels)),
            min_side=int(_setting("MIN_SIDE", default.min_side)),
            max_aspect=_setting("MAX_ASPECT", default.max_aspect),
        )

    def check_bytes(self, count: int) -> None:
        """Raises ``DecodeError`` ("bomb") for a file that is too large."""
        if count > self.max_bytes:
            raise DecodeError(
                "bomb",
                f"{count:,} bytes, over the limit of {self.max_bytes:,} (FIGBENCH_MAX_BYTES)",
            )

    def check_size(self, width: int, height: int) -> None:
        """Raises ``DecodeError`` for too many pixels, too few, or an absurd aspect."""
        if width * height > self.max_pixels:
            raise DecodeError(
                "bomb",
                f"{width} x {height} pixels, over the limit of {self.max_pixels:,} "
                "(FIGBENCH_MAX_PIXELS)",
            )
        if min(width, height) < self.min_side:
            raise DecodeError("too-small", f"{width} x {height} pixels")
        self.check_aspect(width, height)

    def check_aspect(self, width: float, height: float) -> None:
        """Raises ``DecodeError`` ("absurd-aspect") for a strip that no page would hold."""
        if max(width, height) > self.max_aspect * min(width, height):
            raise DecodeError("absurd-aspect", f"a strip of {width:g} x {height:g}")


LIMIT_CODES = frozenset(("bomb", "too-small", "absurd-aspect"))
"""Verdicts that depend on the limits, not on the bytes alone."""


def _setting(name: str, default: float) -> float:
    text = os.environ.get(f"FIGBENCH_{name}")
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e15:
        raise UserError(f"FIGBENCH_{name}={text}: expected a positive number.")
    return value
