"""URLs through fsspec: what is copied, and what is refused by name."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from figbench import load_manifest
from figbench.data.remote.objects import list_objects
from figbench.errors import UserError
from tests.data.remote import PNG, ids, refused


def test_a_folder_is_read_under_its_url_and_again_without_a_copy(put, copied):
    for number in range(4):
        put(f"/run/a{number}.png", PNG[number])
    put("/run/a1.txt", b"a caption")
    put("/run/weights.bin", bytes(1000))
    first = load_manifest("memory://run/")
    assert ids(first) == ["a0", "a1", "a2", "a3"]
    assert first.source == "memory://run/"
    assert first.figures[1].prompt == "a caption"
    assert first.read(first.figures[2]) == PNG[2]
    assert "2 files that are no images by their names were passed over" in first.notes
    assert len(copied) == 5
    copied.clear()
    assert load_manifest("memory://run/") == first
    assert copied == []


def test_only_what_changed_is_copied_again_and_what_vanished_is_gone(put, copied, own_mirrors):
    for number in range(4):
        put(f"/run/sub/a{number}.png", PNG[number])
    load_manifest("memory://run")
    copied.clear()
    memory = fsspec.filesystem("memory")
    put("/run/sub/a2.png", PNG[5])
    memory.store["/run/sub/a2.png"].created = datetime.now(UTC) + timedelta(seconds=5)
    memory.rm("/run/sub/a0.png")
    again = load_manifest("memory://run")
    assert copied == ["/run/sub/a2.png"]
    assert ids(again) == ["a1", "a2", "a3"]
    assert again.read(again.figures[1]) == PNG[5]
    assert not list(own_mirrors.rglob("a0.png"))


def test_a_copy_that_somebody_touched_is_not_trusted(put, copied, own_mirrors):
    put("/run/a.png", PNG[0])
    load_manifest("memory://run")
    [copy] = own_mirrors.rglob("a.png")
    copy.write_bytes(PNG[1])
    again = load_manifest("memory://run")
    assert again.read(again.figures[0]) == PNG[0]


def test_a_store_that_tells_no_time_is_copied_each_time(put, copied, monkeypatch):
    def untold(self, path, maxdepth=None, detail=False, **_):
        return {key: {"name": key, "size": one.size} for key, one in self.store.items()}

    monkeypatch.setattr(MemoryFileSystem, "find", untold)
    put("/run/a.png", PNG[0])
    load_manifest("memory://run")
    load_manifest("memory://run")
    assert copied == ["/run/a.png"] * 2


def test_an_index_brings_the_figures_that_it_names_and_no_others(put, copied):
    for number in range(4):
        put(f"/set/img/a{number}.png", PNG[number])
    put("/elsewhere/a5.png", PNG[5])
    rows = [
        {"image": "img/a0.png", "prompt": "first"},
        {"image": "./img/a1.png"},
        {"image": "memory://set/img/a2.png"},
        {"image": "img/none.png", "id": "lost"},
        {"image": "/etc/hostname.png"},
        {"image": "../elsewhere/a5.png"},
    ]
    put("/set/rows.jsonl", "\n".join(map(json.dumps, rows)).encode())
    manifest = load_manifest("memory://set/rows.jsonl")
    assert ids(manifest) == ["a0", "a1", "a2"]
    assert refused(manifest) == {
        "img/none.png": "missing-file",
        "/etc/hostname.png": "path-traversal",
        "../elsewhere/a5.png": "path-traversal",
    }
    assert sorted(copied) == [
        "/set/img/a0.png",
        "/set/img/a1.png",
        "/set/img/a2.png",
        "/set/rows.jsonl",
    ]


def test_csv_and_map_and_imagefolder(put):
    put("/set/a.png", PNG[0])
    put("/set/b.png", PNG[1])
    put("/set/rows.csv", b"file_name,caption\na.png,one\n")
    put("/set/map.json", b'{"x": "a.png", "y": "b.png"}')
    assert ids(load_manifest("memory://set/rows.csv")) == ["a"]
    assert ids(load_manifest("memory://set/map.json")) == ["x", "y"]
    put("/set/metadata.jsonl", b'{"file_name": "b.png"}')
    folder = load_manifest("memory://set")
    assert (folder.layout, ids(folder)) == ("records", ["b"])
    assert "1 images are not in the index: a.png" in folder.notes


def parquet(images):
    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["x", "y"], "image": images}), out)
    return out.getvalue()


def test_parquet_with_bytes_and_with_files_beside_it(put, copied):
    put("/set/inside.parquet", parquet([{"bytes": one, "path": "q.png"} for one in PNG[:2]]))
    assert ids(load_manifest("memory://set/inside.parquet")) == ["x", "y"]
    put("/set/img/a.png", PNG[2])
    put("/set/beside.parquet", parquet(["img/a.png", "img/none.png"]))
    beside = load_manifest("memory://set/beside.parquet")
    assert ids(beside) == ["x"]
    assert [one.code for one in beside.rejects] == ["missing-file"]
    put("/shards/data/0.parquet", parquet(PNG[:2]))
    assert ids(load_manifest("memory://shards")) == ["x", "y"]
    put("/set/abs.parquet", parquet(["/etc/hostname", "b"]))
    with pytest.raises(UserError, match="absolute path"):
        load_manifest("memory://set/abs.parquet")


def test_an_archive_is_opened(put):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("top/a.png", PNG[0])
        archive.writestr("../evil.png", PNG[1])
    put("/set/figures.zip", packed.getvalue())
    manifest = load_manifest("memory://set/figures.zip")
    assert list(refused(manifest).values()) == ["path-traversal"]
    assert len(manifest.figures) == 1


def test_one_split_of_paper2fig_is_copied(put, copied):
    for number, split in enumerate(("test", "train", "train")):
        put(f"/P/figures/p{number}-Figure1-1.png", PNG[number])
        put(
            f"/P/paper2fig_{split}.json",
            json.dumps([{"figure_id": f"p{number}-Figure1-1", "captions": ["c"]}]).encode(),
        )
    manifest = load_manifest("memory://P")
    assert (manifest.layout, ids(manifest)) == ("paper2fig100k", ["p0-Figure1-1"])
    assert sorted(copied) == ["/P/figures/p0-Figure1-1.png", "/P/paper2fig_test.json"]
    assert ids(load_manifest("memory://P", split="train")) == ["p2-Figure1-1"]
    with pytest.raises(UserError, match=r"memory://P/paper2fig_dev\.json: not found"):
        load_manifest("memory://P", split="dev")


def test_figgen_takes_its_scale_from_the_url(put):
    put("/r/evaluation_cfg_5.0/sample_0/0000.png", PNG[0])
    put("/r/evaluation_cfg_5.0/sample_0/caption.txt", b"boxes")
    [figure] = load_manifest("memory://r/evaluation_cfg_5.0").figures
    assert (figure.guidance_scale, figure.prompt) == (5.0, "boxes")


def test_absurd_names_are_refused_and_nothing_leaves_the_cache(put, own_mirrors, tmp_path):
    memory = fsspec.filesystem("memory")
    put("/run/good.png", PNG[0])
    put("/run/dir/inner.png", PNG[1])
    seed = memory.store["/run/good.png"]
    for name in ("../../../evil.png", "a//b.png", "./c.png", "/abs.png", "n" * 300 + ".png"):
        memory.store[f"/run/{name}"] = seed
    manifest = load_manifest("memory://run")
    assert ids(manifest) == ["inner", "good"]
    assert refused(manifest) == {
        "../../../evil.png": "path-traversal",
        "/abs.png": "path-traversal",
        "a//b.png": "bad-name",
        "./c.png": "bad-name",
        "n" * 300 + ".png": "bad-name",
    }
    assert not list(tmp_path.parent.rglob("evil.png"))


def test_an_object_that_is_called_like_a_folder_and_one_of_elsewhere_are_refused():
    class Flat:
        async_impl = False

        def find(self, place, detail):
            return {key: {"size": 1} for key in ("b/x", "b/x/y.png", "b/z.png", "other/w.png")}

    found = list_objects(Flat(), "flat://b", "b", "b")
    assert set(found.usable) == {"x/y.png", "z.png"}
    assert {name: code for name, (code, _) in found.problems.items()} == {
        "x": "bad-name",
        "other/w.png": "path-traversal",
    }


def test_file_urls_are_read_in_place(tmp_path, own_mirrors):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.png").write_bytes(PNG[0])
    manifest = load_manifest(f"file://{tmp_path}/f")
    assert (ids(manifest), manifest.source) == (["a"], f"file://{tmp_path}/f")
    assert manifest.root == str((tmp_path / "f").resolve())
    assert not own_mirrors.exists()


def test_progress_is_told_in_bytes(put):
    told = []
    for number in range(3):
        put(f"/run/a{number}.png", PNG[number])
    load_manifest("memory://run", advance=lambda have, total: told.append((have, total)))
    total = sum(map(len, PNG[:3]))
    assert told[-1] == (total, total)
    assert len(told) == 3


def test_the_document_beside_a_figure_is_copied_with_it(put):
    put("/run/a.png", PNG[0])
    put("/run/a.dot", b"digraph {}")
    manifest = load_manifest("memory://run")
    assert manifest.figures[0].source == "a.dot"
    assert manifest.read_document(manifest.figures[0]) == b"digraph {}"
