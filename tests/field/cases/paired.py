"""Situations that are read and paired without a score: what is read, and what is refused."""

from __future__ import annotations

import json

from tests.field.files import archive, encoded, lines, put
from tests.field.folders import tile

N = 4
IDS = [f"fig{k}" for k in range(N)]
RIGHT = {name: [k] for k, name in enumerate(IDS)}
IMAGES = [f"images/{k}.png" for k in range(N)]
ROWS = [{"image": image, "id": name} for image, name in zip(IMAGES, IDS, strict=True)]


def png(number):
    return encoded(tile(number))


def fill(root, names, start=0):
    for at, name in enumerate(names):
        put(root, name, png(start + at))
    return root


def references(root, names=IDS):
    return fill(root / "ref", [f"{name}.png" for name in names])


def text_index(name, text):
    def build(root):
        fill(root / "gen", IMAGES)
        return put(root / "gen", name, text if isinstance(text, bytes) else text.encode())

    return build


def csv(head, mark=",", end="\n"):
    cells = (f"{row['image']}{mark}{row['id']}{end}" for row in ROWS)
    return head + end + "".join(cells)


READ = {
    "CSV with CRLF": text_index("i.csv", csv("image,id", end="\r\n")),
    "CSV with CR alone": text_index("i.csv", csv("image,id", end="\r")),
    "CSV in UTF-32": text_index("i.csv", csv("image,id").encode("utf-32")),
    "CSV with Excel's sep=": text_index("i.csv", "sep=;\r\n" + csv("image;id", ";", "\r\n")),
    "CSV with bars": text_index("i.csv", csv("image|id", "|")),
    "CSV called TSV": text_index("i.tsv", csv("image,id")),
    "columns in capitals": text_index("i.csv", csv("Image,ID")),
    "columns of two words": text_index("i.csv", csv("Image Path,Figure-ID")),
    "spaces around cells": text_index("i.csv", csv("image , id", " , ", " \n")),
    "pandas' index column": text_index(
        "i.csv",
        ",image,id\n" + "".join(f"{k},{r['image']},{r['id']}\n" for k, r in enumerate(ROWS)),
    ),
    "JSON lines called .json": text_index("i.json", lines(ROWS)),
    "a JSON array called .jsonl": text_index("i.jsonl", json.dumps(ROWS, indent=1)),
    "JSON lines with CRLF": text_index("i.jsonl", lines(ROWS).replace("\n", "\r\n")),
    "image as a record with a path": text_index(
        "i.json", json.dumps([{**row, "image": {"path": row["image"]}} for row in ROWS])
    ),
    "ids as Windows paths": text_index(
        "i.json", json.dumps([{**row, "id": f"C:\\ref\\{row['id']}.png"} for row in ROWS])
    ),
    "images named by URL, with the files here": text_index(
        "i.json", json.dumps([{**row, "image": f"https://x.org/{row['image']}"} for row in ROWS])
    ),
    "numbers of any size": text_index(
        "i.json", json.dumps([{**row, "sample": 10**30, "seed": -(10**40)} for row in ROWS])
    ),
    "metadata.jsonl in capitals": lambda root: (
        put(
            fill(root / "gen", [f"{k}.png" for k in range(N)]),
            "Metadata.JSONL",
            lines([{"file_name": f"{k}.png", "id": name} for k, name in enumerate(IDS)]),
        ).parent
    ),
    "zip with doubled slashes": lambda root: archive(
        root / "gen.zip", {f"a//{name}.png": png(k) for k, name in enumerate(IDS)}
    ),
    "parts of a set in two folders": lambda root: fill(
        fill(root / "gen", ["a/fig0.png", "a/fig1.png"]), ["b/fig2.png", "b/fig3.png"], 2
    ),
    "records without ids, named by folder": lambda root: (
        put(
            fill(root / "gen", [f"{name}/figure.png" for name in IDS]),
            "metadata.jsonl",
            lines([{"file_name": f"{name}/figure.png"} for name in IDS]),
        ).parent
    ),
}


SAMPLED = {
    "<id>/seed_<k>.png": [f"{name}/seed_{s}.png" for s in (7, 9) for name in IDS],
    "<id>/sample_<k>.png": [f"{name}/sample_{s}.png" for s in (0, 1) for name in IDS],
    "<id>/<k>.png": [f"{name}/{s}.png" for s in (0, 1) for name in IDS],
    "<id>_<k>.png": [f"{name}_{s:03d}.png" for s in (0, 1) for name in IDS],
    "run/<id>_<seed>.png": [f"run/{name}_{s}.png" for s in (5, 3735928559) for name in IDS],
}


def _stray_sample(root):
    names = [f"f{k}" for k in range(40)]
    references(root, names)
    return fill(root / "gen", [*(f"{name}_0.png" for name in names), "f1_1.png"])


def _twins(root):
    references(root)
    return fill(root / "gen", [*(f"{name}.png" for name in IDS), "fig0.PNG"])


def _repeated_columns(root):
    references(root)
    fill(root / "gen", IMAGES)
    return put(root / "gen", "i.csv", "image,id,id\nimages/0.png,fig0,fig1\n")


def _temperatures(root):
    references(root)
    return fill(root / "gen", [f"{name}/T{t}/0.png" for name in IDS for t in (0.2, 0.8)])


def _seeds_as_folders(root):
    references(root)
    return fill(root / "gen", [f"seed_{s}/{name}.png" for s in (1, 2) for name in IDS])


def _folder_with_a_suffix(root):
    references(root)
    return fill(root / "gen", ["fig0.png/out.png", "fig1.png", "fig2.png", "fig3.png"])


def _padded(root):
    fill(root / "ref", [f"{k}.png" for k in range(1, 13)])
    return fill(root / "gen", [f"{k:02d}.png" for k in range(1, 13)])


def _english_splits(root):
    fill(root / "ref", ["training/a.png", *(f"evaluation/{name}.png" for name in IDS)])
    return fill(root / "gen", [f"{name}.png" for name in IDS])


def _plain_beside_numbered(root):
    references(root)
    names = [f"{name}_{s}.png" for s in (1, 2) for name in IDS]
    return fill(root / "gen", [*names, "fig0.png"])


REFUSED = {
    "one plain name beside numbered ones": (_plain_beside_numbered, "Two files claim one sample"),
    "a stray sample of one id in forty": (_stray_sample, "1 of 40 ids have 2 samples"),
    "two files of one format and name": (_twins, "Two files claim one sample"),
    "two columns of one name": (_repeated_columns, "several columns are called 'id'"),
    "temperatures as folders of an id": (_temperatures, "T0.2/0.png, T0.8/0.png"),
    "seeds as folders of a set": (_seeds_as_folders, "Two files claim one sample"),
    "a folder that has a picture's name": (_folder_with_a_suffix, "two layouts in one folder"),
    "padded numbers of which some match": (_padded, "have no reference"),
    "splits called training, evaluation": (_english_splits, "holds 2 splits"),
}


def rows() -> str:
    """Returns the rows of the page's second table."""
    read = [*READ, *(f"samples called `{name}`" for name in SAMPLED)]
    table = "| input | figbench |\n|---|---|\n"
    table += "".join(f"| {name} | read |\n" for name in read)
    return table + "".join(f"| {name} | refused |\n" for name in REFUSED)
