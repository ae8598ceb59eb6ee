"""URLs through fsspec: what a failure says, and what it leaves behind."""

import signal
import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from figbench import load_manifest
from figbench.data.layouts.serialization import save_manifest
from figbench.data.remote import mirror
from figbench.errors import UserError
from tests.data.remote import PNG, Disk, ids, refused


def test_an_object_over_the_limit_is_a_reject_that_is_not_copied(put, copied, monkeypatch):
    monkeypatch.setenv("FIGBENCH_MAX_BYTES", "2000")
    put("/run/a.png", PNG[0])
    put("/run/b.png", bytes(3000))
    manifest = load_manifest("memory://run")
    assert (ids(manifest), refused(manifest)) == (["a"], {"b.png": "bomb"})
    assert copied == ["/run/a.png"]


def test_a_disk_without_room_is_said_before_the_copy(put, copied, monkeypatch):
    put("/run/a.png", PNG[0])
    monkeypatch.setattr(mirror.shutil, "disk_usage", lambda _: type("U", (), {"free": 10}))
    with pytest.raises(UserError, match="FIGBENCH_MIRRORS"):
        load_manifest("memory://run")
    assert copied == []


@pytest.mark.parametrize(
    ("failure", "code"),
    [(FileNotFoundError("gone"), "missing-file"), (PermissionError("AccessDenied"), "unreadable")],
)
def test_one_object_that_cannot_be_had_is_a_reject(put, monkeypatch, failure, code):
    put("/run/a.png", PNG[0])
    put("/run/b.png", PNG[1])
    broken(monkeypatch, "/run/b.png", failure)
    monkeypatch.setattr(MemoryFileSystem, "exists", lambda self, path: False)
    manifest = load_manifest("memory://run")
    assert (ids(manifest), refused(manifest)) == (["a"], {"b.png": code})


def broken(monkeypatch, key, failure):
    whole = MemoryFileSystem.get_file

    def get_file(self, rpath, lpath, **options):
        if rpath == key:
            Path(lpath).write_bytes(b"half")
            if failure is not None:
                raise failure
            return None
        return whole(self, rpath, lpath, **options)

    monkeypatch.setattr(MemoryFileSystem, "get_file", get_file)


@pytest.mark.parametrize("failure", [ConnectionError("reset by peer"), None])
def test_a_failed_transfer_names_the_object_and_leaves_no_half(
    put, monkeypatch, own_mirrors, failure
):
    for number in range(4):
        put(f"/run/a{number}.png", PNG[number])
    with monkeypatch.context() as during:
        broken(during, "/run/a2.png", failure)
        during.setattr(mirror, "THREADS", 1)
        with pytest.raises(UserError, match=r"memory://run/a2\.png: .*(reset by peer|4 of \d+)"):
            load_manifest("memory://run")
    assert {one.name for one in own_mirrors.rglob("*.png")} >= {"a0.png", "a1.png"}
    assert not list(own_mirrors.rglob("a2.png"))
    assert not any(one.read_bytes() == b"half" for one in own_mirrors.rglob("*") if one.is_file())
    assert len(load_manifest("memory://run").figures) == 4


KILLED = """
import sys
from fsspec import register_implementation
from tests.data.remote import Disk
from figbench.data.remote import mirror
from figbench import load_manifest
register_implementation("disk", Disk, clobber=True)
mirror.THREADS, Disk.kill_at = 1, 4
load_manifest(sys.argv[1])
"""


def test_after_a_kill_the_rest_is_copied(tmp_path, own_mirrors):
    (tmp_path / "remote").mkdir()
    for number, data in enumerate(PNG):
        (tmp_path / "remote" / f"a{number}.png").write_bytes(data)
    url = f"disk://{tmp_path}/remote"
    done = subprocess.run([sys.executable, "-c", KILLED, url], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert 1 <= len(list(own_mirrors.rglob("*.png"))) <= 3
    fsspec.register_implementation("disk", Disk, clobber=True)
    Disk.copied, Disk.kill_at = 0, None
    manifest = load_manifest(url)
    assert [manifest.read(one) for one in manifest.figures] == PNG
    assert 3 <= Disk.copied <= 5
    assert not list(own_mirrors.rglob("parts"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nowhere/at/all", r"memory://nowhere/at/all: no such object, folder or bucket"),
        ("s4://b/x", r"unknown protocol 's4'. Did you mean 's3'\?"),
        ("zip://a::memory://b.zip", "chained URLs are not read"),
        ("ftp://me:secret@host/x", r"^ftp://\.\.\.@host/x: a password in a URL would be recorded"),
        ("http://example.org/x.zip", "only https downloads are allowed"),
        ("memory://run/model.bin", r"not a folder, archive .* or reference pack"),
        ("memory://run/bad.jsonl", r"memory://run/bad\.jsonl, line 1: not valid JSON"),
    ],
)
def test_wrong_urls(put, url, message):
    put("/run/model.bin", b"x")
    put("/run/bad.jsonl", b"{")
    with pytest.raises(UserError, match=message) as caught:
        load_manifest(url)
    assert "secret" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "gs", raising=False)
    with pytest.raises(UserError, match="pip install gcsfs"):
        load_manifest("gs://bucket/figures")


def test_offline_refuses_other_machines_only(put, monkeypatch):
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")
    put("/run/a.png", PNG[0])
    assert ids(load_manifest("memory://run")) == ["a"]
    with pytest.raises(UserError, match=r"s3://bucket/run: FIGBENCH_OFFLINE forbids"):
        load_manifest("s3://bucket/run")


def test_a_saved_manifest_is_refused(put, tmp_path):
    put("/run/a.png", PNG[0])
    save_manifest(load_manifest("memory://run"), tmp_path / "m.jsonl")
    put("/run/m.jsonl", (tmp_path / "m.jsonl").read_bytes())
    with pytest.raises(UserError, match="names files of the machine that wrote it"):
        load_manifest("memory://run/m.jsonl")


def test_a_folder_that_cannot_be_listed_is_an_error_not_a_smaller_set(tmp_path, monkeypatch):
    for folder in ("open", "locked"):
        (tmp_path / "remote" / folder).mkdir(parents=True)
        (tmp_path / "remote" / folder / "a.png").write_bytes(PNG[0])
    fsspec.register_implementation("disk", Disk, clobber=True)
    assert len(load_manifest(f"disk://{tmp_path}/remote").figures) == 2
    whole = Disk.ls

    def ls(self, path, **options):
        if path.endswith("locked"):
            raise PermissionError("AccessDenied")
        return whole(self, path, **options)

    monkeypatch.setattr(Disk, "ls", ls)
    with pytest.raises(UserError, match="AccessDenied"):
        load_manifest(f"disk://{tmp_path}/remote")
