"""Every layout that people bring: what is found, how ids are derived, what is said."""

import csv
import io
import json
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figbench.data.load import load_manifest
from figbench.errors import UserError
from tests.data.pictures import drawing, encoded

PNG = encoded(drawing())


def fill(root, names):
    """Writes distinct pictures, or the given text, under the names."""
    for seed, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(names, dict) and isinstance(names[name], str):
            path.write_text(names[name])
        else:
            path.write_bytes(encoded(drawing(seed=seed)))
    return root


def rows(manifest):
    return [(one.figure_id, one.sample) for one in manifest.figures]


def zipped(path, root):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, file.relative_to(root.parent))
    return path


def tarred(path, root, mode="w"):
    with tarfile.open(path, mode) as archive:
        archive.add(root, root.name)
    return path


FIGGEN = {
    "sample_0/0000.png": None,
    "sample_0/0001.png": None,
    "sample_0/caption.txt": "An encoder.",
    "sample_1/0000.png": None,
    "sample_1/caption.txt": "A decoder.",
}
GENEVAL = {
    "00000/metadata.jsonl": '{"prompt": "a chart", "tag": "one"}',
    "00000/grid.png": None,
    "00000/samples/0000.png": None,
    "00000/samples/0001.png": None,
    "00001/metadata.jsonl": '{"prompt": "a graph", "figure_id": "named"}',
    "00001/samples/0000.png": None,
}
LAYOUTS = {
    "flat": (["b.png", "a.png", "c.jpeg"], [("a", 0), ("b", 0), ("c", 0)]),
    "samples": (
        ["p1_0.png", "p1_1.png", "p2_0.png", "p2_1.png"],
        [("p1", 0), ("p1", 1), ("p2", 0), ("p2", 1)],
    ),
    "figgen": (FIGGEN, [("sample_0", 0), ("sample_0", 1), ("sample_1", 0)]),
    "geneval": (GENEVAL, [("00000", 0), ("00000", 1), ("named", 0)]),
}
CONTAINERS = {
    "folder": lambda root: root,
    "zip": lambda root: zipped(root.parent / "s.zip", root),
    "tar": lambda root: tarred(root.parent / "s.tar", root),
    "tar.gz": lambda root: tarred(root.parent / "s.tar.gz", root, "w:gz"),
    "tgz named tar": lambda root: tarred(root.parent / "g.tar", root, "w:gz"),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_in_every_container(tmp_path, layout, container):
    names, expected = LAYOUTS[layout]
    folder = fill(tmp_path / "set", names)
    plain = load_manifest(folder)
    manifest = load_manifest(CONTAINERS[container](folder))
    assert manifest.layout == layout
    assert rows(manifest) == expected
    assert manifest.digest == plain.digest
    assert [one.prompt for one in manifest.figures] == [one.prompt for one in plain.figures]
    assert any("figure id" in note for note in manifest.notes)
    assert manifest.read(manifest.figures[0]) == plain.read(plain.figures[0])


def test_prompts_of_folder_layouts(tmp_path):
    figgen = load_manifest(fill(tmp_path / "f", FIGGEN))
    assert [one.prompt for one in figgen.figures] == ["An encoder.", "An encoder.", "A decoder."]
    geneval = load_manifest(fill(tmp_path / "g", GENEVAL))
    assert [one.prompt for one in geneval.figures] == ["a chart", "a chart", "a graph"]
    assert any("1 grids of samples were left out: 00000/grid.png" in note for note in geneval.notes)
    flat = load_manifest(fill(tmp_path / "p", {"a.png": None, "a.txt": "A caption."}))
    assert flat.figures[0].prompt == "A caption."


def reference_with_captions(tmp_path, captions):
    folder = tmp_path / "ref"
    fill(folder, [f"{name}.png" for name in captions])
    lines = [json.dumps({"file_name": f"{n}.png", "text": c}) for n, c in captions.items()]
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return load_manifest(folder)


def test_figgen_rows_are_mapped_by_caption_then_by_row(tmp_path):
    """The sampler's row numbers shift when the filter differs by one figure; captions do not."""
    reference = reference_with_captions(
        tmp_path, {"extra": "Filtered out.", "x": "An encoder.", "y": "A decoder."}
    )
    manifest = load_manifest(fill(tmp_path / "f", FIGGEN), reference=reference)
    assert rows(manifest) == [("x", 0), ("x", 1), ("y", 0)]
    assert any("same caption (2 prompts)" in note for note in manifest.notes)


def test_figgen_without_captions_uses_the_row_and_says_what_differs(tmp_path):
    reference = reference_with_captions(tmp_path, {"x": "One.", "y": "Two."})
    bare = fill(tmp_path / "bare", ["sample_0/0000.png", "sample_1/0000.png", "sample_7/0000.png"])
    assert rows(load_manifest(bare, reference=reference)) == [("x", 0), ("y", 0), ("sample_7", 0)]
    differing = load_manifest(fill(tmp_path / "f", FIGGEN), reference=reference)
    assert rows(differing) == [("sample_0", 0), ("sample_0", 1), ("sample_1", 0)]
    assert any("captions are no reference's" in note for note in differing.notes)


def test_figgen_scale_comes_from_the_folder_and_two_runs_are_not_mixed(tmp_path):
    run = fill(tmp_path / "evaluation_cfg_5.0", FIGGEN)
    assert {one.guidance_scale for one in load_manifest(run).figures} == {5.0}
    assert {one.guidance_scale for one in load_manifest(tmp_path).figures} == {5.0}
    archive = zipped(tmp_path.parent / f"{tmp_path.name}.zip", run)
    assert {one.guidance_scale for one in load_manifest(archive).figures} == {5.0}
    fill(tmp_path / "evaluation_cfg_1.0", FIGGEN)
    with pytest.raises(UserError, match="holds 2 runs") as caught:
        load_manifest(tmp_path)
    assert "evaluation_cfg_1.0" in caught.value.message


def test_the_reference_settles_what_a_number_means(tmp_path):
    reference = load_manifest(fill(tmp_path / "ref", ["net_1.png", "net_2.png"]))
    assert rows(reference) == [("net_1", 0), ("net_2", 0)]
    same = load_manifest(fill(tmp_path / "same", ["net_1.png", "net_2.png"]), reference=reference)
    assert rows(same) == [("net_1", 0), ("net_2", 0)]
    sampled = fill(tmp_path / "k", ["net_1_0.png", "net_1_1.png", "net_2_0.png"])
    assert rows(load_manifest(sampled, reference=reference)) == [
        ("net_1", 0), ("net_1", 1), ("net_2", 0),
    ]  # fmt: skip


def test_single_numbered_files_are_ids_not_samples(tmp_path):
    manifest = load_manifest(fill(tmp_path, ["resnet_50.png", "vgg_16.png"]))
    assert rows(manifest) == [("resnet_50", 0), ("vgg_16", 0)]
    forced = load_manifest(tmp_path, layout="samples")
    assert rows(forced) == [("resnet", 50), ("vgg", 16)]


def test_a_missing_sample_does_not_change_the_layout(tmp_path):
    names = [f"p{i}_{k}.png" for i in range(6) for k in range(2)][:-1]
    assert rows(load_manifest(fill(tmp_path, names)))[-1] == ("p5", 0)


def test_same_name_twice_is_said(tmp_path):
    nested = load_manifest(fill(tmp_path / "n", ["x/a.png", "y/a.png", "y/b.png"]))
    assert rows(nested) == [("x/a", 0), ("y/a", 0), ("y/b", 0)]
    double = load_manifest(fill(tmp_path / "d", ["a.png", "a.jpg"]))
    assert rows(double) == [("a", 0)]
    assert any("second formats of a figure" in note for note in double.notes)


def test_map_of_id_to_path(tmp_path):
    fill(tmp_path, ["img/1.png", "img/2.png"])
    (tmp_path / "map.json").write_text(json.dumps({"b": "img/2.png", "a": "img/1.png"}))
    manifest = load_manifest(tmp_path / "map.json")
    assert manifest.layout == "map"
    assert rows(manifest) == [("b", 0), ("a", 0)]


RECORDS = [
    {"id": 7, "image": "1.png", "prompt": "One.", "sample": 1, "seed": 3, "guidance_scale": 2.5},
    {"id": "x", "image": "2.png", "text": "Two.", "seed": 10**30, "guidance_scale": "inf"},
]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "map of records"])
def test_records(tmp_path, form):
    fill(tmp_path, ["1.png", "2.png"])
    path = tmp_path / f"index.{'json' if form == 'map of records' else form}"
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, [*RECORDS[0], "text"])
        writer.writeheader()
        writer.writerows(RECORDS)
        path.write_text(text.getvalue(), encoding="utf-8-sig")
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, RECORDS)) + "\n\n")
    elif form == "json":
        path.write_text(json.dumps(RECORDS))
    else:
        path.write_text(json.dumps({str(one["id"]): one for one in RECORDS}))
    first, second = load_manifest(path).figures
    assert (first.figure_id, first.sample, first.seed, first.guidance_scale) == ("7", 1, 3, 2.5)
    assert (second.figure_id, second.seed, second.guidance_scale) == ("x", None, None)
    assert (first.prompt, second.prompt) == ("One.", "Two.")


