"""Cases that users of other tools reported; the issue is where to read about each.

What is right here is figbench's own decision: the picture that a person sees, or a refusal by name.
"""

from __future__ import annotations

import json
import unicodedata

import numpy as np
from PIL import Image

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    both,
    generated,
    index,
    one_file,
    records,
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
    tar,
    tiff,
)
from tests.field.files import archive, chunk, encoded, fill, lines, picture, png, put, with_chunks

ALL = (N, N)


def _same(names):
    """Generated and reference have these names."""
    return both(names, names)


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


def _dotted_tar(root):
    names = [f"22.0/1.{k}.png" for k in range(N)]
    fill(root / "ref", names)
    return put(root, "gen.tar", tar({name: png(k) for k, name in enumerate(names)})), root / "ref"


def _mac_zip(root):
    members = {f"run/fig{k}.png": png(k) for k in range(N)}
    members |= {f"__MACOSX/run/._fig{k}.png": b"\0\5\x16\7" + bytes(60) for k in range(N)}
    return archive(root / "gen.zip", members)


def _mac_folder(root):
    for name in REFERENCES:
        put(root / "gen", f"._{name}", b"\0\5\x16\7" + bytes(60))
    return fill(root / "gen", REFERENCES)


def _composed_zip(root):
    names = ["Oca\u00f1a.png", "ref\u201171.png", "a\u2013b.png", "c\u200cd.png"]
    fill(root / "ref", names)
    members = {unicodedata.normalize("NFD", name): png(k) for k, name in enumerate(names)}
    return archive(root / "gen.zip", members), root / "ref"


def _word_names(root):
    names = ["a train.png", "test tubes.png", "train.png", "cat.png"]
    fill(root / "gen", REFERENCES)
    fill(root / "ref", names)
    rows = [{"file_name": name, "id": f"fig{k}"} for k, name in enumerate(names)]
    put(root / "ref", "metadata.jsonl", lines(rows))
    return root / "gen", root / "ref"


def _split_named_file(root):
    names = ["train.png", "fig1.png", "fig2.png", "fig3.png"]
    return fill(root / "gen", names), fill(root / "ref", names)


def _parent_index(root):
    fill(root / "gen", REFERENCES)
    names = [f"test/{k}.png" for k in range(N)] + ["train/8.png", "train/9.png"]
    fill(root / "ref", names)
    rows = [{"file_name": name, "id": f"fig{k}"} for k, name in enumerate(names)]
    put(root / "ref", "metadata.jsonl", lines(rows))
    return root / "gen", root / "ref"


