"""The truth table: every mode decodes to what is seen on a white page."""

import base64
import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from figbench.images.decode import decode
from figbench.images.preprocess import preprocess
from tests.data.pictures import drawing, encoded, on_white, raw_png

PICTURE = drawing()
HEIGHT, WIDTH = PICTURE.shape[:2]
GREY = np.array(Image.fromarray(PICTURE).convert("L"))
ALPHA = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))


def as_rgb(grey):
    return np.repeat(grey[..., None], 3, axis=2)


def profile_bytes(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def palette_picture():
    """Index k is colour (k, 255 - k, 7), so the indices are known without a quantiser."""
    index = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH)).astype(np.uint8)
    image = Image.fromarray(index, "P")
    image.putpalette([part for k in range(256) for part in (k, 255 - k, 7)])
    return index, np.stack([index, 255 - index, np.full_like(index, 7)], axis=2), image


INDEX, PALETTE_RGB, PALETTE = palette_picture()
BILEVEL = GREY > 128
DEEP = (GREY.astype(np.uint32) * 257 - (GREY > 0) * 100).astype(np.uint16)
HIDDEN_BLACK = np.where((ALPHA < 20)[..., None], 0, PICTURE).astype(np.uint8)

EXACT = {
    "RGB png": (encoded(PICTURE), PICTURE),
    "RGB bmp": (encoded(PICTURE, "BMP"), PICTURE),
    "RGB tiff": (encoded(PICTURE, "TIFF", compression="tiff_lzw"), PICTURE),
    "RGB webp lossless": (encoded(PICTURE, "WEBP", lossless=True), PICTURE),
    "RGB ppm": (encoded(PICTURE, "PPM"), PICTURE),
    "RGB jpeg 2000": (encoded(PICTURE, "JPEG2000"), PICTURE),
    "L": (encoded(GREY), as_rgb(GREY)),
    "1 png": (encoded(Image.fromarray(BILEVEL)), as_rgb(BILEVEL * np.uint8(255))),
    "1 tiff": (
        encoded(Image.fromarray(BILEVEL), "TIFF", compression="group4"),
        as_rgb(BILEVEL * np.uint8(255)),
    ),
    "LA": (encoded(Image.fromarray(np.dstack([GREY, ALPHA]))), on_white(as_rgb(GREY), ALPHA)),
    "RGBA straight": (encoded(np.dstack([PICTURE, ALPHA])), on_white(PICTURE, ALPHA)),
    "RGBA black under alpha": (
        encoded(np.dstack([HIDDEN_BLACK, ALPHA])),
        on_white(HIDDEN_BLACK, ALPHA),
    ),
    "RGBA all transparent": (
        encoded(np.dstack([PICTURE, np.zeros_like(ALPHA)])),
        np.full_like(PICTURE, 255),
    ),
    "RGBA webp": (
        encoded(np.dstack([PICTURE, np.maximum(ALPHA, 1)]), "WEBP", lossless=True, exact=True),
        on_white(PICTURE, np.maximum(ALPHA, 1)),
    ),
    "P": (encoded(PALETTE), PALETTE_RGB),
    "P transparent index": (
        encoded(PALETTE, transparency=30),
        np.where((INDEX == 30)[..., None], 255, PALETTE_RGB).astype(np.uint8),
    ),
    "P alpha per index": (
        encoded(PALETTE, transparency=bytes(range(255, -1, -1))),
        on_white(PALETTE_RGB, 255 - INDEX),
    ),
    "P gif": (encoded(PALETTE, "GIF"), PALETTE_RGB),
    "L transparent grey": (
        encoded(Image.fromarray(GREY), transparency=int(GREY[0, 0])),
        as_rgb(np.where(GREY[0, 0] == GREY, 255, GREY).astype(np.uint8)),
    ),
    "RGB transparent colour": (
        encoded(Image.fromarray(PICTURE), transparency=(200, 30, 40)),
        np.where((PICTURE == (200, 30, 40)).all(2)[..., None], 255, PICTURE).astype(np.uint8),
    ),
    "16-bit grey": (encoded(Image.fromarray(DEEP)), as_rgb(np.rint(DEEP / 257).astype(np.uint8))),
    "16-bit grey tiff": (
        encoded(Image.fromarray(DEEP), "TIFF"),
        as_rgb(np.rint(DEEP / 257).astype(np.uint8)),
    ),
    "F in 0..1": (encoded(Image.fromarray(GREY / np.float32(255)), "TIFF"), as_rgb(GREY)),
    "F in 0..255": (encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF"), as_rgb(GREY)),
    "I with negatives": (
        encoded(Image.fromarray((GREY.astype(np.int32) - 128) * 1000), "TIFF"),
        as_rgb(GREY),
    ),
    "sRGB profile": (encoded(PICTURE, icc_profile=profile_bytes("sRGB")), PICTURE),
    "broken profile": (encoded(PICTURE, icc_profile=b"not a profile at all"), PICTURE),
    "grey with an RGB profile": (encoded(GREY, icc_profile=profile_bytes("sRGB")), as_rgb(GREY)),
    "CMYK tiff": (
        encoded(Image.fromarray(PICTURE).convert("CMYK"), "TIFF"),
        np.array(Image.fromarray(PICTURE).convert("CMYK").convert("RGB")),
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_mode_is_exact(name):
    data, expected = EXACT[name]
    decoded = decode(data).image
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    np.testing.assert_array_equal(decoded, expected)


LOSSY = {
    "jpeg": encoded(PICTURE, "JPEG", quality=98, subsampling=0),
    "jpeg progressive": encoded(PICTURE, "JPEG", quality=98, subsampling=0, progressive=True),
    "webp": encoded(PICTURE, "WEBP", quality=100),
    "avif": encoded(PICTURE, "AVIF", quality=100, subsampling="4:4:4"),
    "CMYK jpeg": encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG", quality=98),
    "YCbCr tiff": encoded(Image.fromarray(PICTURE).convert("YCbCr"), "TIFF"),
    "LAB tiff": encoded(
        ImageCms.profileToProfile(
            Image.fromarray(PICTURE),
            ImageCms.createProfile("sRGB"),
            ImageCms.createProfile("LAB"),
            outputMode="LAB",
        ),
        "TIFF",
    ),
}


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_forms_show_the_same_picture(name):
    difference = np.abs(decode(LOSSY[name]).image.astype(int) - PICTURE)
    assert difference.mean() < 4
    assert np.quantile(difference, 0.95) < 20


def test_low_depth_transparent_grey_by_the_png_specification():
    """4-bit grey 0..15 with grey 3 transparent: tRNS holds the sample 3, pixels show 3 x 17."""
    rows = [bytes([0x01, 0x23, 0x45, 0x67]), bytes([0x89, 0xAB, 0xCD, 0xEF])] * 4
    data = raw_png(rows, 8, 4, 0, [(b"tRNS", b"\x00\x03")])
    values = np.array([[*range(8)], [*range(8, 16)]] * 4)
    expected = np.where(values == 3, 255, values * 17).astype(np.uint8)
    np.testing.assert_array_equal(decode(data).image, as_rgb(expected))


def test_sixteen_bit_transparency_by_the_png_specification():
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    grey = raw_png(
        [row.astype(">u2").tobytes() for row in deep], 8, 16, 0, [(b"tRNS", b"\x03\xe8")]
    )
    expected = np.rint(deep / 257).astype(np.uint8)
    expected[0, 1] = 255
    np.testing.assert_array_equal(decode(grey).image, as_rgb(expected))
    rgb = np.stack([deep, deep, deep], axis=2)
    rows = [row.astype(">u2").tobytes() for row in rgb]
    coloured = decode(raw_png(rows, 8, 16, 2, [(b"tRNS", b"\x03\xe8" * 3)])).image
    assert (coloured[0, 1] == 255).all()
    assert np.abs(coloured[1:].astype(int) - as_rgb(expected)[1:]).max() <= 1


def test_16_bit_colour_against_opencv():
    deep = (PICTURE.astype(np.uint16) * 257)[..., ::-1]
    data = cv2.imencode(".png", deep)[1].tobytes()
    np.testing.assert_array_equal(decode(data).image, PICTURE)


def test_an_embedded_profile_is_applied():
    """sRGB with the red and blue primaries exchanged: stored BGR is seen as RGB."""
    profile = profile_bytes("sRGB")
    swapped = (
        profile.replace(b"rXYZ", b"?XYZ", 1)
        .replace(b"bXYZ", b"rXYZ", 1)
        .replace(b"?XYZ", b"bXYZ", 1)
    )
    decoded = decode(encoded(PICTURE[..., ::-1].copy(), icc_profile=swapped)).image
    assert np.abs(decoded.astype(int) - PICTURE).max() <= 2


VIEWS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", VIEWS)
@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
def test_exif_orientation(orientation, form):
    """The stored pixels, turned as the EXIF standard says, are the picture."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"TIFF": {"tiffinfo": {274: orientation}}}.get(form, {"exif": exif.tobytes()})
    options |= {"WEBP": {"lossless": True}, "AVIF": {"quality": 100}}.get(form, {})
    decoded = decode(encoded(PICTURE, form, **options))
    expected = VIEWS[orientation](PICTURE)
    assert decoded.image.shape == expected.shape
    difference = np.abs(decoded.image.astype(int) - expected)
    assert difference.mean() < (8 if form in ("JPEG", "AVIF") else 1e-9)
    if orientation > 1 and form != "TIFF":
        assert "EXIF orientation applied" in decoded.notes


def test_orientation_against_opencv():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(PICTURE, "JPEG", exif=exif.tobytes(), quality=95)
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(decode(data).image.astype(int) - theirs).max() <= 3


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animation_gives_its_first_frame_and_says_so(form):
    frames = [Image.fromarray(drawing(seed=seed)) for seed in range(3)]
    options = {"WEBP": {"lossless": True}}.get(form, {})
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    decoded = decode(data)
    assert "first of 3 frames" in decoded.notes
    difference = np.abs(decoded.image.astype(int) - drawing(seed=0))
    assert difference.mean() < (3 if form == "GIF" else 1e-9)


RENDERED = (
    "RGB png, RGB webp lossless, L, 1 png, LA, RGBA straight, RGBA black under alpha, "
    "RGBA all transparent, RGBA webp, P, P transparent index, P alpha per index, P gif, "
    "L transparent grey, RGB transparent colour, sRGB profile"
).split(", ")


@pytest.mark.parametrize("name", RENDERED)
def test_against_an_independent_renderer(name):
    """resvg (Rust decoders, its own blending) shows the same file on a white page."""
    import resvg_py

    data = EXACT[name][0]
    kind = {"RIFF": "webp", "GIF8": "gif"}.get(data[:4].decode("latin-1"), "png")
    image = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    page = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
        f'<image href="{image}" width="{WIDTH}" height="{HEIGHT}" '
        'style="image-rendering:pixelated"/></svg>'
    )
    shot = resvg_py.svg_to_bytes(svg_string=page, background="white")
    theirs = np.array(Image.open(io.BytesIO(bytes(shot))).convert("RGB")).astype(int)
    assert np.abs(decode(data).image - theirs).max() <= 2


def test_mixed_forms_equal_the_pictures_normalised_by_hand():
    """Modes and containers that lose nothing give the very pixels that go into a network."""
    by_hand = preprocess(on_white(PICTURE, ALPHA), "pad256")
    rgba = np.dstack([PICTURE, ALPHA])
    for data in (
        encoded(rgba),
        encoded(rgba, "TIFF"),
        encoded(np.dstack([PICTURE, np.maximum(ALPHA, 0)]), "WEBP", lossless=True, exact=True),
        encoded(on_white(PICTURE, ALPHA), "BMP"),
    ):
        np.testing.assert_array_equal(preprocess(decode(data).image, "pad256"), by_hand)
