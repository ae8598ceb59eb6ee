"""The table of situations: tests run it, and docs/inputs.md shows it.

``python -m tests.field.table`` prints the rows for the page.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.field.files import (
    archive,
    chunk,
    encoded,
    fill,
    lines,
    picture,
    png,
    put,
    with_chunks,
)

N = 4
REFERENCES = tuple(f"fig{k}.png" for k in range(N))


@dataclass(frozen=True)
class Case:
    """A situation.

    Attributes:
        area: Heading.
        input: The situation, for people.
        figbench: The right behaviour, for people.
        build: Writes below a folder; returns the generated set and the reference.
        counts: (used, expected) where it is scored; the value is then 1.
        said: A part of a warning, or of the refusal.
        options: More arguments.
    """

    area: str
    input: str
    figbench: str
    build: Callable[[Path], tuple[Path, Path]]
    counts: tuple[int, int] | None = None
    said: str = ""
    options: tuple[str, ...] = ()


def _both(names, references=REFERENCES):
    def build(root):
        fill(root / "ref", references)
        return fill(root / "gen", names), root / "ref"

    return build


def _gen(make):
    """The usual four references; ``make`` writes the generated side and returns it."""

    def build(root):
        fill(root / "ref", REFERENCES)
        return make(root), root / "ref"

    return build


def _index(name, data, folder="images/", names=None):
    def make(root):
        fill(root / "gen", [f"{folder}{k}.png" for k in range(N)])
        return put(root / "gen", name, data if isinstance(data, bytes) else data.encode())

    return _gen(make)


def _rows(**more):
    return [{"image": f"images/{k}.png", "id": f"fig{k}", **more} for k in range(N)]


def _csv(mark):
    return f"image{mark}id\n" + "".join(f"images/{k}.png{mark}fig{k}\n" for k in range(N))


def _parquet(rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def _numbered(root):
    names = [f"{letter}_{k}.png" for letter in "ab" for k in range(1, 4)]
    fill(root / "ref", names)
    return fill(root / "gen", names), root / "ref"


def _mixed(root):
    fill(root / "gen", REFERENCES)
    fill(root / "ref", REFERENCES)
    fill(root / "ref", [f"sample_{k}/0000.png" for k in range(2)], seed=50)
    return root / "gen", root / "ref"


def _link(root):
    fill(root / "gen", REFERENCES)
    fill(root / "ref", REFERENCES[:2])
    fill(root / "elsewhere", ["x.png"])
    for at, name in enumerate(REFERENCES[2:], start=2):
        put(root / "far", name, png(at))
    (root / "ref" / "part2").symlink_to(root / "far", target_is_directory=True)
    return root / "gen", root / "ref"


def _twice(second):
    def make(root):
        fill(root / "gen", REFERENCES)
        for at in range(N):
            put(root / "gen", second.format(at), encoded(picture(at), "JPEG"))
        return root / "gen"

    return _gen(make)


def _seeds(root):
    for at in range(N):
        for seed in (42, 3735928559):
            put(root / "gen", f"fig{at}_{seed}.png", png(at))
    return root / "gen"


def _nfd(root):
    names = ["caf\u00e9", "na\u00efve", "\u30ac\u30a4\u30c9"]
    fill(root / "ref", [f"{unicodedata.normalize('NFC', one)}.png" for one in names])
    fill(root / "gen", [f"{unicodedata.normalize('NFD', one)}.png" for one in names])
    return root / "gen", root / "ref"


def _spelled(root):
    fill(root / "ref", ["Fig 1.png", "Fig-2.png", "Fig 3.png"])
    fill(root / "gen", ["Fig\u00a01.png", "Fig\u20112.png", "Fig 3\u200b.png"])
    return root / "gen", root / "ref"


def _suffixes(root):
    for at, (suffix, form) in enumerate(
        (("ppm", "PPM"), ("apng", "PNG"), ("dib", "BMP"), ("tif", "TIFF"))
    ):
        put(root / "gen", f"fig{at}.{suffix}", encoded(picture(at), form))
    return root / "gen"


def _float_ids(root):
    fill(root / "ref", [f"{k}.png" for k in range(N)])
    fill(root / "gen", [f"images/{k}.png" for k in range(N)])
    rows = [{"image": f"images/{k}.png", "id": float(k)} for k in range(N)]
    return put(root / "gen", "i.parquet", _parquet(rows)), root / "ref"


def _splits(root):
    fill(root / "gen", REFERENCES)
    fill(root / "ref/train", ["t0.png", "t1.png"], seed=70)
    fill(root / "ref/test", REFERENCES)
    return root / "gen", root / "ref"


def _hub(root):
    fill(root / "gen", REFERENCES)
    rows = [{"id": f"fig{k}", "image": {"bytes": png(k), "path": None}} for k in range(N)]
    put(root / "ref", "data/test-00000-of-00001.parquet", _parquet(rows))
    other = [{"id": f"t{k}", "image": {"bytes": png(70 + k), "path": None}} for k in range(2)]
    put(root / "ref", "data/train-00000-of-00001.parquet", _parquet(other))
    put(root / "ref", "assets/teaser.png", png(99))
    return root / "gen", root / "ref"


def _zip_with_index(root):
    members = {f"images/{k}.png": png(k) for k in range(N)}
    rows = [{"file_name": f"images/{k}.png", "id": f"fig{k}"} for k in range(N)]
    return archive(root / "gen.zip", {**members, "metadata.jsonl": lines(rows)})


def _captions(root):
    fill(root / "ref", REFERENCES)
    for k in range(N):
        put(root / "ref", f"fig{k}.txt", f"caption {k}")
    fill(root / "img", [f"{k}.png" for k in range(N)])
    rows = [
        {"image": f"img/{k}.png", "id": f"fig{k}", "prompt": f"caption {(k + 1) % N}"}
        for k in range(N)
    ]
    return put(root, "gen.jsonl", lines(rows)), root / "ref"


def _one(name, make, references=REFERENCES):
    """Four figures, the first replaced by a special file; the reference has the same pictures."""

    def build(root):
        fill(root / "ref", references)
        fill(root / "gen", references[1:], seed=1)
        put(root / "gen", name, make())
        return root / "gen", root / "ref"

    return build


def _text_bomb():
    return with_chunks(png(0), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(9_000_000))))


def _bad_exif():
    return with_chunks(png(0), chunk(b"eXIf", b"not exif at all"))


def _open_jpeg():
    return encoded(picture(0), "JPEG", quality=95).removesuffix(b"\xff\xd9")


def _dark():
    return encoded(Image.fromarray(np.asarray(picture(0).convert("L")).astype(np.uint16)))


def _svg(body, attributes=""):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72" {attributes}>{body}</svg>'
    ).encode()


CASES = (
    Case(
        "names",
        "references `a_1.png`, `a_2.png`",
        "each is a reference of its own",
        _numbered,
        (6, 6),
    ),
    Case(
        "names",
        "`<id>_<k>.png`",
        "k samples of a reference's id",
        _both([f"fig{k}_{s}.png" for k in range(1) for s in range(1)], ["fig0.png"]),
        (1, 1),
    ),
    Case(
        "names",
        "`<id>_<seed>.png`, seeds of any width",
        "samples, in the order of the seeds",
        _gen(_seeds),
        (8, 8),
    ),
    Case(
        "names",
        "`<id>-<k>.png`",
        "refused, with the hint `<id>_<k>`",
        _both([f"fig{k}-0.png" for k in range(N)]),
        said="not set off by an underscore",
    ),
    Case("names", "names in NFD (macOS) or NFC", "matched", _nfd, (3, 3)),
    Case("names", "no-break spaces and hyphens, zero-width marks", "matched", _spelled, (3, 3)),
    Case(
        "names",
        "`<id>.drawio.png`",
        "the id without `.drawio`",
        _both([f"fig{k}.drawio.png" for k in range(N)]),
        (4, 4),
    ),
    Case(
        "names",
        "no id of the reference",
        "refused; ids of both sides are shown pairwise",
        _both([f"other{k}.png" for k in range(N)]),
        said="enerated has 'other0'",
    ),
    Case(
        "names",
        "a second format of each figure (`a.png`, `a.jpg`)",
        "lossless first; the other is said",
        _twice("fig{}.jpg"),
        (4, 4),
        "second formats",
    ),
    Case(
        "names",
        "a preview of each figure in a sub-folder",
        "left out, and said",
        _twice("thumbs/fig{}.jpg"),
        (4, 4),
        "have the name of a figure that is scored",
    ),
    Case(
        "names",
        "two folders with the same names",
        "refused: which run counts?",
        _both([f"{run}/fig{k}.png" for run in "ab" for k in range(N)]),
        said="Two files claim one sample",
    ),
    Case(
        "names",
        "`<id>/final.png`",
        "the folder's name is the id",
        _both([f"fig{k}/final.png" for k in range(N)]),
        (4, 4),
        "the folder's name",
    ),
    Case(
        "names",
        "`<id>/` with several images",
        "refused; `--only '*/final.png'` chooses",
        _both([f"fig{k}/{n}.png" for k in range(N) for n in ("draft", "final")]),
        said="--only",
    ),
    Case(
        "layouts",
        "figures, and some files in another layout's places",
        "refused; both are named",
        _mixed,
        said="two layouts in one folder",
    ),
    Case(
        "layouts",
        "a link to a folder elsewhere",
        "entered, and said",
        _link,
        (4, 4),
        "linked folder entered",
    ),
    Case(
        "layouts",
        "splits of a data set (`train/`, `test/`)",
        "refused; `--split` chooses",
        _splits,
        said="holds 2 splits",
    ),
    Case(
        "layouts",
        "splits, with `--split test`",
        "that split",
        _splits,
        (4, 4),
        "split 'test'",
        ("--split", "test"),
    ),
    Case(
        "layouts",
        "a clone of a Hub data set with README pictures, `--split test`",
        "the tables; pictures beside them are said",
        _hub,
        (4, 4),
        "beside the tables",
        ("--split", "test"),
    ),
    Case(
        "layouts",
        "only PPTX, HEIC, EPS, ...",
        "reject `unsupported`, with the way on",
        _gen(lambda root: put(root, "gen/fig0.pptx", b"PK").parent),
        said="unsupported",
    ),
    Case("layouts", "suffixes `.ppm`, `.apng`, `.dib`, `.tif`", "read", _gen(_suffixes), (4, 4)),
    Case("indexes", "CSV with commas", "read", _index("i.csv", _csv(",")), (4, 4)),
    Case("indexes", "CSV with semicolons", "read", _index("i.csv", _csv(";")), (4, 4)),
    Case("indexes", "TSV", "read", _index("i.tsv", _csv("\t")), (4, 4)),
    Case("indexes", "CSV in UTF-16", "read", _index("i.csv", _csv(",").encode("utf-16")), (4, 4)),
    Case(
        "indexes",
        "JSON lines in UTF-16",
        "read",
        _index("i.jsonl", lines(_rows()).encode("utf-16")),
        (4, 4),
    ),
    Case(
        "indexes",
        "`.jsonl.gz`",
        "read",
        _index("i.jsonl.gz", gzip.compress(lines(_rows()).encode())),
        (4, 4),
    ),
    Case(
        "indexes",
        "records under a key",
        "read",
        _index("i.json", json.dumps({"n": 1, "items": _rows()})),
        (4, 4),
    ),
    Case(
        "indexes",
        "two lists of records in one JSON",
        "refused; both are named",
        _index("i.json", json.dumps({"a": _rows(), "b": _rows()})),
        said="several lists",
    ),
    Case(
        "indexes",
        "columns of equal length",
        "read",
        _index(
            "i.json",
            json.dumps(
                {
                    "image": [f"images/{k}.png" for k in range(N)],
                    "id": [f"fig{k}" for k in range(N)],
                }
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "images as data URIs",
        "read",
        _index(
            "i.json",
            json.dumps(
                [
                    {
                        "id": f"fig{k}",
                        "image": "data:image/png;base64," + base64.b64encode(png(k)).decode(),
                    }
                    for k in range(N)
                ]
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "images as base64",
        "read",
        _index(
            "i.jsonl",
            lines(
                [{"id": f"fig{k}", "image": base64.b64encode(png(k)).decode()} for k in range(N)]
            ),
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "backslashes in paths",
        "folders, where no file has the name as it stands",
        _index(
            "i.jsonl", lines([{"image": f"images\\{k}.png", "id": f"fig{k}"} for k in range(N)])
        ),
        (4, 4),
        "another spelling",
    ),
    Case(
        "indexes",
        "ids that pandas made floats",
        "`3.0` is `3`",
        _float_ids,
        (4, 4),
    ),
    Case(
        "indexes",
        "`metadata.parquet` in a folder",
        "read",
        _gen(
            lambda root: (
                put(
                    fill(root / "gen", [f"{k}.png" for k in range(N)]),
                    "metadata.parquet",
                    _parquet([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]),
                ).parent
            )
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "an index one folder down",
        "read",
        _gen(
            lambda root: (
                put(
                    fill(root / "gen", [f"test/{k}.png" for k in range(N)]),
                    "test/metadata.jsonl",
                    lines([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(N)]),
                ).parent.parent
            )
        ),
        (4, 4),
    ),
    Case(
        "indexes",
        "more than 5% of the images are not in the index",
        "refused without `--allow-rejects`",
        _gen(
            lambda root: (
                put(
                    fill(root / "gen", [f"{k}.png" for k in range(N)]),
                    "metadata.jsonl",
                    lines([{"file_name": f"{k}.png", "id": f"fig{k}"} for k in range(2)]),
                ).parent
            )
        ),
        said="not in the index",
    ),
    Case(
        "indexes",
        "prompts that are other references' captions",
        "scored, with a warning",
        _captions,
        (4, 4),
        "prompts are not the caption",
    ),
    Case("archives", "an index in a zip", "read", _gen(_zip_with_index), (4, 4)),
    Case(
        "archives",
        "backslashes in member names",
        "folders",
        _gen(
            lambda root: archive(
                root / "gen.zip", {f"images\\fig{k}.png": png(k) for k in range(N)}
            )
        ),
        (4, 4),
        "backslashes",
    ),
    Case(
        "archives",
        "a Git-LFS pointer in the place of a zip",
        "refused, by that name",
        _gen(lambda root: put(root, "gen.zip", b"version https://git-lfs.github.com/spec/v1\n")),
        said="Git LFS pointer",
    ),
    Case(
        "decoding",
        "text over 1 MB unpacked in a PNG",
        "the picture",
        _one("fig0.png", _text_bomb),
        (4, 4),
    ),
    Case(
        "decoding",
        "EXIF that is none",
        "the picture, and said",
        _one("fig0.png", _bad_exif),
        (4, 4),
        "damaged metadata",
    ),
    Case(
        "decoding",
        "a JPEG without its end marker",
        "the picture, and said",
        _one("fig0.jpg", _open_jpeg),
        (4, 4),
        "end marker",
    ),
    Case(
        "decoding",
        "8-bit values in a 16-bit PNG",
        "reject `unit-range`: it would be a black page",
        _one("fig0.png", _dark),
        said="unit-range",
    ),
    Case(
        "decoding",
        "HDR colours (cICP PQ, HLG)",
        "reject `unsupported`",
        _one("fig0.png", lambda: with_chunks(png(0), chunk(b"cICP", bytes([9, 16, 0, 1])))),
        said="unsupported",
    ),
    Case(
        "vector",
        "text as HTML in `foreignObject`",
        "reject `broken-svg`, naming it",
        _one(
            "fig0.svg",
            lambda: _svg("<foreignObject width='9' height='9'><p>Text</p></foreignObject>"),
        ),
        said="broken-svg",
    ),
    Case(
        "vector",
        "letters without a glyph in the pinned fonts",
        "reject `broken-svg`, naming them",
        _one("fig0.svg", lambda: _svg("<text y='30'>\u7f16\u7801\u5668</text>")),
        said="broken-svg",
    ),
    Case(
        "vector",
        "a CSS variable without a value",
        "reject `broken-svg`, naming it",
        _one("fig0.svg", lambda: _svg("<rect width='9' height='9' fill='var(--x)'/>")),
        said="broken-svg",
    ),
)


def rows() -> str:
    """Returns the rows of the page's table."""
    head = "| kind | input | figbench |\n|---|---|---|\n"
    return head + "".join(f"| {one.area} | {one.input} | {one.figbench} |\n" for one in CASES)


if __name__ == "__main__":
    print(rows(), end="")
