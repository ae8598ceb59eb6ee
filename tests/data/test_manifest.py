"""The manifest: order, digests, verdicts by content, saving, and changed files."""

import json
import pickle
import shutil
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figbench.data.dataset_index import Candidate, tidy
from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest, paper_id
from figbench.data.manifest import Manifest
from figbench.data.types import Figure, Reject, TextLine
from figbench.errors import IntegrityError, UserError
from figbench.images import decode_pool
from figbench.images.decode_pool import Probe
from tests.data.pictures import drawing, encoded


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for seed, name in enumerate(["d", "b", "a", "c"]):
        (root / f"{name}.png").write_bytes(encoded(drawing(40 + seed, 60, seed)))
    (root / "e.png").write_bytes(b"")
    return root


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_workers_change_nothing(folder, workers):
    assert load_manifest(folder, workers=workers) == load_manifest(folder, workers=0)


def test_worker_processes_change_nothing(folder, monkeypatch):
    alone = load_manifest(folder, workers=0)
    monkeypatch.setattr("figbench.images.decode_pool.DecodePool.__init__.__defaults__", (0,))
    assert load_manifest(folder, workers=2) == alone


def test_a_decoder_that_dies_costs_one_figure(folder, monkeypatch):
    """The worker of the first file is killed; the others are read by a new one."""
    monkeypatch.setattr("figbench.images.decode_pool.DecodePool.__init__.__defaults__", (0,))
    usual, killed = decode_pool._Worker.look, []

    def look(self, data):
        if not killed:
            killed.append(self._process.pid)
            self._process.kill()
            self._process.wait()
        return usual(self, data)

    monkeypatch.setattr(decode_pool._Worker, "look", look)
    probes: dict[str, Probe] = {}
    manifest = load_manifest(folder, workers=1, probes=probes)
    assert {one.path: one.code for one in manifest.rejects} == {
        "a.png": "crashed",
        "e.png": "empty",
    }
    assert len(manifest.figures) == 3
    assert len(load_manifest(folder, workers=1, probes=probes).figures) == 4


def test_a_worker_reports_what_the_user_can_mend(monkeypatch):
    monkeypatch.setenv("FIGBENCH_MAX_PIXELS", "many")
    looker = decode_pool.DecodePool(0)
    with pytest.raises(UserError, match="FIGBENCH_MAX_PIXELS=many"):
        looker.look(b"GIF89a")
    looker.stop()


def test_digests(folder, tmp_path):
    manifest = load_manifest(folder)
    copy = load_manifest(shutil.copytree(folder, tmp_path / "copy"))
    assert manifest.digest == copy.digest
    (tmp_path / "copy" / "a.png").write_bytes(encoded(drawing(seed=9)))
    other = load_manifest(tmp_path / "copy")
    assert other.digest != manifest.digest
    assert other.prompts_digest == manifest.prompts_digest


def test_a_manifest_travels_to_other_processes(folder):
    manifest = load_manifest(folder)
    again = pickle.loads(pickle.dumps(manifest))
    assert again == manifest
    assert again.read(again.figures[0]) == (folder / "a.png").read_bytes()


def test_known_bytes_are_not_decoded_again(folder, monkeypatch):
    probes: dict[str, Probe] = {}
    first = load_manifest(folder, probes=probes)
    assert len(probes) == 5

    def forbidden(*_arguments):
        raise AssertionError("decoded again")

    monkeypatch.setattr("figbench.images.decode_pool.decode", forbidden)
    assert load_manifest(folder, probes=probes) == first


def test_verdicts_do_not_outlive_a_change_of_limits(folder, monkeypatch):
    probes: dict[str, Probe] = {}
    monkeypatch.setenv("FIGBENCH_MAX_PIXELS", "2500")
    strict = load_manifest(folder, probes=probes)
    assert {one.code for one in strict.rejects} == {"bomb", "empty"}
    monkeypatch.delenv("FIGBENCH_MAX_PIXELS")
    assert len(load_manifest(folder, probes=probes).figures) == 4
    monkeypatch.setenv("FIGBENCH_MAX_PIXELS", "2500")
    assert load_manifest(folder, probes=probes) == strict


def test_an_interrupt_does_not_wait_for_the_rest(tmp_path, monkeypatch):
    """Ctrl-C among many files: those not begun are dropped, however slow the machine is.

    The second thread waits in its file until the first has told it to stop, so the number of
    files is exact.
    """
    for i in range(200):
        (tmp_path / f"{i:03d}.png").write_bytes(encoded(drawing(seed=i)))
    seen, signals, lock = [], [], threading.Lock()

    def recorded():
        signals.append(threading.Event())
        return signals[-1]

    def look(data):
        with lock:
            seen.append(data)
            position = len(seen)
        if position == 5:
            raise KeyboardInterrupt
        if position > 5:
            assert signals[-1].wait(timeout=600)
        return Probe(9, 9)

    monkeypatch.setattr("figbench.images.decode_pool.look", look)
    monkeypatch.setattr("figbench.data.load.threading", SimpleNamespace(Event=recorded))
    with pytest.raises(KeyboardInterrupt):
        load_manifest(tmp_path, workers=2)
    assert 5 <= len(seen) <= 6


