"""Cases that users of other tools reported; the issue is where to read about each.

What is right here is figbench's own decision: the picture that a person sees, or a refusal by name.
"""

from __future__ import annotations

import json
import unicodedata

from tests.field.cases.base import (
    REFERENCES,
    Case,
    N,
    both,
    generated,
    index,
    records,
)
from tests.field.cases.made import (
    tar,
)
from tests.field.files import archive, encoded, fill, lines, picture, png, put

ALL = (N, N)


def _same(names):
    """Generated and reference have these names."""
    return both(names, names)


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


def _empty(root):
    (root / "gen").mkdir()
    put(root / "gen", "readme.md", "no figure here")
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
        "`__MACOSX/._name` next to every file of a zip",
        "rejects `apple-double`, which need no flag",
        generated(_mac_zip),
        ALL,
        issue="ImageMarkup/isic-challenge-scoring#15",
    ),
    Case(
        "layouts",
        "`._name` next to every file of a folder",
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
        "an index next to a zip of its images",
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
)
