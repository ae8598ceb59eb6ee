"""Images embedded in the records of an index: data URIs and base64."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

_STARTS = re.compile(
    "iVBORw0KGgo|/9j/|R0lGOD|UklGR|JVBERi0|PHN2Zy|PD94bW|SUkqA|TU0AK|Qk[0-9A-Za-z]"
)
_LONG = 120


def is_embedded(value: str) -> bool:
    """Returns whether a text is an image itself: a data URI, or an image in base64."""
    if value.startswith("data:"):
        return True
    return len(value) > _LONG and _STARTS.match(value) is not None and "." not in value[-6:]


def embedded_bytes(value: str) -> bytes:
    """Returns the bytes of a data URI or of base64.

    Raises:
        ValueError: If the text cannot be decoded.
    """
    if value.startswith("data:"):
        head, _, body = value.partition(",")
        if not head.endswith(";base64"):
            return unquote_to_bytes(body)
        value = body
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
