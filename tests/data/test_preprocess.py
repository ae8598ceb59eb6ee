"""Policies against Pillow on its own, and the legacy encoding against float arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from figbench.errors import UserError
from figbench.images.preprocess import encode_legacy, preprocess
from tests.data.pictures import drawing

FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
}


@pytest.mark.parametrize("resample", FILTERS)
@pytest.mark.parametrize(("height", "width"), [(300, 700), (701, 333), (90, 60), (512, 100)])
def test_pad_against_pillow(height, width, resample):
    image = drawing(height, width)
    side = 512
    scale = side / max(height, width)
    size = (round(width * scale), round(height * scale))
    page = Image.new("RGB", (side, side), "white")
    page.paste(
        Image.fromarray(image).resize(size, FILTERS[resample]),
        ((side - size[0]) // 2, (side - size[1]) // 2),
    )
    np.testing.assert_array_equal(preprocess(image, "pad512", resample), np.array(page))


@pytest.mark.parametrize(("height", "width"), [(500, 900), (901, 400), (50, 60)])
def test_crop_against_pillow(height, width):
    image = drawing(height, width)
    scale = 384 / min(height, width)
    size = (max(384, round(width * scale)), max(384, round(height * scale)))
    whole = np.array(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    top, left = (size[1] - 384) // 2, (size[0] - 384) // 2
    expected = whole[top : top + 384, left : left + 384]
    np.testing.assert_array_equal(preprocess(image, "crop384"), expected)


def test_scaling_down_is_antialiased():
    """One-pixel stripes at a quarter of the size are grey, not an alias of the stripes."""
    stripes = np.zeros((2048, 2048, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = preprocess(stripes, "pad512")[8:-8, 8:-8].astype(int)
    assert np.abs(inner - 127.5).max() < 3


def test_a_square_of_the_right_size_is_untouched():
    image = drawing(512, 512)
    np.testing.assert_array_equal(preprocess(image, "pad512"), image)
    np.testing.assert_array_equal(preprocess(image, "none"), image)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 300),
    st.integers(2, 300),
    st.sampled_from([("pad512", 512), ("pad384", 384), ("pad256", 256), ("crop384", 384)]),
)
def test_every_size_takes_the_policys_shape(height, width, policy):
    name, side = policy
    shaped = preprocess(np.full((height, width, 3), 255, np.uint8), name)
    assert shaped.shape == (side, side, 3)
    assert shaped.dtype == np.uint8
    assert (shaped == 255).all()


def test_unknown_names():
    with pytest.raises(UserError, match="pad500"):
        preprocess(drawing(), "pad500")
    with pytest.raises(UserError, match="nearest"):
        preprocess(drawing(), "pad512", "nearest")


def test_legacy_encoding_is_float_truncation():
    """The script's own arithmetic in float32: x86 wraps -1 to 255 (through a 32-bit integer)."""
    levels = np.arange(256, dtype=np.uint8)
    image = np.tile(levels[:, None, None], (1, 2, 3))
    unit = image.astype(np.float32) / 255
    np.testing.assert_array_equal(
        encode_legacy(image, "generated"), unit.astype(np.int32).astype(np.uint8)
    )
    signed = (unit * 2 - 1).astype(np.int32).astype(np.uint8)
    np.testing.assert_array_equal(encode_legacy(image, "reference"), signed)
    assert set(np.unique(signed)) == {0, 1, 255}