def _index_beside_zip(root):
    archive(root / "gen" / "images.zip", {f"{k}.png": png(k) for k in range(N)})
    rows = [{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]
    return put(root / "gen", "metadata.jsonl", lines(rows)).parent


def _gone(root):
    fill(root / "gen", [f"{k}.png" for k in range(N - 1)])
    rows = [{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]
    return put(root / "gen", "metadata.jsonl", lines(rows)).parent


def _unmade(root):
    fill(root / "gen", [f"{k}.png" for k in range(2)])
    rows = [
        {
            "id": f"fig{k}",
            "image": f"{k}.png" if k < 2 else None,
            "status": "ok" if k < 2 else "failed",
        }
        for k in range(N)
    ]
    return put(root / "gen", "records.jsonl", lines(rows))


def _sizes(root):
    for k, name in enumerate(REFERENCES):
        data = encoded(picture(k, (96 + 20 * k, 72 + 10 * k)))
        put(root / "gen", name, data)
        put(root / "ref", name, data)
    return root / "gen", root / "ref"


def _formats(root):
    for k, (suffix, form, options) in enumerate(
        (
            ("webp", "WEBP", {"lossless": True}),
            ("bmp", "BMP", {}),
            ("tiff", "TIFF", {}),
            ("pgm", "PPM", {}),
        )
    ):
        put(root / "gen", f"fig{k}.{suffix}", encoded(picture(k), form, **options))
    return root / "gen"


def _family(root):
    text = "<rect width='96' height='72' fill='white'/><text x='4' y='40' {}>Encoder</text>"
    fill(root / "gen", REFERENCES[1:], seed=1)
    fill(root / "ref", REFERENCES[1:], seed=1)
    put(root / "gen", "fig0.svg", svg(text.format("font-family='Nowhere Sans'")))
    put(root / "ref", "fig0.svg", svg(text.format("font-family='DejaVu Sans'")))
    return root / "gen", root / "ref"


def _empty(root):
    (root / "gen").mkdir()
    put(root / "gen", "readme.md", "no figure here")
    return root / "gen"


def _pointers(root):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    for name in REFERENCES:
        put(root / "gen", name, pointer)
    return root / "gen"


def _utf16_tab():
    text = "image\tid\n" + "".join(f"images/{k}.png\tfig{k}\n" for k in range(N))
    return b"\xff\xfe" + text.encode("utf-16-le")


def _number_tar(root):
    names = [f"22.0{k}.png" for k in range(N)]
    fill(root / "ref", names)
    return put(root, "gen.tar", tar({name: png(k) for k, name in enumerate(names)})), root / "ref"


CASES = (
    Case(
        "names",
        "suffixes in capitals (`.PNG`, `.JPEG`)",
        "read",
        both(["fig0.PNG", "fig1.Png", "fig2.PNG", "fig3.pNG"]),
        ALL,
        issue="GaParmar/clean-fid#37",
    ),
    Case(
        "names",
        "figures several folders down",
        "read; the id is the reference's",
        both([f"a/b{k}/fig{k}.png" for k in range(N)]),
        ALL,
        issue="mseitzer/pytorch-fid#91",
    ),
    Case(
        "names",
        "references at several depths",
        "all count, and said",
        both(REFERENCES, ["fig0.png", "fig1.png", "more/fig2.png", "more/deep/fig3.png"]),
        ALL,
        "sub-folders",
        issue="toshas/torch-fidelity#9",
    ),
    Case(
        "names",
        "dots in names (`235 v2.0 (clean).png`)",
        "the id is all before the last suffix",
        _same([f"235 v2.{k} (clean).png" for k in range(N)]),
        ALL,
        issue="webdataset/webdataset#237",
    ),
    Case(
        "archives",
        "dots in folders and names of a tar (`22.0/1.1.png`)",
        "the id is the name without the last suffix",
        _dotted_tar,
        ALL,
        issue="huggingface/datasets#7150",
    ),
    Case(
        "archives",
        "names in a zip in NFD, with U+2011, U+2013, U+200C",
        "matched",
        _composed_zip,
        ALL,
        issue="llmsresearch/paperbanana#240",
    ),
    Case(
        "archives",
        "`__MACOSX/._name` beside every file of a zip",
        "rejects `apple-double`, which need no flag",
        generated(_mac_zip),
        ALL,
        issue="ImageMarkup/isic-challenge-scoring#15",
    ),
    Case(
        "layouts",
        "`._name` beside every file of a folder",
        "rejects `apple-double`, which need no flag",
        generated(_mac_folder),
        ALL,
        issue="OpenNeuroOrg/openneuro#2520",
    ),
    Case(
        "layouts",
        "`train` and `test` as words in names, with an index",
        "the set of the index",
        _word_names,
        ALL,
        issue="huggingface/datasets#5021",
    ),
    Case(
        "layouts",
        "a file called `train.png`",
        "a figure",
        _split_named_file,
        ALL,
        issue="huggingface/datasets#8238",
    ),
    Case(
        "layouts",
        "an index above the folders of the splits",
        "refused; `--split` chooses",
        _parent_index,
        said="holds 2 splits",
        issue="huggingface/datasets#4548",
    ),
    Case(
        "layouts",
        "an index above the folders of the splits, `--split test`",
        "that split",
        _parent_index,
        ALL,
        "split 'test'",
        ("--split", "test"),
        issue="huggingface/datasets#4548",
    ),
    Case(
        "layouts",
        "an index beside a zip of its images",
        "refused: the files are missing",
        generated(_index_beside_zip),
        said="missing-file",
        issue="huggingface/datasets#7337",
    ),
    Case(
        "layouts",
        "a folder without an image",
        "refused: no figures",
        generated(_empty),
        said="no figures found",
        issue="pytorch/examples#236",
    ),
    Case(
        "layouts",
        "suffixes `.webp`, `.bmp`, `.tiff`, `.pgm`",
        "read; the bytes decide",
        generated(_formats),
        ALL,
        issue="mseitzer/pytorch-fid#53",
    ),
    Case(
        "indexes",
        "an index that names an image which is not there",
        "reject `missing-file`",
        generated(_gone),
        said="missing-file",
        issue="huggingface/datasets#4311",
    ),
    Case(
        "indexes",
        "figures of which some could not be made (`status`)",
        "the failed ones count as missing",
        generated(_unmade),
        (2, 4),
        "generations failed",
        issue="potamides/DaTikZ#3",
    ),
    Case(
        "indexes",
        "CSV in UTF-8 with a byte order mark (Excel)",
        "read",
        index(
            "i.csv",
            ("image,id\n" + "".join(f"images/{k}.png,fig{k}\n" for k in range(N))).encode(
                "utf-8-sig"
            ),
        ),
        ALL,
        issue="UKGovernmentBEIS/inspect_ai#5353",
    ),
    Case(
        "indexes",
        "TSV in UTF-16 (Excel's Unicode text)",
        "read",
        index("i.tsv", _utf16_tab()),
        ALL,
        issue="Unstructured-IO/unstructured#4443",
    ),
    Case(
        "indexes",
        "JSON with a byte order mark",
        "read",
        index("i.json", json.dumps(records()).encode("utf-8-sig")),
        ALL,
        issue="langchain-ai/langchain-community#138",
    ),
    Case(
        "archives",
        "numbers with a dot as names of a tar (`22.05.png`)",
        "the id is the name without the last suffix",
        _number_tar,
        ALL,
        issue="huggingface/datasets#7144",
    ),
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
        "EXIF whose header stands twice",
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
        "Git-LFS pointers in the place of images",
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
