"""Cases of decoding, vector."""

from __future__ import annotations

import zlib

import numpy as np
from PIL import Image

from tests.field.cases.base import (
    Case,
    one_file,
    svg,
)
from tests.field.files import (
    chunk,
    encoded,
    picture,
    png,
    with_chunks,
)


def _text_bomb():
    return with_chunks(png(0), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(9_000_000))))


def _bad_exif():
    return with_chunks(png(0), chunk(b"eXIf", b"not exif at all"))


def _open_jpeg():
    return encoded(picture(0), "JPEG", quality=95).removesuffix(b"\xff\xd9")


def _dark():
    return encoded(Image.fromarray(np.asarray(picture(0).convert("L")).astype(np.uint16)))


CASES = (
    Case(
        "decoding",
        "text over 1 MB unpacked in a PNG",
        "the picture",
        one_file("fig0.png", _text_bomb),
        (4, 4),
    ),
    Case(
        "decoding",
        "EXIF that is none",
        "the picture, and said",
        one_file("fig0.png", _bad_exif),
        (4, 4),
        "damaged metadata",
    ),
    Case(
        "decoding",
        "a JPEG without its end marker",
        "the picture, and said",
        one_file("fig0.jpg", _open_jpeg),
        (4, 4),
        "end marker",
    ),
    Case(
        "decoding",
        "8-bit values in a 16-bit PNG",
        "reject `unit-range`: it would be a black page",
        one_file("fig0.png", _dark),
        said="unit-range",
    ),
    Case(
        "decoding",
        "HDR colours (cICP PQ, HLG)",
        "reject `unsupported`",
        one_file("fig0.png", lambda: with_chunks(png(0), chunk(b"cICP", bytes([9, 16, 0, 1])))),
        said="unsupported",
    ),
    Case(
        "vector",
        "text as HTML in `foreignObject`",
        "reject `broken-svg`, naming it",
        one_file(
            "fig0.svg",
            lambda: svg("<foreignObject width='9' height='9'><p>Text</p></foreignObject>"),
        ),
        said="broken-svg",
    ),
    Case(
        "vector",
        "letters without a glyph in the pinned fonts",
        "reject `broken-svg`, naming them",
        one_file("fig0.svg", lambda: svg("<text y='30'>\u7f16\u7801\u5668</text>")),
        said="broken-svg",
    ),
    Case(
        "vector",
        "a CSS variable without a value",
        "reject `broken-svg`, naming it",
        one_file("fig0.svg", lambda: svg("<rect width='9' height='9' fill='var(--x)'/>")),
        said="broken-svg",
    ),
)
