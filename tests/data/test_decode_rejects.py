"""What is no usable figure is refused by a code and a sentence, never by a crash."""

import gzip
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from figbench.errors import UserError
from figbench.images.decode import DecodeError, Limits, decode
from tests.data.pictures import drawing, encoded, raw_png

PNG = encoded(drawing())
JPEG = encoded(drawing(), "JPEG")
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)

REJECTS = {
    "no bytes": (b"", "empty"),
    "Git LFS pointer": (POINTER, "lfs-pointer"),
    "HTML": (b"<!DOCTYPE html><html><body>404 not found</body></html>", "html"),
    "HTML after blank lines": (b"\n\n  <html><svg></svg></html>", "html"),
    "XML error of an object store": (b'<?xml version="1.0"?><Error><Code>x</Code></Error>', "html"),
    "LF to CRLF": (PNG.replace(b"\n", b"\r\n"), "newline-corrupted"),
    "CRLF to LF": (PNG.replace(b"\r\n", b"\n"), "newline-corrupted"),
    "CR removed": (PNG.replace(b"\r", b""), "newline-corrupted"),
    "through UTF-8": (PNG.decode("utf-8", "replace").encode(), "text-corrupted"),
    "png cut in the header": (PNG[:20], "truncated"),
    "png cut in the data": (PNG[: len(PNG) // 2], "truncated"),
    "jpeg cut in the data": (JPEG[: len(JPEG) // 2], "truncated"),
    "gif cut": (encoded(drawing(), "GIF")[:300], "truncated"),
    "webp cut": (encoded(drawing(), "WEBP")[:200], "truncated"),
    "tiff cut": (encoded(drawing(), "TIFF")[:2000], "truncated"),
    "avif cut": (encoded(drawing(), "AVIF")[:100], "truncated"),
    "zeroes": (bytes(4096), "not-an-image"),
    "text": (b'{"error": "quota"}', "not-an-image"),
    "gzip": (gzip.compress(PNG), "not-an-image"),
    "macOS metadata": (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "apple-double"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not-an-image"),
    "1 x 1": (encoded(drawing()[:1, :1]), "too-small"),
    "1 pixel high": (encoded(drawing()[:1]), "too-small"),
    "a strip": (encoded(np.zeros((4, 401, 3), np.uint8)), "absurd-aspect"),
    "floats cast to integers": (encoded((drawing() > 128).astype(np.uint8)), "unit-range"),
    "NaN pixels": (
        encoded(Image.fromarray(np.full((8, 8), np.nan, np.float32)), "TIFF"),
        "not-finite",
    ),
    "broken svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><rect", "broken-svg"),
    "broken pdf": (b"%PDF-1.4\nnothing", "broken-pdf"),
}


@pytest.mark.parametrize("name", REJECTS)
def test_reject(name):
    data, code = REJECTS[name]
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.code == code
    assert len(caught.value.reason) > 8
    assert "\n" not in caught.value.reason


def test_bomb_is_refused_before_its_pixels_are_unpacked():
    """20,000 x 20,000 pixels in 60 kB; a child process with 1 GiB can afford to refuse it."""
    side = 20_000
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    small = raw_png([], side, 1, 0)
    data = small.replace(small[16:29], header).replace(
        struct.pack(">I", zlib.crc32(small[12:29])), struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30));"
        "from figbench.images.decode import decode, DecodeError\n"
        "try: decode(sys.stdin.buffer.read())\n"
        "except DecodeError as error: print(error.code)"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, env=environment
    )
    assert done.stdout.strip() == b"bomb", done.stderr.decode()


def test_limits_are_arguments():
    data = encoded(drawing(40, 60))
    assert decode(data, Limits(max_pixels=2400)).image.shape == (40, 60, 3)
    for limits, code in (
        (Limits(max_pixels=2399), "bomb"),
        (Limits(max_bytes=len(data) - 1), "bomb"),
        (Limits(min_side=41), "too-small"),
        (Limits(max_aspect=1.4), "absurd-aspect"),
    ):
        with pytest.raises(DecodeError) as caught:
            decode(data, limits)
        assert caught.value.code == code


def test_limits_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("FIGBENCH_MAX_PIXELS", "1e3")
    monkeypatch.setenv("FIGBENCH_MAX_ASPECT", "3.5")
    assert Limits.from_environment() == Limits(max_pixels=1000, max_aspect=3.5)
    with pytest.raises(DecodeError, match="over the limit of 1,000"):
        decode(PNG)
    monkeypatch.setenv("FIGBENCH_MAX_PIXELS", "many")
    with pytest.raises(UserError, match="FIGBENCH_MAX_PIXELS=many"):
        decode(PNG)


def test_all_black_and_near_white_are_figures():
    """The unit-range guard is about {0, 1}, not about dark or blank pages."""
    assert decode(encoded(np.zeros((9, 9, 3), np.uint8))).image.max() == 0
    assert decode(encoded(np.full((9, 9, 3), 255, np.uint8))).image.min() == 255


def test_few_values_are_noted_not_refused():
    two = np.where(drawing() > 128, 200, 20).astype(np.uint8)
    assert "fewer than five distinct values" in decode(encoded(two)).notes
    assert "fewer than five distinct values" not in decode(PNG).notes


def test_postscript_is_never_executed(monkeypatch):
    """Pillow's own reader would start Ghostscript."""
    started = []
    monkeypatch.setattr(
        subprocess, "Popen", lambda *arguments, **_options: started.append(arguments)
    )
    with pytest.raises(DecodeError):
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\nshowpage\n")
    assert started == []


FORMS = {
    "PNG": PNG,
    "JPEG": JPEG,
    **{form: encoded(drawing(), form) for form in ("GIF", "WEBP", "TIFF", "BMP", "AVIF")},
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>a</text></svg>',
}


@settings(max_examples=400, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    edits=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    cut=st.none() | st.integers(0, 10**6),
)
def test_damage_gives_a_picture_or_a_reject(form, edits, cut):
    """Bytes changed and cut at random: never another exception, never a wrong shape."""
    data = bytearray(FORMS[form])
    for place, value in edits:
        data[place % len(data)] = value
    try:
        image = decode(bytes(data[: cut % len(data)] if cut else data)).image
    except DecodeError as error:
        assert error.code
        return
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.dtype == np.uint8


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_picture_or_a_reject(data):
    try:
        assert decode(data).image.shape[2] == 3
    except DecodeError as error:
        assert error.reason
