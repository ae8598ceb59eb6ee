"""OCR results as bytes: compact JSON, one document per image."""

from __future__ import annotations

import json
from collections.abc import Sequence

from figbench.data.types import TextLine


def encode_lines(lines: Sequence[TextLine]) -> bytes:
    """Returns the lines as UTF-8 JSON: ``[[text, box, confidence], ...]``."""
    entries = [[line.text, line.box, round(line.confidence, 6)] for line in lines]
    return json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()


def decode_lines(payload: bytes) -> tuple[TextLine, ...]:
    """Returns the lines that :func:`encode_lines` wrote."""
    return tuple(
        TextLine(text, tuple((float(x), float(y)) for x, y in box), float(confidence))
        for text, box, confidence in json.loads(payload)
    )
