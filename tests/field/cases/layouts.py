"""Cases of layouts."""

from __future__ import annotations

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    generated,
    parquet,
)
from tests.field.files import (
    encoded,
    fill,
    picture,
    png,
    put,
)


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


def _suffixes(root):
    for at, (suffix, form) in enumerate(
        (("ppm", "PPM"), ("apng", "PNG"), ("dib", "BMP"), ("tif", "TIFF"))
    ):
        put(root / "gen", f"fig{at}.{suffix}", encoded(picture(at), form))
    return root / "gen"


def _splits(root):
    fill(root / "gen", REFERENCES)
    fill(root / "ref/train", ["t0.png", "t1.png"], seed=70)
    fill(root / "ref/test", REFERENCES)
    return root / "gen", root / "ref"


def _hub(root):
    fill(root / "gen", REFERENCES)
    rows = [{"id": f"fig{k}", "image": {"bytes": png(k), "path": None}} for k in range(N)]
    put(root / "ref", "data/test-00000-of-00001.parquet", parquet(rows))
    other = [{"id": f"t{k}", "image": {"bytes": png(70 + k), "path": None}} for k in range(2)]
    put(root / "ref", "data/train-00000-of-00001.parquet", parquet(other))
    put(root / "ref", "assets/teaser.png", png(99))
    return root / "gen", root / "ref"


CASES = (
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
        "the tables; the images next to them are named in a note",
        _hub,
        (4, 4),
        "beside the tables",
        ("--split", "test"),
    ),
    Case(
        "layouts",
        "only PPTX, HEIC, EPS, ...",
        "reject `unsupported`, with the way on",
        generated(lambda root: put(root, "gen/fig0.pptx", b"PK").parent),
        said="unsupported",
    ),
    Case(
        "layouts", "suffixes `.ppm`, `.apng`, `.dib`, `.tif`", "read", generated(_suffixes), (4, 4)
    ),
)