def test_changed_bytes_are_refused(folder):
    """Features are kept by digest: other bytes must never come under it."""
    manifest = load_manifest(folder)
    (folder / "a.png").write_bytes(encoded(drawing(seed=9)))
    with pytest.raises(IntegrityError, match=r"a\.png: changed"):
        manifest.read(manifest.figures[0])


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
number = st.none() | st.integers(-(2**63), 2**63 - 1)
figure_rows = st.builds(
    Figure,
    names,
    st.integers(0, 99),
    names,
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.integers(1, 9999),
    st.integers(1, 9999),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    number,
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | names,
)
lines = st.builds(
    TextLine, names, st.just(()) | st.just(((0.5, -1.0), (2.0, 3.0), (4.0, 5.0), (6.0, 7.0)))
)
manifests = st.builds(
    Manifest,
    st.lists(figure_rows, max_size=5).map(tuple),
    st.lists(st.builds(Reject, names, names, names, st.none() | names), max_size=3).map(tuple),
    names,
    st.sampled_from(["/data", "/a b/c\u00e9"]),
    names,
    st.lists(names, max_size=3).map(tuple),
    st.dictionaries(names, st.lists(lines, max_size=3).map(tuple), max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(manifest=manifests, suffix=st.sampled_from([".jsonl", ".parquet"]))
def test_what_is_saved_comes_back(tmp_path_factory, manifest, suffix):
    path = tmp_path_factory.mktemp("saved") / f"m{suffix}"
    save_manifest(manifest, path)
    assert load_manifest(path) == manifest
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_damaged_manifests_are_refused(folder, tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    save_manifest(load_manifest(folder), path)
    data = path.read_bytes()
    for place in range(40, len(data) - 40, max(1, len(data) // 60)):
        path.write_bytes(data[:place] + b"\x00\xff" + data[place + 2 :])
        try:
            changed = load_manifest(path)
        except UserError:
            continue
        # Damage to the very mark leaves an ordinary table, whose rows are no figures.
        assert len(changed.figures) == 4 or not changed.figures
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError):
        load_manifest(path)


def test_a_manifest_that_lost_rows_is_refused(folder, tmp_path):
    path = tmp_path / "m.jsonl"
    save_manifest(load_manifest(folder), path)
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0], *rows[2:]]))
    with pytest.raises(UserError, match="3 of 4 figures"):
        load_manifest(path)
    head = json.loads(rows[0]) | {"version": 99}
    path.write_text("\n".join([json.dumps(head), *rows[1:]]))
    with pytest.raises(UserError, match="version 99"):
        load_manifest(path)


def test_a_saved_manifest_reads_its_figures(folder, tmp_path):
    manifest = load_manifest(folder)
    save_manifest(manifest, tmp_path / "elsewhere.jsonl")
    saved = load_manifest(tmp_path / "elsewhere.jsonl")
    assert saved.read(saved.figures[2]) == (folder / "c.png").read_bytes()


def test_paper_ids():
    assert paper_id("2010.16417v1-Figure2-1") == "2010.16417v1"
    assert paper_id("cs/0112017v1-FigureA.3-1") == "cs/0112017v1"
    assert paper_id("drawing-7") is None
    assert paper_id("-Figure1-1") is None


candidates = st.lists(
    st.builds(
        Candidate,
        st.sampled_from(["a", "b", "", "x\n", "\ud800"]),
        st.integers(-3, 3) | st.just(2**80),
        st.sampled_from(["1.png", "2.png", "3.png", "bad\x00.png"]),
        st.none() | st.text(),
    ),
    max_size=12,
)


@given(candidates)
def test_tidy_loses_nothing_and_repeats_nothing(found):
    kept, rejects, notes = tidy(found)
    dropped = sum(int(note.split()[0]) for note in notes if "repeated" in note)
    assert len(kept) + len(rejects) + dropped == len(found)
    assert len({(one.figure_id, one.sample) for one in kept}) == len(kept)
    assert len({(one.figure_id, one.path) for one in kept}) == len(kept)
    for one in kept:
        assert 0 <= one.sample < 2**32
        f"{one.figure_id}{one.path}{one.prompt}".encode()
