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
from tests.field.cases.paired import (
    IDS,
    READ,
    REFUSED,
    RIGHT,
    SAMPLED,
    N,
    fill,
    png,
    references,
)
from tests.field.files import archive, lines, put
from tests.field.indexes import parquet

PROTOCOL = Protocol(id="field", preprocess="pad256", metrics=[{"metric": "ssim"}])


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


@pytest.mark.parametrize("name", READ)
def test_read_with_the_right_pairs(name, tmp_path):
    reference = references(tmp_path)
    pairs, _warnings = pairs_of(READ[name](tmp_path), reference, tmp_path)
    assert pairs == RIGHT


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
