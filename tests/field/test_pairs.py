"""Folders, archives and indexes in forms that people have: the right pairs, or a refusal.

Cheaper than the table of ``tests/field/table.py``: sets are read and paired, and nothing is scored.
"""

import io
import json
import os
import tarfile
import zipfile
from hashlib import sha256

import pytest

from figbench.errors import UserError
from figbench.evaluation.planning.inputs import load_inputs
from figbench.evaluation.planning.notes import check_left_out
from figbench.evaluation.planning.options import Options
from figbench.evaluation.progress import SilentProgress
from figbench.protocol import Protocol
from figbench.store import Store
from tests.field.files import archive, encoded, lines, put
from tests.field.folders import tile
from tests.field.indexes import parquet

N = 4
IDS = [f"fig{k}" for k in range(N)]
RIGHT = {name: [k] for k, name in enumerate(IDS)}
IMAGES = [f"images/{k}.png" for k in range(N)]
ROWS = [{"image": image, "id": name} for image, name in zip(IMAGES, IDS, strict=True)]
PROTOCOL = Protocol(id="field", preprocess="pad256", metrics=[{"metric": "ssim"}])


def png(number):
    return encoded(tile(number))


def fill(root, names, start=0):
    for at, name in enumerate(names):
        put(root, name, png(start + at))
    return root


def references(root, names=IDS):
    return fill(root / "ref", [f"{name}.png" for name in names])


def pairs_of(generated, reference, root, **options):
    """Returns the numbers of the pictures by reference id, and the warnings."""
    store = Store(root / "store")
    inputs = load_inputs(
        generated, reference, PROTOCOL, store, SilentProgress(), Options(**options)
    )
    for side in (inputs.generated, inputs.reference):
        check_left_out(side, "set", allowed=False, strict=False)
    if not inputs.sides.paired:
        return {}, inputs.warnings
    numbers = {sha256(png(number)).hexdigest(): number for number in range(120)}
    pairs = {}
    for pair in inputs.sides.pairs:
        number = None if pair.generated is None else numbers[pair.generated.sha256]
        pairs.setdefault(pair.reference.figure_id, []).append(number)
    return pairs, inputs.warnings


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


@pytest.mark.parametrize("name", READ)
def test_read_with_the_right_pairs(name, tmp_path):
    reference = references(tmp_path)
    pairs, _warnings = pairs_of(READ[name](tmp_path), reference, tmp_path)
    assert pairs == RIGHT


SAMPLED = {
    "<id>/seed_<k>.png": [f"{name}/seed_{s}.png" for s in (7, 9) for name in IDS],
    "<id>/sample_<k>.png": [f"{name}/sample_{s}.png" for s in (0, 1) for name in IDS],
    "<id>/<k>.png": [f"{name}/{s}.png" for s in (0, 1) for name in IDS],
    "<id>_<k>.png": [f"{name}_{s:03d}.png" for s in (0, 1) for name in IDS],
    "run/<id>_<seed>.png": [f"run/{name}_{s}.png" for s in (5, 3735928559) for name in IDS],
}


INDEXED = [name for name in SAMPLED if not name.startswith("<id>/")]
"""An index of folders of samples needs ids."""


@pytest.mark.parametrize(
    ("name", "indexed"),
    [*((name, False) for name in SAMPLED), *((name, True) for name in INDEXED)],
)
def test_samples_by_name(name, indexed, tmp_path):
    generated = fill(tmp_path / "gen", SAMPLED[name])
    if indexed:
        put(generated, "metadata.jsonl", lines([{"file_name": one} for one in SAMPLED[name]]))
    pairs, _warnings = pairs_of(generated, references(tmp_path), tmp_path)
    assert pairs == {one: [k, k + N] for k, one in enumerate(IDS)}


def test_a_samples_field_of_another_name_orders_them(tmp_path):
    fill(tmp_path / "gen", [f"{k}.png" for k in range(2 * N)])
    rows = [
        {"image": f"{2 * k + s}.png", "id": name, "sample_index": 1 - s}
        for k, name in enumerate(IDS)
        for s in (0, 1)
    ]
    index = put(tmp_path / "gen", "i.json", json.dumps(rows))
    pairs, _warnings = pairs_of(index, references(tmp_path), tmp_path)
    assert pairs == {name: [2 * k + 1, 2 * k] for k, name in enumerate(IDS)}


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


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name, tmp_path):
    build, said = REFUSED[name]
    generated = build(tmp_path)
    with pytest.raises(UserError) as error:
        pairs_of(generated, tmp_path / "ref", tmp_path)
    assert said in error.value.message


