"""Downloads against a server on this machine that behaves badly in every known way."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from figbench.data.zenodo import describe, download_paper2fig, unpack
from figbench.errors import IntegrityError, UserError
from figbench.io.download import download_file
from tests.data.pictures import drawing, encoded

RECORD = {
    "figure_id": "1001.1968v1-Figure1-1",
    "captions": ["Figure 1: An encoder."],
    "ocr_result": {"figure_id": "x", "ocr_result": "error"},
}


def archive(*extra, top="Paper2Fig100k"):
    """A small Paper2Fig100k.tar.gz; extra (name, type) members come last."""
    out = io.BytesIO()
    files = {
        f"{top}/figures/{RECORD['figure_id']}.png": encoded(drawing()) + os.urandom(300_000),
        f"{top}/paper2fig_test.json": json.dumps([RECORD]).encode(),
    }
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, kind in extra:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "figures" if kind == tarfile.SYMTYPE else f"{top}/paper2fig_test.json"
            tar.addfile(info)
    return out.getvalue()


class Server:
    """Serves one file and its Zenodo record; the knobs make it fail."""

    def __init__(self, data):
        self.data = data
        self.promised = len(data)
        self.digest = f"md5:{hashlib.md5(data).hexdigest()}"
        self.ranges = True
        self.cut_after = []
        self.status = 200
        self.record_text = None
        self.requests = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *_arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.base = f"http://127.0.0.1:{self.http.server_port}"
        self.url = f"{self.base}/file"

    def answer(self, request):
        self.requests.append(request.headers.get("Range"))
        if request.path.startswith("/api/records/7299423"):
            return self.send(request, 200, (self.record_text or json.dumps(self.record())).encode())
        if self.status != 200:
            return self.send(request, self.status, b"no")
        start = int(request.headers.get("Range", "bytes=0-")[6:-1]) if self.ranges else 0
        body = self.data[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.data) - 1}/9")
        request.end_headers()
        if self.cut_after:
            body = body[: self.cut_after.pop(0)]
        request.wfile.write(body)
        request.close_connection = True

    def send(self, request, status, body):
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def record(self):
        link = {"self": self.url}
        entry = {"key": "Paper2Fig100k.tar.gz", "size": self.promised, "checksum": self.digest}
        return {"files": [{"key": "README.md"}, entry | {"links": link}]}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("FIGBENCH_OFFLINE", raising=False)
    made = Server(archive())
    yield made
    made.http.shutdown()
    made.http.server_close()


def fetch(server, target, **options):
    download_file(
        server.url,
        target,
        size_bytes=server.promised,
        digest=server.digest,
        **{"pause_s": 0, "attempts": 3} | options,
    )


def test_whole_file_and_progress(server, tmp_path):
    seen = []
    fetch(server, tmp_path / "f", advance=lambda have, total: seen.append((have, total)))
    assert (tmp_path / "f").read_bytes() == server.data
    assert seen[-1] == (server.promised, server.promised)
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_interruptions_are_resumed_where_they_stopped(server, tmp_path):
    server.cut_after = [1000, 2000, 70_000]
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == server.data
    assert server.requests == [None, "bytes=1000-", "bytes=3000-", "bytes=73000-"]


def test_a_second_run_resumes_the_first(server, tmp_path):
    server.cut_after = [5000, 0, 0, 0, 0]
    with pytest.raises(OSError, match=r"f\.part is kept") as caught:
        fetch(server, tmp_path / "f")
    assert server.url in str(caught.value)
    assert not (tmp_path / "f").exists()
    server.cut_after.clear()
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == server.data
    assert server.requests[-1] == "bytes=5000-"


def test_more_interruptions_than_tries_are_fine_while_it_grows(server, tmp_path):
    server.cut_after = [20_000] * 10
    fetch(server, tmp_path / "f", attempts=2)
    assert (tmp_path / "f").read_bytes() == server.data


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.ranges = False
    server.cut_after = [1000]
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == server.data


def test_a_complete_file_is_verified_not_fetched(server, tmp_path):
    (tmp_path / "f").write_bytes(server.data)
    fetch(server, tmp_path / "f")
    assert server.requests == []
    (tmp_path / "f").write_bytes(server.data[:-1] + b"?")
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == server.data


@pytest.mark.parametrize("place", [0, 150_000, -1])
def test_corruption_is_noticed_and_removed(server, tmp_path, place):
    damaged = bytearray(server.data)
    damaged[place] ^= 1
    server.data = bytes(damaged)
    with pytest.raises(IntegrityError, match="not the promised one"):
        fetch(server, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_corruption_of_a_kept_part_is_noticed(server, tmp_path):
    (tmp_path / "f.part").write_bytes(b"x" * 1000)
    with pytest.raises(IntegrityError):
        fetch(server, tmp_path / "f")
    fetch(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == server.data


def test_more_bytes_than_promised_are_never_written(server, tmp_path):
    server.promised = 1000
    with pytest.raises(IntegrityError, match="more than the 1,000 bytes"):
        fetch(server, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_fewer_bytes_than_promised(server, tmp_path):
    server.promised += 10
    with pytest.raises(OSError, match=r"connection ended after|416|Range"):
        fetch(server, tmp_path / "f")
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (500, 3), (503, 3), (429, 3)])
def test_status_codes(server, tmp_path, status, tries):
    server.status = status
    with pytest.raises(OSError, match=str(status)):
        fetch(server, tmp_path / "f")
    assert len(server.requests) == tries


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_only_https(tmp_path, url):
    with pytest.raises(UserError, match="https"):
        download_file(url, tmp_path / "f", size_bytes=1, digest="md5:0")
    with pytest.raises(UserError, match="https"):
        describe(url)


def test_offline_asks_nobody(server, monkeypatch):
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")
    with pytest.raises(UserError, match="FIGBENCH_OFFLINE"):
        describe(server.base)
    assert server.requests == []


def test_nobody_listens(tmp_path):
    with pytest.raises(UserError, match="FIGBENCH_ZENODO_URL"):
        describe("http://127.0.0.1:9")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        download_file(
            "http://127.0.0.1:9/x", tmp_path / "f", size_bytes=1, digest="md5:0", pause_s=0
        )


RECORDS = {
    "not json": "<html>",
    "a list": "[]",
    "no files": "{}",
    "files of another kind": '{"files": {"a": 1}}',
    "another file": '{"files": [{"key": "other.zip"}, 7]}',
    "no size": '{"files": [{"key": "Paper2Fig100k.tar.gz", "links": {"self": "x"}}]}',
    "no links": '{"files": [{"key": "Paper2Fig100k.tar.gz", "size": 3, "checksum": "md5:0"}]}',
    "links of another kind": '{"files": [{"key": "Paper2Fig100k.tar.gz", "links": "x"}]}',
    "endless": '{"x": "' + "y" * 5_000_000 + '"}',
}


@pytest.mark.parametrize("name", RECORDS)
def test_strange_records(server, name):
    server.record_text = RECORDS[name]
    with pytest.raises(UserError, match="api/records/7299423"):
        describe(server.base)


def test_the_data_set_arrives_whole(server, tmp_path):
    server.cut_after = [50_000]
    root = download_paper2fig(tmp_path, server=server.base)
    from figbench.data.load import load_manifest

    (figure,) = load_manifest(root).figures
    assert figure.paper_id == "1001.1968v1"
    assert [one.name for one in tmp_path.iterdir()] == ["Paper2Fig100k"]
    before = len(server.requests)
    assert download_paper2fig(tmp_path, server=server.base) == root
    assert len(server.requests) == before


def test_a_kept_archive_is_used_again(server, tmp_path):
    root = download_paper2fig(tmp_path, server=server.base, retain_archive=True)
    import shutil

    shutil.rmtree(root)
    before = len(server.requests)
    download_paper2fig(tmp_path, server=server.base, retain_archive=True)
    assert len(server.requests) == before + 1
    assert (root / "figures").is_dir()


def test_no_room(server, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: _Usage)
    with pytest.raises(UserError, match="GiB free"):
        download_paper2fig(tmp_path, server=server.base)


class _Usage:
    free = 10


HOSTILE = {
    "climbs out": [("Paper2Fig100k/../../x.png", tarfile.REGTYPE)],
    "absolute": [("/Paper2Fig100k/x.png", tarfile.REGTYPE)],
    "names no file": [("./", tarfile.REGTYPE)],
    "folder of a file": [
        ("Paper2Fig100k/x", tarfile.REGTYPE),
        ("Paper2Fig100k/x/y.png", tarfile.REGTYPE),
    ],
    "link": [("Paper2Fig100k/link", tarfile.SYMTYPE)],
    "hard link": [("Paper2Fig100k/link", tarfile.LNKTYPE)],
    "device": [("Paper2Fig100k/null", tarfile.CHRTYPE)],
    "fifo": [("Paper2Fig100k/fifo", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_leave_nothing(tmp_path, name):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = folder / "x.tar.gz"
    path.write_bytes(archive(*HOSTILE[name]))
    with pytest.raises(IntegrityError, match="refused to unpack"):
        unpack(path, folder / "Paper2Fig100k")
    assert [one.name for one in tmp_path.rglob("*")] == ["a", "b", "x.tar.gz"]


@pytest.mark.parametrize("top", ["./Paper2Fig100k", "release/Paper2Fig100k"])
def test_the_top_folder_may_be_written_as_tar_writes_it(tmp_path, top):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(archive(("./", tarfile.DIRTYPE), top=top))
    if top.startswith("."):
        unpack(path, tmp_path / "root")
        assert (tmp_path / "root/figures" / f"{RECORD['figure_id']}.png").is_file()
    else:
        with pytest.raises(IntegrityError, match="no folder 'figures'"):
            unpack(path, tmp_path / "root")


def test_bombs_damage_and_foreign_archives(tmp_path, monkeypatch):
    path, root = tmp_path / "x.tar.gz", tmp_path / "Paper2Fig100k"
    path.write_bytes(archive())
    monkeypatch.setattr("figbench.data.zenodo.MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(IntegrityError, match="too large"):
        unpack(path, root)
    monkeypatch.undo()
    path.write_bytes(archive()[:200_000])
    with pytest.raises(IntegrityError, match="refused to unpack"):
        unpack(path, root)
    out = io.BytesIO()
    tarfile.open(fileobj=out, mode="w:gz").close()
    path.write_bytes(out.getvalue())
    with pytest.raises(IntegrityError, match="no folder 'figures'"):
        unpack(path, root)
    assert [one.name for one in tmp_path.iterdir()] == ["x.tar.gz"]


def command(*arguments, server, cwd):
    environment = os.environ | {"FIGBENCH_ZENODO_URL": server.base, "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "figbench", "data", "download", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_command(server, tmp_path):
    dry = command("paper2fig100k", "--dry-run", "--json", server=server, cwd=tmp_path)
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["digest"] == server.digest
    assert json.loads(dry.stdout)["size_bytes"] == server.promised
    assert list(tmp_path.iterdir()) == []
    done = command("paper2fig100k", "--out", "here", server=server, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Ready: here/Paper2Fig100k" in done.stderr
    assert (tmp_path / "here" / "Paper2Fig100k" / "paper2fig_test.json").is_file()
    asked = len(server.requests)
    again = command("paper2fig100k", "--out", "here", server=server, cwd=tmp_path)
    assert again.returncode == 0
    assert "Already here" in again.stderr
    assert len(server.requests) == asked
    server.digest = f"md5:{'0' * 32}"
    wrong = command("paper2fig100k", "--out", "there", server=server, cwd=tmp_path)
    assert wrong.returncode == 3
    assert "not the promised one" in wrong.stderr
    other = command("imagenet", server=server, cwd=tmp_path)
    assert other.returncode == 2
    assert "paper2fig100k" in other.stderr
