"""Conversion of the values of records to ids, texts and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any


def identity_of(value: Any) -> str | None:
    """Returns an id as text, or None; whole numbers that pandas stored as floats are integers."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def first(record: Mapping[str, Any], fields: Iterable[str]) -> Any:
    """Returns the first field that has a value, or None."""
    return next((record[name] for name in fields if record.get(name) is not None), None)


def text_of(value: Any) -> str | None:
    """Returns the value if it is text, else None."""
    return value if isinstance(value, str) else None


def integer(value: Any) -> int | None:
    """Returns the value as a 64-bit integer, or None."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -(2**63) <= number < 2**63 else None


def finite(value: Any) -> float | None:
    """Returns the value as a finite float, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
