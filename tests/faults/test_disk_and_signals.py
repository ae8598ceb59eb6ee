"""Full disks, folders that cannot be written, signals, two at once: said, coded, nothing lost."""

import json
import os
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

from figbench.errors import EXIT_INTERRUPTED, EXIT_USER
from figbench.results.files import load_result
from figbench.store import Store
from tests.faults.conftest import train, weights


def values(folder):
    return load_result(folder).model_dump(include={"metrics"})


@pytest.fixture(scope="module")
def alone(figbench_command, world, tmp_path_factory):
    """An undisturbed run, in a folder of its own."""
    out = tmp_path_factory.mktemp("alone")
    ended = figbench_command(*world.evaluate(out / "store", out / "out"), flush_rows=8)
    assert ended.code == 0, ended.err
    return out / "out"


class Disk:
    """A disk that can be filled up to a number of free bytes, and emptied again.

    A real file system where one may be mounted; elsewhere a limit on the size of every file,
    which the kernel enforces in the same place with another error number.
    """

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
        self.mounted = subprocess.run(mount, capture_output=True).returncode == 0

    def leave(self, free):
        """Returns what a request needs so that ``free`` bytes can be written."""
        if not self.mounted:
            return {"file_limit": max(free, 1)}
        state = os.statvfs(self.folder)
        filler = self.folder.joinpath("filler")
        filler.write_bytes(bytes(state.f_bavail * state.f_frsize - free))
        return {}

    def empty(self):
        self.folder.joinpath("filler").unlink(missing_ok=True)

    def stop(self):
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "disk")
    yield made
    made.stop()


SAID = ("No space left on device", "File too large")


def failed_clearly(ended, folder):
    assert ended.code == EXIT_USER, ended.err
    assert "Traceback" not in ended.err
    assert any(words in ended.err for words in SAID), ended.err
    assert str(folder) in ended.err.replace("\n", ""), ended.err


def test_disk_fills_up_under_the_store(figbench_command, world, alone, tmp_path, disk):
    store, out = disk.folder / "store", tmp_path / "out"
    full = disk.leave(64 * 1024 if disk.mounted else 1500)
    ended = figbench_command(*world.evaluate(store, out), flush_rows=8, **full)
    failed_clearly(ended, disk.folder)
    assert not (out / "result.json").exists()
    assert not list(store.rglob("*.part"))
    for description in store.glob("*/space.json"):
        assert Store(store).namespace_by_id(description.parent.name).damaged == []
    kept = len(list(store.rglob("*.safetensors")))
    disk.empty()
    again = figbench_command(*world.evaluate(store, out, "--json"), flush_rows=8)
    assert again.code == 0, again.err
    if disk.mounted:
        assert kept > 0
        assert json.loads(again.out)["provenance"]["extraction"]["from_store"] > 0
    assert values(out) == values(alone)


def test_disk_is_full_when_the_result_is_written(figbench_command, world, alone, tmp_path, disk):
    """The features stay in the store, so the rerun computes nothing."""
    store, out = tmp_path / "store", disk.folder / "out"
    assert figbench_command(*world.evaluate(store, tmp_path / "first")).code == 0
    full = disk.leave(12 * 1024)
    ended = figbench_command(*world.evaluate(store, out), **full)
    failed_clearly(ended, disk.folder)
    assert not (out / "result.json").exists()
    assert not list(disk.folder.rglob("*.part"))
    disk.empty()
    again = figbench_command(*world.evaluate(store, out, "--json"))
    assert again.code == 0, again.err
    assert json.loads(again.out)["provenance"]["extraction"]["computed"] == 0
    assert values(out) == values(alone)


def test_full_disk_keeps_the_old_result(figbench_command, world, alone, tmp_path, disk):
    store, out = tmp_path / "store", disk.folder / "out"
    assert figbench_command(*world.evaluate(store, out)).code == 0
    before = (out / "result.json").read_bytes()
    full = disk.leave(0)
    ended = figbench_command(*world.evaluate(store, out), **full)
    failed_clearly(ended, disk.folder)
    assert (out / "result.json").read_bytes() == before


