"""Damaged files and indexes end in a picture, a reject or a message, and in nothing else."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from figbench.data.index_files import read_records, record_list
from figbench.errors import UserError
from figbench.images.decode import decode
from figbench.images.limits import DecodeError
from tests.field.files import chunk, encoded, lines, picture, with_chunks

SEEDS = {
    "text": with_chunks(
        encoded(picture(0)), chunk(b"tEXt", b"a\0b"), chunk(b"gAMA", b"\0\0\xb1\x8f")
    ),
    "jpeg": encoded(picture(1), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
    "tiff": encoded(picture(2), "TIFF"),
    "webp": encoded(picture(3), "WEBP"),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="40pt" height="30pt" '
    b'style="background:#eee">'
    b"<style>svg{--a:oklch(0.9 0.1 20)}</style><rect width='9mm' height='9' fill='var(--a)'/>"
    b"<switch><foreignObject/><text font-family='Arial'>x</text></switch></svg>",
}
INDEXES = {
    "i.jsonl": lines([{"image": "a.png", "id": "a"}]).encode(),
    "i.csv": b"image;id\na.png;a\n",
    "i.json": b'{"items": [{"image": "a.png"}], "n": 1}',
    "j.jsonl": lines([{"image": "a.png"}]).encode("utf-16"),
}
BOUNDED = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.binary(min_size=1, max_size=6)),
    min_size=1,
    max_size=4,
)


def changed(data, edits):
    """The bytes with parts replaced, inserted, removed or cut off."""
    for place, kind, part in edits:
        at = place % (len(data) + 1)
        if kind == 0:
            data = data[:at] + part + data[at + len(part) :]
        elif kind == 1:
            data = data[:at] + part + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + len(part) :]
        else:
            data = data[: max(at, 1)]
    return data


@pytest.mark.parametrize("seed", SEEDS)
@BOUNDED
@given(edits=EDITS)
def test_a_picture_or_a_reject(seed, edits):
    try:
        image = decode(changed(SEEDS[seed], edits)).image
    except DecodeError as error:
        assert error.code
        assert len(error.reason) < 2000
        return
    assert image.ndim == 3
    assert image.shape[2] == 3


@pytest.mark.parametrize("name", INDEXES)
@BOUNDED
@given(edits=EDITS)
def test_rows_or_a_message(name, edits):
    try:
        found = record_list(name, read_records(name, io.BytesIO(changed(INDEXES[name], edits))))
    except UserError:
        return
    assert isinstance(found, list)
