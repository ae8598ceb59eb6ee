"""Pictures that users of other tools reported: decoding and vector figures.

What is right here is the picture that a person sees, or a refusal by name.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    generated,
    one_file,
    svg,
)
from tests.field.cases.made import (
    colours,
    grey,
    grey16,
    keyed,
    profile,
    see_through,
    segment,
    tiff,
)
from tests.field.files import chunk, encoded, fill, picture, png, put, with_chunks

ALL = (N, N)


def _grey(make, name="fig0.png"):
    """As ``one_file``, with the first reference in grey."""

    def build(root):
        paths = one_file(name, make)(root)
        put(root / "ref", "fig0.png", encoded(Image.fromarray(grey())))
        return paths

    return build


def _bits():
    return picture(0).convert("L").point(lambda value: 255 if value > 200 else 0, "1")


def _one_bit(root):
    paths = one_file("fig0.png", lambda: encoded(_bits(), transparency=1))(root)
    put(root / "ref", "fig0.png", encoded(_bits().convert("L")))
    return paths


def _upside_down():
    page = picture(0).transpose(Image.Transpose.ROTATE_180)
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded(page, "JPEG", exif=exif, quality=95, subsampling=0)


def _sizes(root):
    for k, name in enumerate(REFERENCES):
        data = encoded(picture(k, (96 + 20 * k, 72 + 10 * k)))
        put(root / "gen", name, data)
        put(root / "ref", name, data)
    return root / "gen", root / "ref"


def _family(root):
    text = "<rect width='96' height='72' fill='white'/><text x='4' y='40' {}>Encoder</text>"
    fill(root / "gen", REFERENCES[1:], seed=1)
    fill(root / "ref", REFERENCES[1:], seed=1)
    put(root / "gen", "fig0.svg", svg(text.format("font-family='Nowhere Sans'")))
    put(root / "ref", "fig0.svg", svg(text.format("font-family='DejaVu Sans'")))
    return root / "gen", root / "ref"


def _pointers(root):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    for name in REFERENCES:
        put(root / "gen", name, pointer)
    return root / "gen"


CASES = (
    Case(
        "decoding",
        "JPEG whose Photoshop segment is damaged",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xED, b"Photoshop 3.0\x008BIM")),
        ALL,
        issue="python-pillow/Pillow#4236",
    ),
    Case(
        "decoding",
        "EXIF that ends after its header",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xE1, b"Exif\0\0II*\0")),
        ALL,
        issue="python-pillow/Pillow#6124",
    ),
    Case(
        "decoding",
        "EXIF with its header twice",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xE1, b"Exif\0\0Exif\0\0II*\0\x08\0\0\0\0\0")),
        ALL,
        issue="python-pillow/Pillow#8348",
    ),
    Case(
        "decoding",
        "EXIF that is empty",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xE1, b"Exif\0\0")),
        ALL,
        issue="python-pillow/Pillow#4852",
    ),
    Case(
        "decoding",
        "an APP1 segment that is malformed",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xE1, b"Exif\0\0" + b"\xff" * 30)),
        ALL,
        issue="python-pillow/Pillow#7456",
    ),
    Case(
        "decoding",
        "EXIF that is a web address",
        "the picture",
        one_file("fig0.jpg", lambda: segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 40)),
        ALL,
        issue="python-pillow/Pillow#7879",
    ),
    Case(
        "decoding",
        "an ICC profile of over 1 MB unpacked",
        "the picture",
        one_file("fig0.png", lambda: profile(3_000_000)),
        ALL,
        issue="python-pillow/Pillow#2445",
    ),
    Case(
        "decoding",
        "an ICC profile that is none",
        "the picture",
        one_file("fig0.png", lambda: profile(300)),
        ALL,
        issue="KatherLab/STAMP#76",
    ),
    Case(
        "decoding",
        "text of over 1 MB in iTXt",
        "the picture",
        one_file(
            "fig0.png",
            lambda: with_chunks(png(0), chunk(b"iTXt", b"k\0\0\0\0\0" + b"x" * 2_000_000)),
        ),
        ALL,
        issue="python-pillow/Pillow#8363",
    ),
    Case(
        "decoding",
        "grey PNG of 16 bits",
        "scaled to 8 bits",
        _grey(lambda: grey16("PNG")),
        ALL,
        issue="python-pillow/Pillow#2574",
    ),
    Case(
        "decoding",
        "grey TIFF of 16 bits",
        "scaled to 8 bits",
        _grey(lambda: grey16("TIFF"), "fig0.tif"),
        ALL,
        issue="python-pillow/Pillow#1108",
    ),
    Case(
        "decoding",
        "grey TIFF of 16 bits, big endian",
        "scaled to 8 bits",
        _grey(
            lambda: tiff(grey()[..., None].astype(np.uint16) * 257, photometric=1, order=">"),
            "fig0.tif",
        ),
        ALL,
        issue="python-pillow/Pillow#5991",
    ),
    Case(
        "decoding",
        "colour TIFF of float64",
        "reject `unsupported`",
        one_file("fig0.tif", lambda: tiff(colours() / 255.0, sample_format=3)),
        said="unsupported",
        issue="python-pillow/Pillow#2485",
    ),
    Case(
        "decoding",
        "TIFF of five channels",
        "reject `unsupported`",
        one_file(
            "fig0.tif",
            lambda: tiff(np.repeat(grey()[..., None], 5, axis=2), photometric=5),
        ),
        said="unsupported",
        issue="python-pillow/Pillow#7007",
    ),
    Case(
        "decoding",
        "PNG with a colour that stands for transparent",
        "white there",
        one_file("fig0.png", keyed),
        ALL,
        issue="python-pillow/Pillow#421",
    ),
    Case(
        "decoding",
        "PNG of 1 bit with a transparent value",
        "white there",
        _one_bit,
        ALL,
        issue="python-pillow/Pillow#3379",
    ),
    Case(
        "decoding",
        "CMYK JPEG of Adobe's kind",
        "its colours",
        one_file(
            "fig0.jpg",
            lambda: encoded(picture(0).convert("CMYK"), "JPEG", quality=95, subsampling=0),
        ),
        ALL,
        issue="python-pillow/Pillow#6563",
    ),
    Case(
        "decoding",
        "grey with transparency (LA)",
        "on a white page",
        _grey(lambda: see_through("LA")),
        ALL,
        issue="JaidedAI/EasyOCR#599",
    ),
    Case(
        "decoding",
        "RGBA with black under its transparency",
        "on a white page",
        one_file("fig0.png", lambda: see_through("RGBA")),
        ALL,
        issue="huggingface/diffusers#6479",
    ),
    Case(
        "decoding",
        "a JPEG whose EXIF turns it",
        "turned as a viewer does",
        one_file("fig0.jpg", _upside_down),
        ALL,
        issue="vllm-project/vllm#44974",
    ),
    Case(
        "decoding",
        "grey figures",
        "in RGB",
        _grey(lambda: encoded(Image.fromarray(grey()))),
        ALL,
        issue="mseitzer/pytorch-fid#35",
    ),
    Case(
        "decoding",
        "a PNG that is cut off",
        "reject `truncated`",
        one_file("fig0.png", lambda: png(0)[:-200]),
        said="truncated",
        issue="mseitzer/pytorch-fid#85",
    ),
    Case(
        "decoding",
        "figures of different sizes",
        "each compared with its own reference",
        _sizes,
        ALL,
        issue="mseitzer/pytorch-fid#1",
    ),
    Case(
        "decoding",
        "floats in [0, 1] saved as integers",
        "reject `unit-range`",
        one_file("fig0.png", lambda: encoded(Image.fromarray((grey() > 128).astype(np.uint8)))),
        said="unit-range",
        issue="Lightning-AI/torchmetrics#1244",
    ),
    Case(
        "decoding",
        "Git-LFS pointers instead of images",
        "rejects `lfs-pointer`",
        generated(_pointers),
        said="lfs-pointer",
        issue="jinnovation/rainy-image-dataset#2",
    ),
    Case(
        "vector",
        "a font that is not there",
        "drawn with DejaVu, and said",
        _family,
        ALL,
        "fonts of the SVG substituted",
        issue="linebender/resvg#159",
    ),
    Case(
        "vector",
        "Mermaid's HTML labels",
        "reject `broken-svg`, naming them",
        one_file(
            "fig0.svg",
            lambda: svg(
                "<g class='node'><foreignObject width='60' height='20'><div "
                "xmlns='http://www.w3.org/1999/xhtml'><span class='nodeLabel'>Encoder</span></div>"
                "</foreignObject></g>"
            ),
        ),
        said="broken-svg",
        issue="mermaid-js/mermaid#2688",
    ),
    Case(
        "vector",
        "Chinese in a list of fonts without it",
        "reject `broken-svg`, naming the letters",
        one_file(
            "fig0.svg",
            lambda: svg("<text y='30' font-family='DejaVu Serif'>Deja Vu \u4e2d\u6587</text>"),
        ),
        said="broken-svg",
        issue="typst/svg2pdf#94",
    ),
)