def test_records_that_name_nothing_usable_are_rejected(tmp_path):
    fill(tmp_path / "set", ["1.png"])
    fill(tmp_path, ["outside.png"])
    images = ["1.png", None, "", "../outside.png", "gone.png", "a\x00b.png", "1.png"]
    lines = [json.dumps({"id": f"f{i}", "image": image}) for i, image in enumerate(images)]
    lines.append('{"id": "f\\ud800", "image": "1.png", "prompt": NaN}')
    (tmp_path / "set" / "i.jsonl").write_text("\n".join(lines))
    manifest = load_manifest(tmp_path / "set" / "i.jsonl")
    assert rows(manifest) == [("f0", 0), ("f3", 0), ("f6", 0)]
    found = {one.figure_id: one.code for one in manifest.rejects}
    assert found == {
        "f1": "missing-file",
        "f2": "missing-file",
        "f4": "missing-file",
        "f5": "path-traversal",
        "f\\ud800": "bad-name",
    }
    for reject in manifest.rejects:
        f"{reject.path}{reject.figure_id}{reject.reason}".encode()


def test_a_users_own_index_may_leave_its_folder_and_one_that_a_folder_brings_may_not(tmp_path):
    fill(tmp_path / "images", ["a.png"])
    index = tmp_path / "meta" / "index.csv"
    index.parent.mkdir()
    index.write_text("image,id\n../images/a.png,x\n")
    [figure] = load_manifest(index).figures
    assert figure.figure_id == "x"
    brought = load_manifest(index.parent)
    assert [reject.code for reject in brought.rejects] == ["path-traversal"]
    assert "give the path of the index itself" in brought.rejects[0].reason
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(index, "meta/index.csv")
        archive.write(tmp_path / "images" / "a.png", "images/a.png")
    packed = load_manifest(tmp_path / "set.zip")
    assert not packed.figures or packed.figures[0].figure_id != "x"


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_nan_in_an_index_is_no_value(tmp_path, form):
    fill(tmp_path, ["1.png"])
    record = '{"id": NaN, "image": "1.png", "seed": Infinity}'
    (tmp_path / f"i.{form}").write_text(f"[{record}]" if form == "json" else record)
    (figure,) = load_manifest(tmp_path / f"i.{form}").figures
    assert (figure.figure_id, figure.seed) == ("1", None)