@pytest.mark.parametrize("ids", [["3"], ["3.0"]])
def test_numbers_that_pandas_made_floats_match_on_either_side(ids, tmp_path):
    other = "3.0" if ids == ["3"] else "3"
    fill(tmp_path / "ref", ["x.png"])
    fill(tmp_path / "gen", ["y.png"])
    reference = put(tmp_path / "ref", "i.csv", f"image,id\nx.png,{ids[0]}\n")
    generated = put(tmp_path / "gen", "i.csv", f"image,id\ny.png,{other}\n")
    assert pairs_of(generated, reference, tmp_path)[0] == {ids[0]: [0]}


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_twice_in_an_archive_is_said(kind, tmp_path):
    members = [*((f"{name}.png", png(k)) for k, name in enumerate(IDS)), ("fig0.png", png(9))]
    path = tmp_path / f"gen.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as out:
            for name, data in members:
                out.writestr(name, data)
    else:
        with tarfile.open(path, "w") as out:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                out.addfile(info, io.BytesIO(data))
    pairs, warnings = pairs_of(path, references(tmp_path), tmp_path)
    assert pairs == {**RIGHT, "fig0": [9]}
    assert any("twice in the archive" in one for one in warnings)


def test_an_encrypted_zip_is_called_that(tmp_path):
    path = archive(tmp_path / "gen.zip", {f"{name}.png": png(k) for k, name in enumerate(IDS)})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 1)
    path.write_bytes(data)
    with pytest.raises(UserError, match="unsupported"):
        pairs_of(path, references(tmp_path), tmp_path)


def test_an_index_of_another_name_is_said_not_used(tmp_path):
    fill(tmp_path / "gen", [f"{name}.png" for name in IDS])
    rows = [{"image": f"{name}.png", "id": "other"} for name in IDS]
    put(tmp_path / "gen", "results.json", json.dumps(rows))
    pairs, warnings = pairs_of(tmp_path / "gen", references(tmp_path), tmp_path)
    assert pairs == RIGHT
    assert any("4 images are named in results.json" in one for one in warnings)


def test_folders_below_the_references_own_are_looked_through(tmp_path):
    names = ["a/x", "b/x", "c/y"]
    reference = fill(tmp_path / "ref", [f"{name}.png" for name in names])
    generated = fill(tmp_path / "gen", [f"out/run/{name}.png" for name in names])
    pairs, _warnings = pairs_of(generated, reference, tmp_path)
    assert pairs == {name: [k] for k, name in enumerate(names)}


def test_copies_that_programs_keep_are_no_figures(tmp_path):
    generated = fill(tmp_path / "gen", [f"{name}.png" for name in IDS])
    fill(generated, ["@eaDir/fig0.png/SYNOPHOTO_THUMB_M.png"], 50)
    fill(generated, [".ipynb_checkpoints/fig1-checkpoint.png"], 51)
    for name in (".DS_Store", "Thumbs.db", "fig0.png.crdownload", "fig0.png~", "~$fig0.pptx"):
        put(generated, name, "x")
    pairs, _warnings = pairs_of(generated, references(tmp_path), tmp_path)
    assert pairs == RIGHT


@pytest.mark.parametrize("layout", ["figgen", "geneval", "records", "parquet", "map", "vfig"])
def test_a_chosen_layout_that_does_not_fit_is_refused(layout, tmp_path):
    generated = fill(tmp_path / "gen", [f"{name}.png" for name in IDS])
    with pytest.raises(UserError, match=layout):
        pairs_of(generated, references(tmp_path), tmp_path, layout=layout)


@pytest.mark.parametrize("name", ["fifo", "fifo.zip", "fifo.json", "fifo.parquet", "fifo.png"])
def test_a_fifo_as_the_set_is_refused_and_never_opened(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(UserError, match="neither a folder nor a regular file"):
        pairs_of(tmp_path / name, references(tmp_path), tmp_path)


def test_special_files_are_rejects(tmp_path):
    names = [f"f{k}" for k in range(60)]
    references(tmp_path, names)
    generated = fill(tmp_path / "gen", [f"{name}.png" for name in names[2:]], 2)
    os.mkfifo(generated / "f0.png")
    (generated / "f1.png").mkdir()
    put(generated, "f1.png/.keep", "")
    pairs, _warnings = pairs_of(generated, tmp_path / "ref", tmp_path)
    assert pairs == {name: [k if k > 1 else None] for k, name in enumerate(names)}


def test_tables_of_parquet_take_the_folder_where_names_repeat(tmp_path):
    names = [f"images/{name}/figure.png" for name in IDS]
    reference = fill(tmp_path / "ref", names)
    put(reference, "data/test.parquet", parquet([{"image": name} for name in names]))
    fill(tmp_path / "gen", [f"{name}.png" for name in IDS])
    assert pairs_of(tmp_path / "gen", reference, tmp_path)[0] == RIGHT
