"""Folders and archives from the wild: every file is a figure or a reject with a code."""

import io
import os
import stat
import tarfile
import zipfile

import pytest

from figbench.data.archives import read_member
from figbench.data.layouts.serialization import save_manifest
from figbench.data.load import load_manifest
from figbench.errors import UserError
from figbench.images.limits import DecodeError
from tests.data.pictures import drawing, encoded

PNG = encoded(drawing())


def codes(manifest):
    return {one.path: one.code for one in manifest.rejects}


@pytest.fixture
def wild(tmp_path):
    """One folder with a good figure and one of everything that is not."""
    root = tmp_path / "wild"
    (root / ".cache").mkdir(parents=True)
    (root / "folder.png").mkdir()
    for name, data in {
        "good.png": PNG,
        "jpeg-inside.png": encoded(drawing(), "JPEG"),
        "png-inside.webp": PNG,
        "UPPER.PNG": PNG,
        "empty.png": b"",
        "cut.png": PNG[: len(PNG) // 2],
        "pointer.png": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "page.png": b"<html>",
        "._good.png": b"\x00\x05\x16\x07",
        ".hidden.png": PNG,
        ".cache/copy.png": PNG,
        "new\nline.png": PNG,
        "escape\x1b[31m.png": PNG,
        "notes.txt": b"not an image",
    }.items():
        (root / name).write_bytes(data)
    (root / os.fsdecode(b"latin-\xe9.png")).write_bytes(PNG)
    (root / "loop.png").symlink_to("loop.png")
    (root / "dangling.png").symlink_to("nowhere.png")
    (root / "linked.png").symlink_to("good.png")
    (root / "linked-folder").symlink_to(root)
    os.mkfifo(root / "fifo.png")
    return root


def test_every_file_of_a_wild_folder_is_accounted_for(wild):
    manifest = load_manifest(wild)
    ids = [one.figure_id for one in manifest.figures]
    assert ids == ["UPPER", "good", "jpeg-inside", "linked", "png-inside"]
    assert codes(manifest) == {
        "empty.png": "empty",
        "cut.png": "truncated",
        "pointer.png": "lfs-pointer",
        "page.png": "html",
        "._good.png": "apple-double",
        ".hidden.png": "hidden",
        ".cache/copy.png": "hidden",
        "new\\nline.png": "bad-name",
        "escape\\x1b[31m.png": "bad-name",
        "latin-\\udce9.png": "bad-name",
        "loop.png": "symlink-loop",
        "dangling.png": "missing-file",
        "fifo.png": "not-a-file",
    }
    assert "linked folder not entered: linked-folder (it leads back into the set)" in manifest.notes
    assert any(note.startswith("1 files that are no images") for note in manifest.notes)


def test_a_wild_manifest_can_be_saved_and_printed(wild, tmp_path):
    manifest = load_manifest(wild)
    for name in ("m.jsonl", "m.parquet"):
        save_manifest(manifest, tmp_path / name)
        assert load_manifest(tmp_path / name) == manifest
    for reject in manifest.rejects:
        f"{reject.path}{reject.figure_id}{reject.reason}".encode()


def test_permissions(tmp_path, monkeypatch):
    """Refused by the system: as root nothing is, so the refusal is put in by hand."""
    (tmp_path / "closed").mkdir()
    for name in ("a.png", "b.png", "closed/c.png"):
        (tmp_path / name).write_bytes(PNG)
    from pathlib import Path

    usual_read, usual_scan = Path.read_bytes, os.scandir

    def read(self):
        if self.name == "b.png":
            raise PermissionError(13, "Permission denied", str(self))
        return usual_read(self)

    def scan(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return usual_scan(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    monkeypatch.setattr(os, "scandir", scan)
    manifest = load_manifest(tmp_path)
    assert [one.figure_id for one in manifest.figures] == ["a"]
    assert codes(manifest) == {"b.png": "unreadable", "closed": "unreadable"}


def test_a_folder_with_the_separator_in_its_name(tmp_path):
    (tmp_path / "wow!").mkdir()
    (tmp_path / "wow!" / "a.png").write_bytes(PNG)
    assert len(load_manifest(tmp_path).figures) == 1


def tar_with(path, *members):
    with tarfile.open(path, "w") as archive:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return path


def test_hostile_tar_members_are_rejects(tmp_path):
    path = tar_with(
        tmp_path / "t.tar",
        ("s/good.png", tarfile.REGTYPE, PNG),
        ("s/link.png", tarfile.SYMTYPE, b""),
        ("s/hard.png", tarfile.LNKTYPE, b""),
        ("s/device.png", tarfile.CHRTYPE, b""),
        ("s/../../up.png", tarfile.REGTYPE, PNG),
        ("/etc/absolute.png", tarfile.REGTYPE, PNG),
    )
    manifest = load_manifest(path)
    assert [one.figure_id for one in manifest.figures] == ["good"]
    assert sorted(codes(manifest).values()) == ["path-traversal"] * 2 + ["special-member"] * 3


def test_hostile_zip_members_are_rejects(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("good.png", PNG)
        archive.writestr("../up.png", PNG)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("good.png", PNG)
    manifest = load_manifest(tmp_path / "z.zip")
    assert [(one.figure_id, one.sample) for one in manifest.figures] == [("good", 0)]
    assert sorted(codes(manifest).values()) == ["path-traversal", "special-member"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_archive_bombs(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("FIGBENCH_MAX_BYTES", "100000")
    path, zeros = tmp_path / f"b.{kind}", bytes(10**6)
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bomb.png", zeros)
            archive.writestr("good.png", PNG)
    else:
        with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as archive:
            for name, data in (("bomb.png", zeros), ("good.png", PNG)):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    manifest = load_manifest(path)
    assert [one.figure_id for one in manifest.figures] == ["good"]
    assert codes(manifest) == {f"b.{kind}!/bomb.png": "bomb"}


def test_too_large_a_compressed_tar(tmp_path, monkeypatch):
    monkeypatch.setattr("figbench.data.archives.MAX_UNPACKED_BYTES", 1000)
    with tarfile.open(tmp_path / "t.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("a.png")
        info.size = 2000
        archive.addfile(info, io.BytesIO(bytes(2000)))
    with pytest.raises(UserError, match="unpacked"):
        load_manifest(tmp_path / "t.tgz")


def test_damaged_and_encrypted_zip_members(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.png", PNG)
        archive.writestr("flipped.png", PNG)
        archive.writestr("locked.png", PNG)
    data = bytearray(path.read_bytes())
    second = data.index(b"flipped.png") + 60
    data[second] ^= 0xFF
    last = data.rindex(b"PK\x01\x02")
    data[last + 8] |= 1
    data[data.index(b"locked.png") - 24] |= 1
    path.write_bytes(data)
    manifest = load_manifest(path)
    assert [one.figure_id for one in manifest.figures] == ["good"]
    assert codes(manifest) == {
        "d.zip!/flipped.png": "truncated",
        "d.zip!/locked.png": "unsupported",
    }


def test_a_replaced_archive_is_read_anew(tmp_path):
    path = tmp_path / "a.zip"
    for seed in range(2):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.png", encoded(drawing(40 + seed, seed=seed)))
        manifest = load_manifest(path)
        assert manifest.figures[0].height == 40 + seed
    with pytest.raises(DecodeError, match="no usable member"):
        read_member(path, "y.png")


def test_archive_of_a_macos_machine(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        archive.writestr("Run/a.png", PNG)
        archive.writestr("__MACOSX/Run/._a.png", b"\x00\x05\x16\x07")
    manifest = load_manifest(tmp_path / "m.zip")
    assert [one.figure_id for one in manifest.figures] == ["a"]
    assert [one.code for one in manifest.rejects] == ["apple-double"]


def test_absurd_parquet_paths_are_rejects(tmp_path):
    """A saved index may name rows that are not there."""
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    (tmp_path / "i.json").write_text('{"a": "t.parquet!/image/x", "b": "t.parquet!/image/5"}')
    assert set(codes(load_manifest(tmp_path / "i.json")).values()) == {"unreadable"}