def test_images_beside_an_index_are_said(tmp_path):
    fill(tmp_path, ["1.png", "2.png"])
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "1.png"}')
    manifest = load_manifest(tmp_path)
    assert rows(manifest) == [("1", 0)]
    assert "1 images are not in the index: 2.png" in manifest.notes
    assert load_manifest(tmp_path, layout="flat").layout == "flat"


def table(path, records, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(records), path, **options)
    return path


def test_parquet_with_bytes_or_paths(tmp_path):
    fill(tmp_path, ["p.png"])
    records = [
        {"image": {"bytes": encoded(drawing(seed=i)), "path": ""}, "id": f"r{i}", "text": "T"}
        for i in range(5)
    ]
    records += [
        {"image": {"bytes": None, "path": "p.png"}, "id": None, "text": None},
        {"image": {"bytes": None, "path": None}, "id": "none", "text": None},
        {"image": {"bytes": None, "path": "../p.png"}, "id": "up", "text": None},
        {"image": None, "id": "null", "text": None},
    ]
    manifest = load_manifest(table(tmp_path / "t.parquet", records, row_group_size=2))
    ids = [one.figure_id for one in manifest.figures]
    assert ids == ["r0", "r1", "r2", "r3", "r4", "p"]
    assert manifest.read(manifest.figures[3]) == records[3]["image"]["bytes"]
    assert manifest.figures[0].prompt == "T"
    assert {one.figure_id: one.code for one in manifest.rejects} == {
        "none": "missing-file",
        "up": "path-traversal",
        "null": "missing-file",
    }


