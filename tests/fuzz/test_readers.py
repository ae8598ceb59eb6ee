"""Readers of files from strangers under changed bytes: a value or the documented error, in time.

Every reader gets its own valid file with bytes replaced, cut, doubled or inserted. What comes out
is what the reader documents; any other exception, or a hang, fails the test.
"""

import io
import json
import tarfile
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from figbench import Protocol, load_manifest, load_result
from figbench.data.layouts.records import read_document
from figbench.data.layouts.serialization import save_manifest
from figbench.errors import FigbenchError, UserError
from figbench.gate.config import load_config
from figbench.io.json_files import dump_json, read_json
from figbench.leaderboard.entries import load_entry
from tests.data.pictures import drawing, encoded
from tests.results.factory import make_result

BOUNDED = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PNG = encoded(drawing(24, 32))


edit = st.one_of(
    st.tuples(st.just("replace"), st.integers(0, 10**6), st.binary(min_size=1, max_size=4)),
    st.tuples(st.just("insert"), st.integers(0, 10**6), st.binary(min_size=1, max_size=6)),
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.just(b"")),
    st.tuples(st.just("repeat"), st.integers(0, 10**6), st.sampled_from([b"[", b"{", b'"', b"9"])),
)
edits = st.lists(edit, min_size=1, max_size=4)


def changed(data, changes):
    for kind, place, new in changes:
        place %= len(data) + 1
        if kind == "cut":
            data = data[:place]
        elif kind == "repeat":
            data = data[:place] + new * 2000 + data[place:]
        elif kind == "insert":
            data = data[:place] + new + data[place:]
        else:
            data = data[:place] + new + data[place + len(new) :]
    return data


def archive(kind):
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("a.png", PNG)
            opened.writestr("run/b.png", PNG)
    else:
        with tarfile.open(fileobj=out, mode="w:gz" if kind == "tar.gz" else "w") as opened:
            for name in ("a.png", "run/b.png"):
                info = tarfile.TarInfo(name)
                info.size = len(PNG)
                opened.addfile(info, io.BytesIO(PNG))
    return out.getvalue()


RESULT = dump_json(make_result().model_dump(mode="json")).encode()
ENTRY = dump_json(
    {
        "standing": "self-reported",
        "model": {"name": "m"},
        "result": make_result().model_dump(mode="json"),
    }
).encode()
PAPER = json.dumps(
    [
        {
            "figure_id": "1001.1v1-Figure1-1",
            "captions": ["Figure 1: x"],
            "ocr_result": {
                "figure_id": "1001.1v1-Figure1-1",
                "ocr_result": [
                    {"text": "a", "bbox": "[[np.int32(7), -1], [9, 1], [9, 5], [7, 5]]",
                     "confidence": "0.9"}
                ],
            },
        },
        {"figure_id": "b", "captions": [], "ocr_result": {"ocr_result": "error"}},
    ]
).encode()  # fmt: skip
YAML = b"""id: mine
preprocess: pad256
metrics:
  - metric: ssim
  - {metric: kd@efficientnet-lite0, settings: {subset_size: 10}}
ocr: {engine: rapidocr}
"""
ENTRY_NAME = "org__model__2026-01-01.json"

READERS = {
    "result": (RESULT, "result.json", load_result),
    "any JSON": (RESULT, "x.json", read_json),
    "board entry": (ENTRY, ENTRY_NAME, load_entry),
    "protocol": (YAML, "p.yaml", Protocol.load),
    "Paper2Fig100k": (PAPER, "paper2fig_test.json", load_manifest),
    "index document": (b'[{"image": "a.png", "prompt": "x"}]', "i.json", read_document),
    "index of records": (b'{"image": "a.png", "prompt": "x"}\n' * 3, "i.jsonl", load_manifest),
    "index as CSV": (b"image,prompt,id\na.png,x,1\nb.png,y,2\n", "i.csv", load_manifest),
    "zip": (archive("zip"), "a.zip", load_manifest),
    "tar": (archive("tar"), "a.tar", load_manifest),
    "tar.gz": (archive("tar.gz"), "a.tar.gz", load_manifest),
}


@pytest.mark.parametrize("name", READERS)
@BOUNDED
@given(changes=edits)
def test_changed_bytes(tmp_path, name, changes):
    data, file_name, read = READERS[name]
    path = tmp_path / file_name
    path.write_bytes(changed(data, changes))
    try:
        read(path)
    except FigbenchError as error:
        assert file_name in error.message or str(tmp_path) in error.message


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@BOUNDED
@given(changes=edits)
def test_changed_saved_manifests(tmp_path, suffix, changes):
    whole = tmp_path / f"whole.{suffix}"
    if not whole.exists():
        (tmp_path / "a.png").write_bytes(PNG)
        save_manifest(load_manifest(tmp_path), whole)
    path = tmp_path / f"changed.{suffix}"
    path.write_bytes(changed(whole.read_bytes(), changes))
    try:
        load_manifest(path)
    except FigbenchError as error:
        assert path.name in error.message


@pytest.mark.parametrize("name", [n for n in READERS if n not in ("zip", "tar", "tar.gz")])
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b"\xff\xfe" * 50,
        b"\0" * 100,
        b"1" * 100_000,
        b"- " * 3000,
    ],
    ids=["brackets", "braces", "not UTF-8", "zeroes", "a long number", "dashes"],
)
def test_deep_and_foreign_documents(tmp_path, name, data):
    _, file_name, read = READERS[name]
    path = tmp_path / file_name
    path.write_bytes(data)
    with pytest.raises(UserError, match=path.name):
        read(path)


def test_size_limits_of_documents(tmp_path):
    path = tmp_path / ENTRY_NAME
    path.write_bytes(ENTRY[:-2] + b" " * (3 * 2**20) + ENTRY[-2:])
    with pytest.raises(UserError, match="more than the limit"):
        load_entry(path)


def test_a_protocol_whose_aliases_explode(tmp_path):
    levels = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))
    path = tmp_path / "p.yaml"
    path.write_text(f"a0: &a0 x\n{levels}\nid: *a11\nmetrics: *a11\n")
    with pytest.raises(UserError, match=r"p\.yaml"):
        Protocol.load(path)


def test_gate_configuration(tmp_path):
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.figbench\n\xff")
    with pytest.raises(UserError, match=r"pyproject\.toml"):
        load_config(tmp_path)
