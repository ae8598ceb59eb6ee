"""Killed, interrupted and doubled runs: finished work is kept, and nothing is half."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.waiting import HANG_S, pause

PROTOCOL = """
id: crash
preprocess: none
metrics: [{metric: ocr_sim}, {metric: kd@efficientnet-lite0}, {metric: ssim}]
"""

# A command that gets the signal right after a network's first features are in the store.
SIGNALLED = """
import os, sys
import figbench.cli.main
from figbench.evaluation.inference import writers
from figbench.store import Namespace

writers.FLUSH_RECORDS = writers.TEXT_FLUSH_RECORDS = 4
number = int(sys.argv.pop(1))
write = Namespace._write

def written(namespace, payload, keys):
    write(namespace, payload, keys)
    if namespace.identity["kind"] != "probe":
        os.kill(os.getpid(), number)

Namespace._write = written
figbench.cli.main.run()
"""


def command(world, store, out, *more):
    return [
        sys.executable, "-m", "figbench", "evaluate", str(world / "gen"),
        "--reference", str(world / "ref"), "--protocol", str(world / "p.yaml"),
        "--store", str(store), "--output", str(out), "--device", "cpu", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from figbench.synthfig import blur, iter_synthfig

    root = tmp_path_factory.mktemp("crash")
    (root / "gen").mkdir()
    (root / "ref").mkdir()
    for one in iter_synthfig(28, 21):
        image = np.asarray(Image.fromarray(one.image).resize((160, 120)))
        Image.fromarray(image).save(root / "ref" / f"{one.figure_id}.png")
        Image.fromarray(blur(image, 1.0)).save(root / "gen" / f"{one.figure_id}.png")
    (root / "p.yaml").write_text(PROTOCOL)
    return root


@pytest.fixture(scope="module")
def undisturbed(world, tmp_path_factory):
    root = tmp_path_factory.mktemp("undisturbed")
    done = subprocess.run(
        command(world, root / "store", root / "out"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return scores(root / "out")


def scores(out):
    document = json.loads((out / "result.json").read_text())
    return {name: metric["value"] for name, metric in document["metrics"].items()}


def same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-5, abs=1e-7), name


def test_kill_9_at_random_moments_then_rerun(world, undisturbed, tmp_path):
    rng = np.random.default_rng(5)
    for _ in range(3):
        run = subprocess.Popen(
            command(world, tmp_path / "store", tmp_path / "out"), stderr=subprocess.DEVNULL
        )
        pause(float(rng.uniform(1.0, 7.0)))
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert not list((tmp_path / "out").glob("result.json")) or scores(tmp_path / "out")
    done = subprocess.run(
        command(world, tmp_path / "store", tmp_path / "out"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    same(scores(tmp_path / "out"), undisturbed)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_finished_rows_and_says_so(world, undisturbed, tmp_path, signal_number):
    store = tmp_path / "store"
    [python, _, _, *arguments] = command(world, store, tmp_path / "out")
    run = subprocess.Popen(
        [python, "-c", SIGNALLED, str(int(signal_number)), *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    _, message = run.communicate(timeout=HANG_S)
    assert run.returncode == 130, message
    assert "Interrupted" in message
    assert "Traceback" not in message
    assert not (tmp_path / "out" / "result.json").exists()
    done = subprocess.run(
        command(world, store, tmp_path / "out", "--json"), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["provenance"]["extraction"]["from_store"] > 0
    same(scores(tmp_path / "out"), undisturbed)


def test_two_processes_on_one_store(world, undisturbed, tmp_path):
    runs = [
        subprocess.Popen(
            command(world, tmp_path / "store", tmp_path / name), stderr=subprocess.DEVNULL
        )
        for name in ("a", "b")
    ]
    assert [run.wait(timeout=HANG_S) for run in runs] == [0, 0]
    for name in ("a", "b"):
        same(scores(tmp_path / name), undisturbed)


def test_output_that_cannot_be_written(world, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = subprocess.run(
        command(world, tmp_path / "store", blocked), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "file" in done.stderr
    assert "Traceback" not in done.stderr
