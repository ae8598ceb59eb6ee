"""kill -9 at random moments: nothing is half, and the rerun equals a run that was left alone.

Half of the kills come after a random time, half at a random write (half of it done), sync or
rename: the moments where a half-written file could come to be. A plain implementation that writes
its segments, result or checkpoint in place fails here.
"""

import json
import signal

import numpy as np
import pytest
import torch
from figbench_figgen.checkpoint import METADATA, STATE, latest
from PIL import Image

from figbench.evaluation.references.pack import open_pack
from figbench.results.files import load_result
from figbench.store import Store
from tests.faults.conftest import train, weights

pytestmark = pytest.mark.slow

KILLS = {"evaluate": 14, "reference": 10, "sweep": 10, "train": 10, "sample": 10}
"""54 in all."""
KILLED = -signal.SIGKILL


def disturb(run, check, restart, kills, seed):
    """Kills the command until it was killed ``kills`` times; returns how it ended at last.

    ``run(**request)`` starts it, ``check()`` looks at what is on disk after every end,
    ``restart()`` empties the disk when a run came through, so that no kill is wasted.
    """
    rng = np.random.default_rng(seed)
    whole = run().seconds
    restart()
    done, came_through = 0, False
    while done < kills:
        if not came_through and rng.random() < 0.5:
            ended = run(signal_after=float(rng.uniform(0.02, whole)))
        else:  # An early event is reached on a machine of any speed, so this loop ends.
            last_event = 8 if came_through else 60
            ended = run(signal_at_event=int(rng.integers(1, last_event)))
        assert ended.code in (0, KILLED), ended.err
        check()
        done += ended.code == KILLED
        came_through = ended.code == 0
        if came_through:
            restart()
    last = run()
    assert last.code == 0, last.err
    check()


def values(path):
    return load_result(path).model_dump(include={"metrics"})


def stores_are_whole(root):
    store = Store(root)
    for description in root.glob("*/space.json"):
        assert store.namespace_by_id(description.parent.name).damaged == []


class Fresh:
    """A folder that is replaced by a new one on every restart."""

    def __init__(self, root):
        self.root, self.number = root, 0

    @property
    def now(self):
        return self.root / str(self.number)

    def restart(self):
        self.number += 1


def test_evaluate(figbench_command, world, tmp_path):
    alone = tmp_path / "alone"
    assert figbench_command(*world.evaluate(alone / "store", alone), flush_rows=8).code == 0
    fresh = Fresh(tmp_path)

    def check():
        stores_are_whole(fresh.now / "store")
        if (fresh.now / "result.json").exists():
            assert values(fresh.now) == values(alone)

    disturb(
        lambda **request: figbench_command(
            *world.evaluate(fresh.now / "store", fresh.now), flush_rows=8, **request
        ),
        check,
        fresh.restart,
        KILLS["evaluate"],
        seed=1,
    )
    assert values(fresh.now) == values(alone)
    for name in ("per_figure.parquet", "generated.jsonl", "reference.jsonl", "features.json"):
        assert (fresh.now / name).read_bytes() == (alone / name).read_bytes()


def test_reference_build(figbench_command, world, tmp_path):
    fresh = Fresh(tmp_path)

    def build(**request):
        return figbench_command(
            "reference", "build", world.root / "ref", "--protocol", world.protocol,
            "-o", fresh.now / "ref.pack", flush_rows=8,
            environment={"FIGBENCH_STORE": str(fresh.now / "store")}, **request,
        )  # fmt: skip

    assert build().code == 0
    alone = rows(fresh.now / "ref.pack", tmp_path / "opened-alone")
    fresh.restart()

    def check():
        stores_are_whole(fresh.now / "store")
        if (fresh.now / "ref.pack").exists():
            opened = tmp_path / f"opened-{fresh.number}"
            assert rows(fresh.now / "ref.pack", opened) == alone

    disturb(build, check, fresh.restart, KILLS["reference"], seed=2)
    assert rows(fresh.now / "ref.pack", tmp_path / "opened-last") == alone


def rows(pack, store):
    """The pack's digest, and every row of it once it was unpacked into a store."""
    manifest = open_pack(pack, Store(store))
    found = {}
    for description in sorted(store.glob("*/space.json")):
        namespace = Store(store).namespace_by_id(description.parent.name)
        keys = sorted(namespace.keys())
        for name in ("phash", "ink", "distinct"):
            found[namespace.id, name] = namespace.get(keys, name).tobytes()
    assert found
    return manifest.digest, found


def test_sweep(figbench_command, world, tmp_path):
    fresh = Fresh(tmp_path)

    def sweep(**request):
        return figbench_command(
            "sweep", world.root / "sweep", "--reference", world.root / "ref",
            "--protocol", world.protocol, "--out", fresh.now / "out", flush_rows=8,
            environment={"FIGBENCH_STORE": str(fresh.now / "store")}, **request,
        )  # fmt: skip

    def points():
        found = sorted((fresh.now / "out").rglob("result.json"))
        return {path.relative_to(fresh.now): values(path.parent) for path in found}

    assert sweep().code == 0
    document, alone = (fresh.now / "out" / "sweep.json").read_text(), points()
    assert len(alone) == 2
    fresh.restart()

    def check():
        stores_are_whole(fresh.now / "store")
        assert points().items() <= alone.items()
        if (fresh.now / "out" / "sweep.json").exists():
            assert (fresh.now / "out" / "sweep.json").read_text() == document

    disturb(sweep, check, fresh.restart, KILLS["sweep"], seed=3)
    assert points() == alone


def test_train(model_command, trained, tmp_path):
    fresh = Fresh(tmp_path)

    def resume(**request):
        return train(
            model_command, trained, fresh.now, "diffusion", "--resume",
            "--autoencoder", trained / "run", **request,
        )  # fmt: skip

    def check():
        found = latest(fresh.now / "checkpoints" / "diffusion")
        if found is not None:
            torch.load(found / STATE, weights_only=True)
            assert json.loads((found / METADATA).read_text())["step"] >= 1

    disturb(resume, check, fresh.restart, KILLS["train"], seed=4)
    alone = tmp_path / "alone"
    begun = train(model_command, trained, alone, "diffusion", "--autoencoder", trained / "run")
    assert begun.code == 0, begun.err
    assert weights(alone)
    assert weights(fresh.now) == weights(alone)
    logs = [(one / "log-diffusion.jsonl").read_text() for one in (fresh.now, alone)]
    assert logs[0] == logs[1]


def test_sample(model_command, trained, tmp_path):
    fresh = Fresh(tmp_path)

    def draw(**request):
        return model_command(
            "model", "sample", "figgen", "--checkpoint", trained / "run", "--prompts",
            f"{trained}/figures:test", "--out", fresh.now, "--steps", "4",
            "--samples-per-prompt", "2", "--batch-size", "2", "--device", "cpu", **request,
        )  # fmt: skip

    def check():
        for path in fresh.now.glob("*.png"):
            Image.open(path).load()

    def pixels():
        return {
            path.name: np.asarray(Image.open(path), np.int16) for path in fresh.now.glob("*.png")
        }

    ended = draw()
    assert ended.code == 0, ended.err
    alone, listed = pixels(), (fresh.now / "metadata.jsonl").read_text()
    fresh.restart()
    disturb(draw, check, fresh.restart, KILLS["sample"], seed=5)
    assert (fresh.now / "metadata.jsonl").read_text() == listed
    drawn = pixels()
    assert drawn.keys() == alone.keys()
    for name, image in drawn.items():
        assert np.abs(image - alone[name]).max() <= 1