@pytest.mark.parametrize("place", ["store", "out"])
def test_read_only(figbench_command, world, tmp_path, place):
    closed = tmp_path / place
    closed.mkdir()
    closed.chmod(0o500)
    ended = figbench_command(*world.evaluate(tmp_path / "store", tmp_path / "out"), as_user=True)
    assert ended.code == EXIT_USER, ended.err
    assert "Permission denied" in ended.err
    assert str(closed) in ended.err.replace("\n", "")
    assert "Traceback" not in ended.err
    assert not list(closed.iterdir())
    closed.chmod(0o700)
    assert figbench_command(*world.evaluate(tmp_path / "store", tmp_path / "out")).code == 0


def test_unwritable_output_is_seen_before_a_network_runs(figbench_command, world, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o500)
    ended = figbench_command(
        *world.evaluate(tmp_path / "store", tmp_path / "out"), as_user=True, flush_rows=8
    )
    assert ended.code == EXIT_USER
    kinds = [json.loads(one.read_text())["kind"] for one in tmp_path.rglob("space.json")]
    assert kinds == ["probe"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("event", [8, 40, 79])
def test_signals(figbench_command, world, alone, tmp_path, number, event):
    """Sent right before the given write, sync or rename, so that work is always under way."""
    run = world.evaluate(tmp_path / "store", tmp_path / "out")
    ended = figbench_command(*run, flush_rows=8, signal_at_event=event, signal=int(number))
    assert ended.code == EXIT_INTERRUPTED, ended.err
    assert "Interrupted. Finished work is kept; run the same command to resume." in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out" / "result.json").exists()
    assert not list(tmp_path.rglob("*.part"))
    again = figbench_command(*run, "--json", flush_rows=8)
    assert again.code == 0, again.err
    if event > 20:
        assert json.loads(again.out)["provenance"]["extraction"]["from_store"] > 0
    assert values(tmp_path / "out") == values(alone)


@pytest.mark.slow
@pytest.mark.parametrize("room", [60_000, 6_000_000])
def test_disk_is_full_in_training(model_command, trained, tmp_path, disk, room):
    """Room for the first lines of the log, or for a first state and half of a second."""
    out = disk.folder / "run"
    autoencoder = ("--autoencoder", trained / "run")
    full = disk.leave(room)
    failed_clearly(
        train(model_command, trained, out, "diffusion", *autoencoder, **full), disk.folder
    )
    disk.empty()
    ended = train(model_command, trained, out, "diffusion", *autoencoder, "--resume")
    assert ended.code == 0, ended.err
    alone = tmp_path / "alone"
    assert train(model_command, trained, alone, "diffusion", *autoencoder).code == 0
    assert weights(out) == weights(alone)


@pytest.mark.slow
def test_disk_is_full_in_sampling(model_command, trained, tmp_path, disk):
    def draw(out, **request):
        return model_command(
            "model", "sample", "figgen", "--checkpoint", trained / "run", "--prompts",
            f"{trained}/figures:test", "--out", out, "--steps", "2", "--samples-per-prompt", "4",
            "--batch-size", "2", "--device", "cpu", **request,
        )  # fmt: skip

    out = disk.folder / "drawn"
    full = disk.leave(44 * 1024 if disk.mounted else 1200)
    failed_clearly(draw(out, **full), disk.folder)
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    disk.empty()
    ended = draw(out)
    assert ended.code == 0, ended.err
    assert draw(tmp_path / "alone").code == 0
    names = {path.name for path in (tmp_path / "alone").glob("*.png")}
    assert {path.name for path in out.glob("*.png")} == names
    if disk.mounted:
        assert kept
        assert kept.keys() < names
    for name in names:
        ours, theirs = (Image.open(one / name) for one in (out, tmp_path / "alone"))
        assert np.abs(np.asarray(ours, np.int16) - np.asarray(theirs, np.int16)).max() <= 1