def test_parquet_shards_in_a_folder(tmp_path):
    for shard in range(2):
        records = [{"image": encoded(drawing(seed=2 * shard + i))} for i in range(2)]
        table(tmp_path / "data" / f"train-0000{shard}.parquet", records)
    manifest = load_manifest(tmp_path)
    assert manifest.layout == "parquet"
    assert [one.figure_id for one in manifest.figures] == [f"row-00000{i}" for i in range(4)]
    assert len({one.sha256 for one in manifest.figures}) == 4


WRONG = {
    "nowhere.json": (None, "no such file"),
    "text.txt": ("x", "not a folder, archive"),
    "broken.json": ("{", "not valid JSON"),
    "binary.json": (b"\xff\xfe\x00", "not valid JSON"),
    "deep.json": ("[" * 100_000, "not valid JSON"),
    "number.json": ("7", "expected a list of records"),
    "no-image.json": ('[{"id": 1, "caption": "c"}]', "no image path; found fields id, caption"),
    "line.jsonl": ('{"image": "a.png"}\n[1]\n', "line 2: expected a JSON object"),
    "empty.csv": ("image,id\n", "no figures found"),
    "broken.zip": (b"PK\x03\x04 but no more", "not a readable archive"),
    "broken.tar.gz": (b"\x1f\x8b\x08 but no more", "not a readable archive"),
    "broken.parquet": (b"PAR1 but no more", "not a readable parquet file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_inputs_name_the_path(tmp_path, name):
    content, words = WRONG[name]
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError) as caught:
        load_manifest(tmp_path / name)
    assert name in caught.value.message
    assert words in caught.value.message


def test_empty_folder_and_unknown_layout(tmp_path):
    with pytest.raises(UserError, match="no figures found"):
        load_manifest(tmp_path)
    with pytest.raises(UserError, match="Did you mean 'flat'"):
        load_manifest(tmp_path, layout="flatt")


fields = st.sampled_from(
    ["figure_id", "id", "image", "prompt", "sample", "captions", "ocr_result", "seed", "bbox"]
)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["a.png", "b/../../c.png", "t.zip!/a.png", "t.parquet!/image/0", "/dev/zero"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(fields, inner, max_size=6),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(document=documents, form=st.sampled_from(["json", "jsonl"]))
def test_any_index_is_understood_or_refused(tmp_path_factory, document, form):
    """Strange JSON gives figures and rejects, or a UserError; never another exception."""
    root = tmp_path_factory.getbasetemp() / "any-index"
    root.mkdir(exist_ok=True)
    (root / "a.png").write_bytes(PNG)
    path = root / f"index.{form}"
    path.write_text(json.dumps(document))
    try:
        manifest = load_manifest(path, workers=0)
    except UserError as error:
        assert path.name in error.message
        return
    for figure in manifest.figures:
        assert manifest.read(figure) == PNG
    json.dumps([(one.path, one.code) for one in manifest.rejects], ensure_ascii=False).encode()


def test_a_record_without_an_id_beside_records_with_one_is_a_reject(tmp_path):
    records = [{"image": encoded(drawing(seed=i)), "id": float(i) if i else None} for i in range(3)]
    manifest = load_manifest(table(tmp_path / "t.parquet", records), workers=0)
    assert [one.figure_id for one in manifest.figures] == ["1", "2"]
    assert [(one.code, one.path) for one in manifest.rejects] == [
        ("bad-record", "t.parquet!/image/0")
    ]
